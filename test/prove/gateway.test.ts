import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LatticeService } from '../../src/api/index.ts';
import type { Input } from '../../src/graph/index.ts';
import { endOf, FlowJudge, prove } from '../../src/verify/index.ts';
import { worldOf } from './support.ts';

const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name';

function service(name: string, labels: Record<string, string>, resources: LatticeService['spec']['resources']): Input {
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name, namespace: 'shop' },
    spec: {
      selector: { matchLabels: labels },
      serviceAccount: name,
      service: { ports: { http: { port: 80, targetPort: 8080 } } },
      resources,
    },
  };
}

const world = worldOf(
  [
    service('front', { [GATEWAY_LABEL]: 'front' }, { cart: {} }),
    service('web', { app: 'web' }, { cart: {} }),
    service('cart', { app: 'cart' }, { front: { direction: 'inbound' }, web: { direction: 'inbound' } }),
    { kind: 'namespace', name: 'shop', managed: false, dataplane: 'ambient', waypoint: 'shop/way' },
    { kind: 'gateway', key: 'shop/way', namespace: 'shop', name: 'way', programmed: true, serves: 'service' },
  ],
  { mesh: 'ambient', engines: ['cilium', 'istio'] },
);

function doorsFrom(caller: string): readonly string[] {
  const workloads = world.graph.state.workloads;
  const [from, to] = [workloads.get(`shop/${caller}`), workloads.get('shop/cart')];
  assert.ok(from && to);
  const { verdict, doors } = new FlowJudge(world.claim).judge(endOf(from, 'default'), endOf(to, 'default'), {
    service: 80,
    target: 8080,
    protocol: 'TCP',
  });
  return [verdict, ...doors.map((door) => `${door.door} ${door.port}`)];
}

test('I11: a gateway of the mesh reaches a service past its waypoint, in the tunnel and under its own identity', () => {
  assert.deepEqual(doorsFrom('front'), ['allowed', 'cilium-egress 15008', 'cilium-ingress 15008', 'ztunnel 8080']);
});

test('everybody else goes through the waypoint', () => {
  const doors = doorsFrom('web');
  assert.equal(doors[0], 'allowed');
  assert.ok(doors.includes('waypoint 80'));
});

test('a gateway is told by its principal, never let in as somebody without identity', () => {
  assert.deepEqual(prove(world.claim).counterexamples, []);
  const policies = JSON.stringify(world.claim.objects.filter((object) => JSON.stringify(object).includes('Policy')));
  assert.match(policies, /ns\/shop\/sa\/front/);
  assert.doesNotMatch(policies, /notPrincipals|PeerAuthentication/);
});
