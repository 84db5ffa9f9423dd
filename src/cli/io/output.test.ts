import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { load, YAML11_SCHEMA } from 'js-yaml';
import { parse, parseDocument } from 'yaml';
import { formatFindings } from './findings-out.ts';
import { writeObjects } from './objects-out.ts';
import { toTable } from './table.ts';
import { toYaml } from './yaml.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ maxLength: 20 }),
  fc.constantFrom(
    'yes',
    'No',
    'y',
    'null',
    '~',
    '',
    ' ',
    'a b',
    'a ',
    'a: b',
    'a:b',
    'k8s:app',
    'a #b',
    'a,b',
    "it's",
    '010',
    '1_0',
    '1:30',
    '0x1',
    '1e3',
    '.5',
    '-',
    '---',
    '...',
    '<<',
    '=',
    '*',
    '&a',
    '!x',
    '%x',
    '@x',
    '`',
    'a\nb',
    'a\tb',
    '\u2028',
    '\u0085',
    '\ufeff',
    'true',
    '2001-01-01',
    'a:',
    'a,',
    'e1',
    '/',
    '[',
    '{}',
  ),
);
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    text.filter((each) => each.isWellFormed()),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((each) => !Object.is(each, -0)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(
      text.filter((each) => each.isWellFormed() && each !== '__proto__'),
      tie('node'),
      { maxKeys: 3, noNullPrototype: true },
    ),
  ),
})).node;

test('every reader of YAML 1.1 and 1.2 gets back what was printed', () => {
  fc.assert(
    fc.property(value, (original) => {
      const printed = toYaml(original);
      assert.deepEqual(load(printed), original, printed);
      assert.deepEqual(load(printed, { schema: YAML11_SCHEMA }), original, printed);
      assert.deepEqual(parse(printed), original, printed);
      assert.deepEqual(parseDocument(printed, { version: '1.1' }).toJS(), original, printed);
    }),
    { numRuns: 3000 },
  );
});

test('lists stand below their key as kubectl writes them, and undefined fields are left out', () => {
  const printed = toYaml({
    a: [{ b: 1, c: ['x'] }, [1, []], {}],
    d: undefined,
    e: { f: undefined },
    'k8s:app': 'web',
    g: 'yes',
  });
  assert.equal(printed, 'a:\n- b: 1\n  c:\n  - x\n- - 1\n  - []\n- {}\ne: {}\nk8s:app: web\ng: "yes"\n');
});

test('what has no YAML form is refused, not printed as something else', () => {
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, 1n, Symbol('s')])
    assert.throws(() => toYaml({ bad }), TypeError);
});

test('objects are documents in YAML and one List in JSON, also when there are none', () => {
  const print = (objects: readonly unknown[], format: 'yaml' | 'json') => {
    const parts: string[] = [];
    writeObjects(objects, format, (part) => parts.push(part));
    return parts.join('');
  };
  assert.equal(print([{ a: 1 }, { b: 2 }], 'yaml'), '---\na: 1\n---\nb: 2\n');
  assert.equal(print([], 'yaml'), '');
  for (const objects of [[], [{ a: 'x\ny' }], [{ a: 1 }, { b: [] }]]) {
    assert.deepEqual(JSON.parse(print(objects, 'json')), { apiVersion: 'v1', kind: 'List', items: objects });
  }
});

test('columns are three spaces apart and empty cells say so', () => {
  assert.equal(
    toTable(
      ['A', 'LONG'],
      [
        ['aaa', 'b'],
        ['', ''],
      ],
    ),
    'A        LONG\naaa      b\n<none>   <none>\n',
  );
});

test('a finding begins with its place and ends with its fix; its text cannot steer the terminal', () => {
  const finding = {
    code: 'UnknownField',
    severity: 'error',
    message: 'unknown \u001b[31mfield',
    object: { kind: 'LatticeService', namespace: 'shop', name: 'cart' },
    path: ['spec', 'resources', 'a/b', 'ports', 0],
    file: 'a.yaml',
    line: 3,
    column: 5,
    fix: 'write:\nid: x',
  } as const;
  assert.equal(
    formatFindings([finding], false),
    'a.yaml:3:5: error UnknownField: LatticeService shop/cart spec.resources["a/b"].ports[0]: unknown \\u001b[31mfield\n  fix:\n    write:\n    id: x\n',
  );
  const coloured = formatFindings([finding], true);
  assert.ok(coloured.includes('\u001b[31merror'), coloured);
});
