// `-o json` is an interface: real answers are of the shape that docs/schemas says, and say nothing else.
// `node test/docs/schemas.test.ts --refresh` writes docs/schemas.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { z } from 'zod';
import { lattice } from '../cli/testing.ts';
import { root } from './page.ts';
import { RESULT_SCHEMAS } from './result-schemas.ts';

const folder = join(root, 'docs/schemas');
const kinds = [
  'ConfigResult',
  'DiffResult',
  'ExplainResult',
  'GraphResult',
  'LintResult',
  'List',
  'QueryResult',
  'VerifyResult',
] as const;
const scratch = mkdtempSync(join(tmpdir(), 'lattice-schemas-'));
after(() => rmSync(scratch, { recursive: true }));

const example = (name: string) => join(root, 'examples', name);
const shop = example('online-boutique');

/** Half agreements, an unknown peer, a shadow end and an invalid port, for answers that are not "yes". */
const half = join(scratch, 'half.yaml');
writeFileSync(
  half,
  ['web', 'db']
    .map(
      (name) => `apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  serviceAccount: ${name}
  service: {ports: {tcp: {port: 5432}}}
  resources: {db: {}, nobody: {direction: inbound}}
`,
    )
    .join('---\n'),
);

const QUESTIONS: readonly (readonly [kind: keyof typeof RESULT_SCHEMAS, argv: readonly string[], codes: string])[] = [
  ['GraphResult', ['graph', shop], '0'],
  ['GraphResult', ['graph', half], '0'],
  ['GraphResult', ['graph', example('external-apis')], '0'],
  ['GraphResult', ['graph', example('shadow')], '0'],
  ['QueryResult', ['query', shop, '--to', 'redis-cart', '--reachable'], '0'],
  ['QueryResult', ['query', shop, '--from', 'redis-cart'], '1'],
  ['DiffResult', ['diff', shop, half], '1'],
  ['DiffResult', ['diff', shop, shop], '0'],
  ['ExplainResult', ['explain', 'frontend', 'cartservice:7070', shop], '0'],
  ['ExplainResult', ['explain', 'frontend', 'redis-cart', shop], '1'],
  ['ExplainResult', ['explain', 'web', 'db', half], '1'],
  ['ExplainResult', ['explain', 'world', 'frontend:80', shop], '0'],
  ['ExplainResult', ['explain', 'checkout', 'external:payments', example('external-apis'), '--mesh', 'none'], '0'],
  ['LintResult', ['lint', shop], '0'],
  ['LintResult', ['lint', half], '1'],
  ['VerifyResult', ['verify', shop], '0'],
  ['VerifyResult', ['verify', shop, '--objects', half], '1'],
  ['ConfigResult', ['config'], '0'],
  ['ConfigResult', ['config', example('prometheus')], '0'],
  ['List', ['compile', shop], '0'],
  ['List', ['compile', example('external-apis'), '--egress-waypoint', 'egress/egress'], '0'],
  ['List', ['compile', shop, '--engine', 'kubernetes'], '1'],
];

for (const [kind, argv, code] of QUESTIONS) {
  const line = argv.map((word) => word.replace(`${root}/`, '').replace(`${scratch}/`, '')).join(' ');
  test(`lattice ${line} -o json is a ${kind}`, async () => {
    const ran = await lattice([...argv, '-o', 'json']);
    assert.equal(String(ran.code), code, ran.stderr);
    RESULT_SCHEMAS[kind].parse(JSON.parse(ran.stdout));
  });
}

test('every kind of answer has been asked for', () => {
  assert.deepEqual([...new Set(QUESTIONS.map(([kind]) => kind))].sort(), Object.keys(RESULT_SCHEMAS).sort());
  assert.deepEqual([...kinds], Object.keys(RESULT_SCHEMAS).sort());
});

test('invalid input leaves stdout empty, with -o json too', async () => {
  const ran = await lattice(['graph', '-', '-o', 'json'], 'apiVersion: lattice.dev/v1alpha1\nkind: LatticeServise\n');
  assert.equal(ran.code, 2);
  assert.equal(ran.stdout, '');
});

test('docs/schemas is what the schemas say: a JSON Schema for each kind, and no other file', () => {
  for (const kind of kinds) {
    const file = join(folder, `${kind}.schema.json`);
    const text = `${JSON.stringify({ title: kind, ...z.toJSONSchema(RESULT_SCHEMAS[kind]) }, undefined, 2)}\n`;
    if (process.argv.includes('--refresh')) writeFileSync(file, text);
    assert.equal(readFileSync(file, 'utf8'), text, file);
  }
  assert.deepEqual(readdirSync(folder).sort(), kinds.map((kind) => `${kind}.schema.json`).sort());
});

test('a field that is not in the schema is noticed', () => {
  const graph = { apiVersion: 'cli.lattice.dev/v1alpha1', kind: 'GraphResult', result: 'yes', findings: [], edges: [] };
  assert.ok(RESULT_SCHEMAS.GraphResult.safeParse(graph).success);
  assert.ok(!RESULT_SCHEMAS.GraphResult.safeParse({ ...graph, more: 1 }).success);
});
