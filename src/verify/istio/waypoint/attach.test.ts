import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, load, MESH, pod, policy, service } from '../test-objects.ts';
import type { WaypointTarget } from './request.ts';

const WAYPOINT = { namespace: 'infra', name: 'wp' };
const cart = { kind: 'Service', namespace: 'shop', name: 'cart' } as const;

/** Names of the policies that a waypoint enforces for a target. */
function enforced(objects: readonly object[], target?: WaypointTarget, mesh = MESH): readonly string[] {
  const { customs, denies, allows } = load(objects, mesh).waypointPolicyOf(WAYPOINT, target);
  return [...customs, ...denies, ...allows].map(({ object }) => `${object.namespace}/${object.name}`);
}

const target = (group: string, kind: string, name: string) => ({ targetRefs: [{ group, kind, name }] });
const GATEWAY_API = 'gateway.networking.k8s.io';

test('I3: a policy attaches to the Service it names, in its own namespace', () => {
  const objects = [
    policy('shop/a', service('cart')),
    policy('shop/b', service('other')),
    policy('pay/c', service('cart')),
  ];
  assert.deepEqual(enforced(objects, cart), ['shop/a']);
  assert.deepEqual(enforced(objects, { ...cart, namespace: 'pay' }), ['pay/c']);
});

test('I3 and I16: a ServiceEntry is not the Service of the same name', () => {
  const objects = [policy('shop/a', target('networking.istio.io', 'ServiceEntry', 'cart'))];
  assert.deepEqual(enforced(objects, cart), []);
  assert.deepEqual(enforced(objects, { ...cart, kind: 'ServiceEntry' }), ['shop/a']);
});

test('I3: a policy on the Gateway covers all its targets, from the namespace of the Gateway only', () => {
  const objects = [
    policy('infra/a', target(GATEWAY_API, 'Gateway', 'wp')),
    policy('shop/b', target(GATEWAY_API, 'Gateway', 'wp')),
  ];
  assert.deepEqual(enforced(objects, cart), ['infra/a']);
  assert.deepEqual(enforced(objects), ['infra/a']);
});

test('I3: a policy on the GatewayClass istio-waypoint covers every waypoint, from the root namespace only', () => {
  const onClass = (name: string) => target(GATEWAY_API, 'GatewayClass', name);
  const objects = [policy('istio-system/a', onClass('istio-waypoint')), policy('infra/b', onClass('istio-waypoint'))];
  assert.deepEqual(enforced([...objects, policy('istio-system/c', onClass('istio'))], cart), ['istio-system/a']);
  assert.deepEqual(enforced(objects, cart, { ...MESH, rootNamespace: 'infra' }), ['infra/b']);
});

test('I3: selectors and namespaces mean nothing to a waypoint', () => {
  const objects = [policy('shop/a', {}), policy('shop/b', app('cart')), policy('istio-system/c', {})];
  assert.deepEqual(enforced(objects, cart), []);
});

test('I11: what is addressed to a pod is not covered by policies on its Service', () => {
  const objects = [policy('shop/a', service('cart'))];
  assert.deepEqual(enforced(objects), []);
});

test('a policy with several targets attaches by any of them, once; a deprecated targetRef counts', () => {
  const both = { targetRefs: [...service('cart').targetRefs, { group: 'core', kind: 'Service', name: 'web' }] };
  const single = { targetRef: { kind: 'Service', name: 'cart' } };
  const objects = [policy('shop/both', both), policy('shop/single', single)];
  assert.deepEqual(enforced(objects, cart), ['shop/both', 'shop/single']);
  assert.deepEqual(enforced(objects, { ...cart, name: 'web' }), ['shop/both']);
});

test('policies come sorted by namespace and name, whatever they attach by', () => {
  const onClass = target(GATEWAY_API, 'GatewayClass', 'istio-waypoint');
  const objects = [policy('shop/a', service('cart')), policy('istio-system/b', onClass)];
  assert.deepEqual(enforced([...objects, policy('infra/c', target(GATEWAY_API, 'Gateway', 'wp'))], cart), [
    'infra/c',
    'istio-system/b',
    'shop/a',
  ]);
});

test('Z9 and I1: dry run and AUDIT never count, not even as the ALLOW that shuts the rest out', () => {
  const dry = policy('shop/a', service('cart'), { 'istio.io/dry-run': 'true' });
  const audit = policy('shop/b', { ...service('cart'), action: 'AUDIT', rules: [{}] });
  assert.deepEqual(enforced([dry, audit], cart), []);
  const request = { from: pod('shop/web'), waypoint: WAYPOINT, destination: cart };
  assert.equal(load([dry, audit]).judgeWaypoint(request).reason, 'NoPolicy');
});
