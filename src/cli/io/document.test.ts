import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments, parseDocument, stringify } from 'yaml';
import { isLattice } from '../../api/index.ts';
import { mutate, randomFrom } from '../../../test/soak/mutate.ts';
import { readDocument } from './document.ts';

const HEAD = 'apiVersion: lattice.dev/v1alpha1\nkind: LatticeService\nmetadata: {name: a}\n';
const SERVICE = `${HEAD}spec:\n  selector: {matchLabels: {app: a}}\n  resources:\n    # why\n    b: {ports: [http, 80]}\n    "*": {direction: inbound}\n  text: >-\n    folded\n    lines\n  other: 'it''s'\n`;

const codes = (text: string) => {
  const reading = readDocument(text);
  return 'problems' in reading ? reading.problems.map((problem) => problem.code) : [];
};

test('what YAML 1.1 and 1.2 read differently is refused in a Lattice document, as value and as key', () => {
  for (const word of [
    'yes',
    'No',
    'ON',
    'off',
    'y',
    'N',
    '010',
    '-07',
    '1_000',
    '0x_ff',
    '+0x1',
    '0b11',
    '0o17',
    '1:30',
    '1_0.5',
  ]) {
    assert.deepEqual(codes(`${HEAD}x: ${word}\n`), ['AmbiguousScalar'], word);
    assert.deepEqual(codes(`${HEAD}x: {${word}: 1}\n`), ['AmbiguousScalar'], word);
    assert.deepEqual(codes(`${HEAD}x: [a, ${word}]\n`), ['AmbiguousScalar'], word);
    assert.deepEqual(codes(`${HEAD}x: "${word}"\n`), [], `"${word}"`);
    assert.deepEqual(codes(`${HEAD}x: |\n  ${word}\n`), [], `| ${word}`);
  }
  assert.deepEqual(codes(`${HEAD}<<: {x: 1}\n`), ['AmbiguousScalar']);
  assert.deepEqual(codes(`%YAML 1.2\n---\n${HEAD}`), ['YamlDirective']);
  assert.deepEqual(codes(`${HEAD}x: a\u2028b\n`), ['AmbiguousLineBreak']);
  assert.deepEqual(codes(`${HEAD}x: !!str 1\n`), ['YamlTag']);
  assert.deepEqual(codes(`${HEAD}x: 12345678901234567890\n`), ['NumberTooLarge']);
  assert.deepEqual(codes(`${HEAD}x: -1e400\n`), ['NumberTooLarge']);
  assert.deepEqual(codes(`${HEAD}x: .nan\n`), ['NotANumber']);
  assert.deepEqual(codes(` ---\n${HEAD}`), ['BadIndentation']);
});

test('numbers and words that mean the same to both are not refused', () => {
  for (const word of [
    '0',
    '-1',
    '8080',
    '1.5',
    '0x1F',
    '1e3',
    'true',
    'null',
    '~',
    'yess',
    'none',
    'v1.2.3',
    '10.0.0.0/8',
    '5432:5432',
    '1.2.3',
    '2001-12-14',
    'nope',
  ]) {
    assert.deepEqual(codes(`${HEAD}x: ["a", ${word}]\n`), [], word);
  }
});

test('other kinds are read as kubectl reads them', () => {
  const pod = 'apiVersion: v1\nkind: Pod\nbase: &b {x: 1}\nspec: {hostNetwork: yes, mode: 0644, at: 1:30, <<: *b}\n';
  assert.deepEqual(readDocument(pod), {
    kind: 'value',
    value: { apiVersion: 'v1', kind: 'Pod', base: { x: 1 }, spec: { hostNetwork: true, mode: 420, at: '1:30', x: 1 } },
  });
});

test('a declaration inside of a list is read as strictly as one by itself', () => {
  const list = (item: string) => `apiVersion: v1\nkind: List\nitems: [${item}]\n`;
  const item = '{apiVersion: lattice.dev/v1alpha1, kind: LatticeService, x: yes}';
  assert.deepEqual(codes(list(item)), ['AmbiguousScalar']);
  assert.deepEqual(codes(list(`{apiVersion: v1, kind: List, items: [${item}]}`)), ['AmbiguousScalar']);
  assert.deepEqual(codes(list('{apiVersion: v1, kind: Pod, x: yes}')), []);
});

test('a merge that makes a document one of Lattice is refused', () => {
  assert.deepEqual(codes('<<: {apiVersion: lattice.dev/v1alpha1}\nkind: LatticeService\n'), ['AmbiguousScalar']);
});

test('a refusal says what is wrong, where, and what to write', () => {
  const cases: readonly (readonly [string, string, number])[] = [
    [`${HEAD}x: 1\nx: 2\n`, 'DuplicateKey', HEAD.length + 5],
    [`${HEAD}\tx: 1\n`, 'TabIndentation', HEAD.length],
    [`${HEAD}x: *gone\n`, 'UnknownAlias', HEAD.length + 4],
    [`${HEAD}x: &a {b: *a}\n`, 'AliasOfItself', HEAD.length + 11],
    [`${HEAD}__proto__: 1\n`, 'ForbiddenKey', HEAD.length],
    [`${HEAD}"__proto\\u005f_": 1\n`, 'ForbiddenKey', HEAD.length + 1],
    [`${HEAD}null: 1\n`, 'EmptyKey', HEAD.length],
    [`${HEAD}x: ${'['.repeat(100)}\n`, 'NestingTooDeep', HEAD.length + 66],
    [`${HEAD}x: !sub a\n`, 'YamlTag', HEAD.length + 3],
    [`${HEAD}x: "a\n`, 'BadIndentation', HEAD.length + 6],
    [`${HEAD}x: a: b\n`, 'BadIndentation', HEAD.length + 4],
    [`${HEAD}x: "\u0007"\n`, 'ControlCharacter', HEAD.length + 4],
    [`${HEAD}x: \0\n`, 'ControlCharacter', HEAD.length + 3],
  ];
  for (const [text, code, offset] of cases) {
    const reading = readDocument(text);
    assert.equal(reading.kind, 'refused', text);
    const problem = reading.kind === 'refused' ? reading.problems[0] : undefined;
    assert.deepEqual([problem?.code, problem?.offset], [code, offset], text);
    assert.ok(problem?.fix, text);
  }
});

test('a bomb of aliases is refused before it is built', () => {
  const lines = Array.from({ length: 30 }, (_, level) => `l${level + 1}: &l${level + 1} [*l${level}, *l${level}]`);
  assert.deepEqual(codes(`l0: &l0 [x, x]\n${lines.join('\n')}\n`), ['AliasTooLarge']);
});

test('an ordinary alias is read', () => {
  assert.deepEqual(readDocument('a: &x {b: 1}\nc: [*x, *x]\n'), {
    kind: 'value',
    value: { a: { b: 1 }, c: [{ b: 1 }, { b: 1 }] },
  });
});

test('the reading agrees with an independent parser on every value that can be written', () => {
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      fc
        .string({ unit: 'binary', maxLength: 12 })
        .filter((text) => text.isWellFormed() && !/[\u0085\u2028\u2029]/.test(text)),
      fc.constantFrom(
        'yes',
        '010',
        '1_0',
        '<<',
        '*',
        '---',
        '...',
        '# x',
        ': ',
        '- ',
        'null',
        '~',
        '',
        ' ',
        '0x1',
        '1:30',
        '%x',
        '!x',
        '&a',
      ),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(
        fc.string({ maxLength: 6 }).filter((key) => key !== '__proto__'),
        tie('node'),
        { maxKeys: 3, noNullPrototype: true },
      ),
    ),
  })).node;
  const style = fc.record({
    defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'),
    collectionStyle: fc.constantFrom('any', 'flow', 'block'),
    indent: fc.constantFrom(2, 4),
    indentSeq: fc.boolean(),
    lineWidth: fc.constantFrom(0, 20, 80),
  });
  fc.assert(
    fc.property(value, style, (spec, options) => {
      const document = { apiVersion: 'lattice.dev/v1alpha1', kind: 'LatticeService', spec };
      // version 1.1 quotes whatever either version would read as something else.
      const text = stringify(document, { ...options, version: '1.1', compat: 'core', aliasDuplicateObjects: false });
      // Some styles make the writer write what it cannot read itself, or something else than it was given.
      const other = parseDocument(text);
      fc.pre(other.errors.length === 0);
      const reading = readDocument(text);
      if ('problems' in reading) {
        assert.match(
          reading.problems[0]?.code ?? '',
          /^(ControlCharacter|NumberTooLarge|AmbiguousLineBreak|AmbiguousScalar)$/,
          text,
        );
      } else {
        assert.equal(JSON.stringify(reading.kind === 'value' ? reading.value : null), JSON.stringify(other.toJS()));
      }
    }),
    { numRuns: 1500 },
  );
});

test('whatever is accepted after damage, an independent parser reads the same', () => {
  let compared = 0;
  for (let seed = 0; seed < 4000; seed++) {
    const text = mutate([SERVICE, `${HEAD}spec: {}\n`], randomFrom(seed)).toString('utf8');
    // The other parser reads neither lone carriage returns nor tabs as the specification does, and expands bombs.
    if (text.length > 5000 || /\t|\r(?!\n)|\*l\d|^(---|\.\.\.)/m.test(text)) continue;
    const reading = readDocument(text);
    if (reading.kind !== 'value' || !isLattice(reading.value)) continue;
    const documents = parseAllDocuments(text, { schema: 'core', logLevel: 'silent' });
    const other = Array.isArray(documents) ? documents[0] : undefined;
    assert.deepEqual(other?.errors.map((error) => error.message) ?? [], [], `seed ${seed}: ${JSON.stringify(text)}`);
    const value: unknown = other?.toJS();
    assert.equal(JSON.stringify(value), JSON.stringify(reading.value), `seed ${seed}: ${JSON.stringify(text)}`);
    compared++;
  }
  assert.ok(compared > 500, `${compared} documents compared`);
});
