import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readObjects } from './objects.ts';

const read = (...texts: string[]) =>
  readObjects(
    texts.map((text, index) => ({ file: `${index}.yaml`, text })),
    'home',
  );
const service = (name: string, more = '') =>
  `apiVersion: lattice.dev/v1alpha1\nkind: LatticeService\nmetadata: {name: ${name}${more}}\n`;
const summary = (finding: { code: string; file?: string; line?: number; column?: number }) =>
  `${finding.file}:${finding.line}:${finding.column} ${finding.code}`;

test('every document of every source is read in order, empty ones are skipped', () => {
  const { objects, findings } = read(
    `---\n# nothing\n---\n${service('a')}---\n`,
    '',
    service('b', ', namespace: other'),
  );
  assert.deepEqual(findings, []);
  assert.deepEqual(
    objects.map((object) => `${object.kind} ${object.namespace}/${object.name}`),
    ['LatticeService home/a', 'LatticeService other/b'],
  );
});

test('cluster-scoped kinds have no namespace', () => {
  assert.equal(
    read('apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, namespace: x}\n').objects[0]?.namespace,
    '',
  );
});

test('a List, also a typed one, stands for its items', () => {
  const { objects, findings } = read(
    `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: p}\n---\napiVersion: v1\nkind: ServiceList\nitems:\n- metadata: {name: s}\n---\napiVersion: v1\nkind: List\nitems: null\n`,
  );
  assert.deepEqual(findings, []);
  assert.deepEqual(
    objects.map(({ kind, name, apiVersion }) => `${apiVersion} ${kind} ${name}`),
    ['v1 Pod p', 'v1 Service s'],
  );
});

test('a document without apiVersion or kind is an error that names what is missing', () => {
  const { objects, findings } = read('kind: Pod\n---\napiVersion: v1\n---\na: 1\n---\ntext\n---\n- 1\n', service('a'));
  assert.equal(objects.length, 1);
  assert.deepEqual(
    findings.map(({ code, message }) => `${code} ${message}`),
    [
      'KindMissing this document has no apiVersion',
      'KindMissing this document has no kind',
      'KindMissing this document has no apiVersion and kind',
      'NotAnObject a Kubernetes object expected (a map), not a single value',
      'NotAnObject a Kubernetes object expected (a map), not a list',
    ],
  );
});

test('the same object twice is an error that names both places', () => {
  const { objects, findings } = read(
    `# one\n${service('a')}`,
    `${service('b')}---\n${service('a', ', namespace: home')}`,
  );
  assert.equal(objects.length, 2);
  assert.deepEqual(findings.map(summary), ['1.yaml:7:18 DuplicateObject']);
  assert.match(findings[0]?.message ?? '', /LatticeService home\/a is declared twice: also at 0\.yaml:4/);
});

test('one name in two kinds or two namespaces is no duplicate', () => {
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n';
  assert.deepEqual(read(service('a'), pod, service('a', ', namespace: other')).findings, []);
});

test('a broken document does not hide the others, an ambiguous one is read all the same, and every problem has file, line and column', () => {
  const { objects, findings } = read(
    `${service('a')}---\nx: [\n---\n${service('b')}spec:\n  on: 010\n---\n${service('c')}`,
  );
  assert.deepEqual(
    objects.map(({ name }) => name),
    ['a', 'b', 'c'],
  );
  assert.deepEqual(findings.map(summary), [
    '0.yaml:6:1 BadIndentation',
    '0.yaml:11:3 AmbiguousScalar',
    '0.yaml:11:7 AmbiguousScalar',
  ]);
});

test('a path inside of an object leads to its line and column, also through lists, quotes and other spellings', () => {
  const text = `apiVersion: v1\nkind: List\nitems:\n- {apiVersion: lattice.dev/v1alpha1, kind: LatticeExternalService, metadata: {name: x}}\n- apiVersion: lattice.dev/v1alpha1\n  kind: LatticeExternalService\n  metadata:\n    name: second\n  spec:\n    allowedRequesters:\n    - a\n    - "b c"\n`;
  const { objects, findings, places } = read(text);
  assert.deepEqual(findings, []);
  const second = objects[1];
  assert.ok(second);
  assert.deepEqual(places.of(second, ['spec', 'allowed_requesters', 1]), { file: '0.yaml', line: 12, column: 7 });
  assert.deepEqual(places.of(second, ['spec', 'allowed_requesters']), { file: '0.yaml', line: 10, column: 5 });
  assert.deepEqual(places.of(second, ['spec', 'missing', 'field']), { file: '0.yaml', line: 9, column: 3 });
});

test('windows line ends count as one line', () => {
  const { findings } = read(`${service('a')}x: yes\n`.replaceAll('\n', '\r\n'));
  assert.deepEqual(findings.map(summary), ['0.yaml:4:4 AmbiguousScalar']);
});
