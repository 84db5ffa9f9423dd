import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RESULT_SCHEMAS } from '../../src/cli/result-schemas.ts';
import { lattice } from './testing.ts';

const root = join(import.meta.dirname, '../..');
const at = (name: string) => join(root, 'examples', name);
const scratch = mkdtempSync(join(tmpdir(), 'lattice-results-'));
after(() => rmSync(scratch, { recursive: true }));
const half = join(scratch, 'half.yaml');
writeFileSync(
  half,
  'apiVersion: lattice.dev/v1alpha1\nkind: LatticeService\nmetadata: {name: a}\nspec: {selector: {matchLabels: {app: a}}, resources: {b: {}, c: {type: external_service}}}\n',
);
const nothing = join(scratch, 'nothing.yaml');
writeFileSync(nothing, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n');

const calls: readonly (readonly [kind: keyof typeof RESULT_SCHEMAS, code: number, ...argv: string[]])[] = [
  ['GraphResult', 0, 'graph', at('online-boutique')],
  ['GraphResult', 0, 'graph', at('external-apis')],
  ['GraphResult', 0, 'graph', at('shadow')],
  ['GraphResult', 0, 'graph', join(at('sock-shop'), 'services.yaml')],
  ['GraphResult', 0, 'graph', half],
  ['LintResult', 0, 'lint', at('kafka')],
  ['LintResult', 1, 'lint', half],
  ['ExplainResult', 0, 'explain', 'frontend', 'cartservice', at('online-boutique')],
  ['ExplainResult', 1, 'explain', 'frontend', 'redis-cart:6379', at('online-boutique')],
  ['ExplainResult', 0, 'explain', 'world', 'frontend:80', at('online-boutique')],
  ['QueryResult', 0, 'query', at('online-boutique'), '--from', 'frontend', '--reachable'],
  ['DiffResult', 1, 'diff', at('kafka'), at('postgres'), '--fail-on', 'any'],
  ['DiffResult', 0, 'diff', at('kafka'), at('kafka')],
  ['VerifyResult', 0, 'verify', at('online-boutique')],
  ['VerifyResult', 1, 'verify', at('kafka'), '--objects', nothing],
  ['ConfigResult', 0, 'config'],
  ['ConfigResult', 0, 'config', at('prometheus')],
];

for (const [kind, code, ...argv] of calls) {
  const title = argv.map((word) => word.replace(`${root}/`, '').replace(`${scratch}/`, '')).join(' ');
  test(`lattice ${title} -o json answers as its schema says`, async () => {
    const ran = await lattice([...argv, '-o', 'json']);
    assert.equal(ran.code, code, ran.stderr);
    const answer: unknown = JSON.parse(ran.stdout);
    const checked = RESULT_SCHEMAS[kind].safeParse(answer);
    assert.ok(checked.success, checked.error?.message);
    assert.deepEqual(checked.data, answer);
  });
}
