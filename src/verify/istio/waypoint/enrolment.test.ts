import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadIstio } from '../load-istio.ts';
import { MESH } from '../test-objects.ts';
import type { EnrolmentTarget } from './enrolment.ts';

type Labels = Readonly<Record<string, string>>;

const object = (apiVersion: string, kind: string, path: string, labels: Labels = {}, spec: object = {}) => {
  const [namespace, name] = path.split('/');
  return { apiVersion, kind, metadata: { namespace, name, labels }, spec };
};
const gateway = (path: string, labels: Labels = {}, namespaces: object = {}) =>
  object('gateway.networking.k8s.io/v1', 'Gateway', path, labels, {
    gatewayClassName: 'istio-waypoint',
    listeners: [
      { protocol: 'HTTP', port: 15008, allowedRoutes: { namespaces: { from: 'Same' } } },
      { protocol: 'HBONE', port: 15008, allowedRoutes: { namespaces } },
    ],
  });
const space = (name: string, labels: Labels) => object('v1', 'Namespace', `/${name}`, labels);
const cart = (labels: Labels = {}) => object('v1', 'Service', 'shop/cart', labels);
const USES = { 'istio.io/use-waypoint': 'wp' };
const CART = { kind: 'Service', namespace: 'shop', name: 'cart' } as const;

function enrolled(objects: readonly object[], target: EnrolmentTarget = CART): string {
  const found = loadIstio(objects, MESH).waypointOf(target);
  if (found.kind === 'bound') return `${found.waypoint.namespace}/${found.waypoint.name}`;
  return found.kind === 'none' ? 'none' : found.reason;
}

test('a Service uses the waypoint of its own label, else of its namespace, else none', () => {
  assert.equal(enrolled([cart(), gateway('shop/wp')]), 'none');
  assert.equal(enrolled([cart(USES), gateway('shop/wp')]), 'shop/wp');
  assert.equal(enrolled([cart(), space('shop', USES), gateway('shop/wp')]), 'shop/wp');
  const optedOut = cart({ 'istio.io/use-waypoint': 'none' });
  assert.equal(enrolled([optedOut, space('shop', USES), gateway('shop/wp')]), 'none');
  assert.equal(enrolled([gateway('shop/wp')]), 'TargetUnknown');
});

test('I10: a waypoint that is not there leaves the way open, and says so', () => {
  assert.equal(enrolled([cart(USES)]), 'WaypointNotFound');
  assert.equal(enrolled([cart(USES), object('networking.istio.io/v1', 'Gateway', 'shop/wp')]), 'WaypointNotFound');
});

test('I16: a ServiceEntry may use a waypoint of another namespace where its listener allows it', () => {
  const elsewhere = { ...USES, 'istio.io/use-waypoint-namespace': 'infra' };
  const entry = object('networking.istio.io/v1', 'ServiceEntry', 'shop/api', elsewhere);
  const target = { kind: 'ServiceEntry', namespace: 'shop', name: 'api' } as const;
  const asked = (namespaces: object, labels: Labels = {}) =>
    enrolled([entry, gateway('infra/wp', {}, namespaces), space('shop', labels)], target);
  assert.equal(asked({}), 'AttachmentDenied');
  assert.equal(asked({ from: 'All' }), 'infra/wp');
  const selector = { matchLabels: { tier: 'a' }, matchExpressions: [{ key: 'x', operator: 'DoesNotExist' }] };
  assert.equal(asked({ from: 'Selector', selector }, { tier: 'a' }), 'infra/wp');
  assert.equal(asked({ from: 'Selector', selector }, { tier: 'a', x: '' }), 'AttachmentDenied');
  assert.equal(asked({ from: 'Selector' }, { tier: 'a' }), 'AttachmentDenied');
  const by = (operator: string, ...values: readonly string[]) =>
    asked({ from: 'Selector', selector: { matchExpressions: [{ key: 'tier', operator, values }] } }, { tier: 'a' });
  assert.equal(by('In', 'a', 'b'), 'infra/wp');
  assert.equal(by('In', 'b'), 'AttachmentDenied');
  assert.equal(by('NotIn', 'b'), 'infra/wp');
  assert.equal(by('NotIn', 'a'), 'AttachmentDenied');
  assert.equal(by('Exists'), 'infra/wp');
  assert.equal(by('Near', 'a'), 'AttachmentDenied');
});

test('I11: a waypoint serves Services unless it is said to be for workloads or all', () => {
  const target = { kind: 'Pod', namespace: 'shop', labels: USES } as const;
  const forWhat = (what: string) => gateway('shop/wp', { 'istio.io/waypoint-for': what });
  assert.equal(enrolled([gateway('shop/wp')], target), 'TrafficTypeUnsupported');
  assert.equal(enrolled([forWhat('all')], target), 'shop/wp');
  assert.equal(enrolled([forWhat('workload')], target), 'shop/wp');
  assert.equal(enrolled([forWhat('workload'), cart(USES)]), 'TrafficTypeUnsupported');
  const inherits = { ...target, labels: {} };
  assert.equal(enrolled([gateway('shop/wp'), space('shop', USES)], inherits), 'none');
  const byClass = object('gateway.networking.k8s.io/v1', 'GatewayClass', '/istio-waypoint', {
    'istio.io/waypoint-for': 'all',
  });
  assert.equal(enrolled([gateway('shop/wp'), byClass], target), 'shop/wp');
});

test('a gateway of the mesh has no waypoint in front of it', () => {
  const labels = { ...USES, 'gateway.istio.io/managed': 'istio.io-mesh-controller' };
  assert.equal(enrolled([cart(labels), gateway('shop/wp')]), 'none');
});
