import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { replay } from '../../../conformance/replay-cilium.ts';

const DATA = process.env['LATTICE_DATA'] ?? join(import.meta.dirname, '../../../../shared/data');

for (const [file, least] of [
  ['cilium-scenarios.json', 16_000],
  ['cilium-verdicts.json', 200],
] as const) {
  const path = join(DATA, file);
  const skip = existsSync(path) ? false : `${path} is absent: set LATTICE_DATA`;
  test(`the evaluator agrees with every verdict and every object in effect of ${file}`, { skip }, () => {
    const mismatches: string[] = [];
    const { passed, failed } = replay(JSON.parse(readFileSync(path, 'utf8')), file, (line) => mismatches.push(line));
    assert.deepEqual(mismatches, []);
    assert.equal(failed, 0);
    assert.ok(passed >= least, `only ${passed} questions in ${file}`);
  });
}

const SCENARIO = {
  id: 's',
  clusterName: 'c1',
  localCluster: 'c1',
  endpoints: {
    a: ['k8s:io.kubernetes.pod.namespace=shop', 'k8s:io.cilium.k8s.policy.cluster=c1', 'k8s:app=a'],
    world: ['cidr:1.2.3.4/32'],
  },
  policies: [
    {
      apiVersion: 'cilium.io/v2',
      kind: 'CiliumNetworkPolicy',
      metadata: { name: 'p', namespace: 'shop' },
      spec: { endpointSelector: {}, ingress: [{}] },
    },
  ],
  errors: [],
};

test('replay counts one failure per wrong verdict and prints it', () => {
  const lines: string[] = [];
  const flows = [
    ['world', 'a', 80, 'TCP'],
    ['a', 'world', 80, 'TCP'],
    ['a', 'world', 81, 'TCP'],
  ];
  const document = { scenarios: [{ ...SCENARIO, flows, verdicts: ['UA', 'AU', 'RU'] }] };
  assert.deepEqual(
    replay(document, 'made-up', (line) => lines.push(line)),
    { passed: 2, failed: 1 },
  );
  assert.match(lines.join(), /expected UA, got UD/);
});

test('replay counts an object as failed whose fate differs from the recorded one', () => {
  const error = { policy: 0, name: 'shop/p', stage: 'agent', message: 'made up' };
  const document = { scenarios: [{ ...SCENARIO, errors: [error], flows: [], verdicts: [] }] };
  assert.deepEqual(
    replay(document, 'made-up', () => undefined),
    { passed: 0, failed: 1 },
  );
});

test('replay fails what is no recording at all', () => {
  for (const document of [null, [], {}, 'x'])
    assert.deepEqual(
      replay(document, 'made-up', () => undefined),
      { passed: 0, failed: 1 },
    );
});
