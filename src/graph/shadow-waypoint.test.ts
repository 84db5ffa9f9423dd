import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  exemptionsOf,
  type Fact,
  findingsOfService,
  type Input,
  ServiceGraph,
  type Settings,
  unguardedCallers,
} from './index.ts';

const SETTINGS: Settings = { mesh: 'ambient', exemptions: exemptionsOf() };
const STAGE: readonly Fact[] = [
  { kind: 'namespace', name: 'n', managed: false, dataplane: 'ambient', waypoint: 'n/way' },
  { kind: 'gateway', key: 'n/way', namespace: 'n', name: 'way', programmed: true, serves: 'service' },
];

function service(name: string, spec: object): Input {
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name, namespace: 'n' },
    spec: {
      selector: { matchLabels: { app: name } },
      serviceAccount: name,
      service: { ports: { http: { port: 80 } } },
      ...spec,
    },
  };
}

function kubeService(name: string, app: string): Fact {
  const ports = [{ name: 'http', port: 80, targetPort: 80, protocol: 'TCP' as const }];
  return {
    kind: 'service',
    key: `n/${name}`,
    namespace: 'n',
    name,
    selector: { app },
    headless: false,
    hidesCallers: false,
    ports,
    waypoint: undefined,
  };
}

const shadow = service('ledger', { mode: 'shadow' });
const web = service('web', { resources: { cart: {} } });
const cart = service('cart', { resources: { web: { direction: 'inbound' } } });

function callersOf(graph: ServiceGraph, key: string): readonly string[] {
  const workload = graph.state.workloads.get(key);
  return workload ? unguardedCallers(graph.state, workload).map(({ caller }) => caller) : [];
}

test('a shadow says that it shares its waypoint, and is affected when another service comes to it or leaves', () => {
  const graph = ServiceGraph.of([...STAGE, shadow, web], SETTINGS);
  const codes = () => findingsOfService(graph, 'n/ledger').map(({ code }) => code);
  graph.delete({ kind: 'LatticeService', key: 'n/web' });
  assert.deepEqual(codes(), []);
  assert.ok(graph.put(cart).has('service:n/ledger'));
  assert.deepEqual(codes(), ['ShadowBehindWaypoint']);
  assert.ok(graph.delete({ kind: 'LatticeService', key: 'n/cart' }).has('service:n/ledger'));
  assert.deepEqual(codes(), []);
});

test('who reaches a shadow is who may call another service behind its waypoint, and has no agreement with it', () => {
  assert.deepEqual(callersOf(ServiceGraph.of([...STAGE, shadow, web, cart], SETTINGS), 'n/ledger'), ['n/web']);
  const agreed = [
    service('ledger', { mode: 'shadow', resources: { web: { direction: 'inbound' } } }),
    service('web', { resources: { cart: {}, ledger: {} } }),
  ];
  assert.deepEqual(callersOf(ServiceGraph.of([...STAGE, cart, ...agreed], SETTINGS), 'n/ledger'), []);
  assert.deepEqual(callersOf(ServiceGraph.of([shadow, web, cart], SETTINGS), 'n/ledger'), []);
});

test('a Service that leads to two services lets nobody through a waypoint, and each is affected when the other comes or goes', () => {
  const pay = service('pay', { services: ['cart'], resources: { job: { direction: 'inbound' } } });
  const job = service('job', { resources: { pay: {} } });
  const graph = ServiceGraph.of([...STAGE, web, cart, job], SETTINGS);
  const callers = (key: string) => graph.service(key)?.inbound.map(({ peer }) => peer.key);
  assert.deepEqual(callers('n/cart'), ['n/web']);
  const affected = graph.put(pay);
  for (const unit of ['service:n/cart', 'service:n/web', 'service:n/pay', 'service:n/job'])
    assert.ok(affected.has(unit), unit);
  assert.deepEqual([callers('n/cart'), callers('n/pay')], [[], []]);
  assert.ok(findingsOfService(graph, 'n/cart').some(({ code }) => code === 'ServiceShared'));
  assert.ok(graph.delete({ kind: 'LatticeService', key: 'n/pay' }).has('service:n/cart'));
  assert.deepEqual(callers('n/cart'), ['n/web']);
});

test('a Service that leads to other pods is not taken for the Service of the name that it bears', () => {
  const graph = ServiceGraph.of([...STAGE, cart, web], SETTINGS);
  assert.deepEqual(graph.service('n/web')?.self.services, ['web']);
  assert.ok(graph.put(kubeService('web', 'cart')).has('service:n/web'));
  const self = graph.service('n/web')?.self;
  assert.deepEqual([self?.services, self?.waypoint, self?.direct], [[], undefined, true]);
  assert.deepEqual(graph.service('n/cart')?.self.services, ['web']);
});
