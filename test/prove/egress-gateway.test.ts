// The egress Gateway in a managed namespace: default deny reaches its pods too, and takes nothing that was agreed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LatticeExternalService, LatticeService } from '../../src/api/index.ts';
import type { Fact, Input } from '../../src/graph/index.ts';
import { closedAmong, judgeEdges, prove } from '../../src/verify/index.ts';
import { SETUPS, worldOf } from './support.ts';

const shop: LatticeService = {
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeService',
  metadata: { name: 'shop', namespace: 'n' },
  spec: {
    selector: { matchLabels: { app: 'shop' } },
    serviceAccount: 'shop',
    resources: { pay: { type: 'external_service', namespace: 'n' } },
  },
};
const neighbour: LatticeService = {
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeService',
  metadata: { name: 'neighbour', namespace: 'mesh' },
  spec: { selector: { matchLabels: { app: 'neighbour' } }, serviceAccount: 'neighbour' },
};
const pay: LatticeExternalService = {
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeExternalService',
  metadata: { name: 'pay', namespace: 'n' },
  spec: { endpoints: { api: 'https://api.example.com' }, allowed_requesters: ['shop'] },
};
const managed: Fact = { kind: 'namespace', name: 'mesh', managed: true, dataplane: undefined, waypoint: undefined };

for (const setup of SETUPS) {
  const name = `${setup.engines.join(' and ')}, mesh ${setup.mesh}`;

  test(`its pods are proved beside a service that wears its label (${name})`, () => {
    for (const inputs of [
      [shop, neighbour, pay, managed],
      [shop, neighbour, managed],
    ] satisfies Input[][]) {
      assert.deepEqual(prove(worldOf(inputs, setup).claim).counterexamples, []);
    }
  });

  test(`the agreed host stays open through it, or says why not (${name})`, () => {
    const { claim, findings } = worldOf([shop, neighbour, pay, managed], setup);
    const closed = closedAmong(judgeEdges(claim, findings)).map(({ closed: { code } }) => code);
    const expressible = setup.engines.includes('cilium') || setup.mesh === 'ambient';
    assert.deepEqual(closed, expressible ? [] : ['NotExpressible']);
  });
}
