import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LatticeService } from '../api/index.ts';
import { exemptionsOf, findingsOf, ServiceGraph, type Fact, type Settings } from './index.ts';

const SETTINGS: Settings = { mesh: 'ambient', exemptions: exemptionsOf() };

function service(name: string, labels: Readonly<Record<string, string>>): LatticeService {
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name, namespace: 'n' },
    spec: { selector: { matchLabels: labels }, service: { ports: { http: { port: 80, targetPort: 'web' } } } },
  };
}

function pod(name: string, labels: Readonly<Record<string, string>>, account = 'cart', port = 8080): Fact {
  return {
    kind: 'pod',
    id: `Pod n/${name}`,
    namespace: 'n',
    labels,
    account,
    hostNetwork: false,
    ports: [{ name: 'web', port, protocol: 'TCP' }],
    dataplane: undefined,
  };
}

const LABELS = { app: 'cart', 'pod-template-hash': 'one' };

test('replicas that are alike are followed once: only the first that comes and the last that goes affect the service', () => {
  const graph = new ServiceGraph(SETTINGS);
  graph.put(service('cart', { app: 'cart' }));
  assert.deepEqual([...graph.put(pod('a', LABELS))], ['service:n/cart']);
  const resolved = graph.state.workloads.get('n/cart');
  for (let replica = 0; replica < 100; replica++) assert.equal(graph.put(pod(`b${replica}`, LABELS)).size, 0);
  assert.equal(graph.delete({ kind: 'fact', id: 'Pod n/a' }).size, 0);
  assert.equal(graph.state.workloads.get('n/cart'), resolved);
  assert.equal([...graph.state.podGroups.values()].length, 1);
  for (let replica = 1; replica < 100; replica++)
    assert.equal(graph.delete({ kind: 'fact', id: `Pod n/b${replica}` }).size, 0);
  assert.deepEqual([...graph.delete({ kind: 'fact', id: 'Pod n/b0' })], ['service:n/cart']);
  assert.deepEqual(graph.state.workloads.get('n/cart')?.ports, []);
});

test('a pod that differs in its ports or account is a group of its own, and both are admitted while they live', () => {
  const graph = new ServiceGraph(SETTINGS);
  graph.put(service('cart', { app: 'cart' }));
  graph.put(pod('a', LABELS));
  assert.equal(graph.put(pod('b', { ...LABELS, 'pod-template-hash': 'two' }, 'till', 9090)).size, 1);
  assert.deepEqual(graph.state.workloads.get('n/cart')?.accounts, ['cart', 'till']);
  assert.deepEqual(graph.state.workloads.get('n/cart')?.ports[0]?.targetPorts, [8080, 9090]);
  // The same pod, rewritten: it leaves one group and joins another.
  assert.equal(graph.put(pod('a', { ...LABELS, 'pod-template-hash': 'two' }, 'till', 9090)).size, 1);
  assert.deepEqual(graph.state.workloads.get('n/cart')?.accounts, ['till']);
});

test('a finding about a shared identity names each of the strangers that are alike', () => {
  const graph = new ServiceGraph(SETTINGS);
  const caller = service('cart', { app: 'cart' });
  const callee = service('store', { app: 'store' });
  graph.put({
    ...caller,
    spec: { ...caller.spec, serviceAccount: 'cart', resources: { store: { direction: 'outbound' } } },
  });
  graph.put({
    ...callee,
    spec: {
      ...callee.spec,
      serviceAccount: 'store',
      service: { ports: { http: { port: 80 } } },
      resources: { cart: { direction: 'inbound' } },
    },
  });
  for (const name of ['x', 'y']) graph.put(pod(name, { app: 'stranger' }));
  const messages = findingsOf(graph).flatMap((each) => (each.code === 'SharedIdentity' ? [each.message] : []));
  assert.match(messages.join('\n'), /: Pod n\/x, Pod n\/y;/);
});
