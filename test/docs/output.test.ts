import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { RESULT_SCHEMAS } from '../../src/cli/result-schemas.ts';
import { lattice } from '../cli/testing.ts';
import { readPage, root } from './page.ts';

const scratch = mkdtempSync(join(tmpdir(), 'lattice-output-'));
after(() => rmSync(scratch, { recursive: true }));
const half = join(scratch, 'half.yaml');
writeFileSync(
  half,
  'apiVersion: lattice.dev/v1alpha1\nkind: LatticeService\nmetadata: {name: a}\nspec: {selector: {matchLabels: {app: a}}, resources: {a: {}}}\n',
);
const shop = join(root, 'examples/online-boutique');

test('docs/output.md names every kind of answer, and the fields that its schema has', () => {
  const rows = [...readPage('docs/output.md').matchAll(/^\| `[\w ]+` \| `(\w+Result)` \| (.*) \|$/gm)];
  const written = rows.map(([, kind = '', fields = '']) => [
    kind,
    [...fields.matchAll(/`(\w+)(?:\[\])?`/g)].map(([, field = '']) => field).sort(),
  ]);
  const common = new Set(['apiVersion', 'kind', 'result', 'findings']);
  const real = Object.entries(RESULT_SCHEMAS).map(([kind, { shape }]) => [
    kind,
    Object.keys(shape)
      .filter((field) => !common.has(field))
      .sort(),
  ]);
  assert.deepEqual(Object.fromEntries(written), Object.fromEntries(real));
});

for (const [code, result, ...argv] of [
  [0, 'yes', 'verify', shop],
  [1, 'no', 'verify', shop, '--objects', half],
  [1, 'no', 'explain', 'frontend', 'redis-cart', shop],
  [1, 'no', 'lint', half],
  [1, 'no', 'query', shop, '--from', 'redis-cart'],
  [1, 'no', 'diff', shop, half],
  [0, 'yes', 'diff', shop, shop],
] as const) {
  test(`result and exit code agree: ${argv[0]} answers ${result} with ${code}`, async () => {
    const ran = await lattice([...argv, '-o', 'json']);
    assert.equal(ran.code, code, ran.stderr);
    assert.match(ran.stdout, new RegExp(`^ {2}"result": "${result}"`, 'm'));
  });
}

test('invalid input leaves stdout empty, whatever the form of the answer', async () => {
  for (const form of ['table', 'mermaid', 'dot', 'json']) {
    const ran = await lattice(['graph', '-', '-o', form], 'apiVersion: lattice.dev/v1alpha1\nkind: LatticeServise\n');
    assert.deepEqual([ran.code, ran.stdout], [2, ''], form);
  }
});
