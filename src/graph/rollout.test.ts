import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LatticeService } from '../api/index.ts';
import { exemptionsOf, type Fact, ServiceGraph } from './index.ts';

const adopted = (targetPort: number): LatticeService => ({
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeService',
  metadata: { name: 'cart', namespace: 'n' },
  spec: { selector: { matchLabels: { app: 'cart' } }, service: { ports: { http: { port: 80, targetPort } } } },
});
const deployed = (targetPort: number): LatticeService => ({
  ...adopted(targetPort),
  spec: { containers: { app: { image: 'cart:1' } }, service: { ports: { http: { port: 80, targetPort } } } },
});

function pod(name: string, port: number, called = 'web'): Fact {
  return {
    kind: 'pod',
    id: `Pod n/${name}`,
    namespace: 'n',
    labels: { app: 'cart', 'app.kubernetes.io/name': 'cart' },
    account: 'cart',
    hostNetwork: false,
    ports: [
      { name: called, port, protocol: 'TCP' },
      { name: 'admin', port: 9999, protocol: 'TCP' },
    ],
    dataplane: undefined,
  };
}

function kubeService(targetPort: number | string): Fact {
  return {
    kind: 'service',
    key: 'n/cart',
    namespace: 'n',
    name: 'cart',
    selector: { app: 'cart' },
    headless: false,
    hidesCallers: false,
    ports: [{ name: 'http', port: 80, targetPort, protocol: 'TCP' }],
    waypoint: undefined,
  };
}

const graphOf = (...inputs: readonly (Fact | LatticeService)[]): ServiceGraph =>
  ServiceGraph.of(inputs, { mesh: 'none', exemptions: exemptionsOf(), live: true });
const targets = (graph: ServiceGraph): readonly number[] | undefined =>
  graph.service('n/cart')?.self.ports[0]?.targetPorts;

test('a number that changes is admitted beside the one that the Service still sends to, until the Service or the last pod goes over', () => {
  for (const sentTo of [8080, 'web']) {
    const graph = graphOf(adopted(8080), kubeService(sentTo), pod('old', 8080));
    assert.deepEqual(targets(graph), [8080]);
    assert.deepEqual([...graph.put(adopted(9090))], ['service:n/cart']);
    assert.deepEqual(targets(graph), [8080, 9090]);
    graph.put(pod('new', 9090));
    assert.deepEqual(targets(graph), [8080, 9090]);
    graph.delete({ kind: 'fact', id: 'Pod n/old' });
    assert.deepEqual(targets(graph), [9090], String(sentTo));
  }
  const graph = graphOf(adopted(9090), kubeService(8080), pod('old', 8080));
  graph.put(kubeService(9090));
  assert.deepEqual(targets(graph), [9090]);
});

test('the pods that Lattice deploys keep the number of their version while they live, whatever the Service says already', () => {
  const graph = graphOf(deployed(9090), kubeService(9090), pod('old', 8080, 'http'), pod('new', 9090, 'http'));
  assert.deepEqual(targets(graph), [8080, 9090]);
  graph.delete({ kind: 'fact', id: 'Pod n/old' });
  assert.deepEqual(targets(graph), [9090]);
});

test('a Service alone opens no other number than the declared one: its pods must list it', () => {
  assert.deepEqual(targets(graphOf(adopted(8080), kubeService(22), pod('a', 8080))), [8080]);
  assert.deepEqual(targets(graphOf(adopted(8080), kubeService(22))), [8080]);
});

test('pods of manifests are not the ones that run: a declared number is the only one', () => {
  const inputs = [adopted(9090), kubeService(8080), pod('old', 8080)];
  const graph = ServiceGraph.of(inputs, { mesh: 'none', exemptions: exemptionsOf() });
  assert.deepEqual(targets(graph), [9090]);
});
