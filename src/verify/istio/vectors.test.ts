import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { replay as replayZtunnel } from '../../../conformance/replay-istio.ts';
import { replay as replayWaypoint } from '../../../conformance/replay-waypoint.ts';

const DATA = process.env['LATTICE_DATA'] ?? join(import.meta.dirname, '../../../../shared/data');

for (const [file, replay] of [
  ['istio-verdicts.json', replayZtunnel],
  ['istio-waypoint-verdicts.json', replayWaypoint],
] as const) {
  const path = join(DATA, file);
  const skip = existsSync(path) ? false : `${path} is absent: set LATTICE_DATA`;
  test(`the evaluator agrees with every verdict and every object in effect of ${file}`, { skip }, () => {
    const mismatches: string[] = [];
    const { passed, failed } = replay(JSON.parse(readFileSync(path, 'utf8')), file, (line) => mismatches.push(line));
    assert.deepEqual(mismatches, []);
    assert.equal(failed, 0);
    assert.ok(passed > 100, `only ${passed} questions in ${file}`);
  });

  test(`a wrong verdict in a document like ${file} is one failure and is printed`, () => {
    const workloads = { 'shop/a': { namespace: 'shop', serviceAccount: 'a', labels: { app: 'a' } } };
    const flow = { from: 'shop/a', to: 'shop/a', port: 80, method: 'GET', path: '/', host: 'a', verdict: 'deny' };
    const questions = [
      { ...flow, reason: 'deny policy' },
      { ...flow, verdict: 'allow', reason: '' },
    ];
    const scenario = { name: 'c', meshConfig: {}, policies: [], workloads, flows: questions, requests: questions };
    const lines: string[] = [];
    const tally = replay({ cases: [scenario] }, 'made-up', (line) => lines.push(line));
    assert.deepEqual(tally, { passed: 1, failed: 1 });
    assert.equal(lines.length, 1);
  });
}

test('an object that is refused on one side only is a failure', () => {
  const policy = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'p', namespace: 'shop' },
    spec: { action: 'DENY' },
  };
  const problems = [{ name: 'shop/p', policy: 0, stage: 'webhook', message: 'no rules' }];
  const tallyOf = (more: object) =>
    replayZtunnel({ cases: [{ name: 'c', policies: [policy], workloads: {}, flows: [], ...more }] }, 'f', () => {});
  assert.deepEqual(tallyOf({ problems }), { passed: 0, failed: 0 });
  assert.deepEqual(tallyOf({}), { passed: 0, failed: 1 });
  assert.deepEqual(
    replayZtunnel(null, 'f', () => {}),
    { passed: 0, failed: 1 },
  );
});
