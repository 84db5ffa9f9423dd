import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configuration, localNetwork, node, offloading, peerNetwork, pod, type RawObject } from '../testing/objects.ts';
import { clusterIdOf, tenantNamespaceOf } from '../tenant.ts';
import { readFact } from './read-fact.ts';
import { LOCAL, namespaceSet, offloadedSet, peerRanges, Topology, VC_LOCAL, vcRemoteSet } from './topology.ts';

const topologyOf = (...objects: readonly RawObject[]): Topology =>
  Topology.of(objects.flatMap((object) => readFact(object) ?? []));
const put = (topology: Topology, object: RawObject, gone = false): string[] => {
  const fact = readFact(object, gone);
  assert.ok(fact);
  return [...topology.apply(fact).sets].sort();
};
const sure = (topology: Topology, set: string): readonly string[] => topology.membersOf(set).sure.sorted();
const contested = (topology: Topology, set: string): readonly string[] => topology.membersOf(set).contested.sorted();

test('V1: the cluster id is what follows liqo-tenant-, and any other namespace has none', () => {
  assert.equal(tenantNamespaceOf('test-cluster-123'), 'liqo-tenant-test-cluster-123');
  assert.equal(clusterIdOf('liqo-tenant-my-cluster-id'), 'my-cluster-id');
  assert.equal(clusterIdOf('liqo-tenant-abc'), 'abc');
  for (const other of ['default', 'kube-system-test', 'liqo-tenant', 'liqo-tenant-', ''])
    assert.equal(clusterIdOf(other), undefined, other);
});

test('V2: CIDRs come from the Networks of Liqo 1.0 to 1.2, by label or by name, as this cluster sees them', () => {
  const unlabelled = (object: RawObject): RawObject => ({
    ...object,
    metadata: { ...object.metadata, labels: {} },
  });
  for (const known of [
    [localNetwork('10.0.0.0/16'), peerNetwork('abc', '10.2.0.0/16')],
    [unlabelled(localNetwork('10.0.0.0/16')), unlabelled(peerNetwork('abc', '10.2.0.0/16'))],
    [localNetwork('10.0.0.0/16', 'pod-cidr-10-0-0-0-16'), peerNetwork('abc', '10.2.0.0/16', 'abc-pod-10-0-0-0-16')],
    [configuration('abc', ['10.0.0.0/16'], ['10.2.0.0/16'])],
  ]) {
    const topology = topologyOf(...known);
    assert.deepEqual(topology.rangesOf(LOCAL).now, ['10.0.0.0/16']);
    assert.deepEqual(topology.rangesOf(peerRanges('abc')).now, ['10.2.0.0/16']);
    assert.deepEqual(topology.rangesOf(peerRanges('other')).now, []);
  }
});

test('several CIDRs of a peer are all its own, host bits are cleared, a Network that waits for its range tells nothing', () => {
  const topology = topologyOf(
    peerNetwork('abc', '10.3.1.7/16', 'abc-pod-10-1-0-0-16'),
    peerNetwork('abc', '10.2.0.0/16', 'abc-pod-10-0-0-0-16'),
    peerNetwork('xyz', ''),
  );
  assert.deepEqual(topology.rangesOf(peerRanges('abc')).now, ['10.2.0.0/16', '10.3.0.0/16']);
  assert.deepEqual(topology.rangesOf(peerRanges('xyz')), { now: [], last: [] });
});

test("the peer's external CIDR and its own view of its pods are never taken for its pods", () => {
  const external = peerNetwork('abc', '10.71.0.0/16', 'abc-external');
  const topology = topologyOf(
    { ...external, metadata: { ...external.metadata, labels: { 'configuration.liqo.io/cidr-type': 'external' } } },
    configuration('abc', [], []),
  );
  assert.deepEqual(topology.rangesOf(peerRanges('abc')).now, []);
});

test('a Network that disappears stays known as the last one, until another tells', () => {
  const topology = topologyOf(peerNetwork('abc', '10.2.0.0/16'));
  put(topology, peerNetwork('abc', ''), true);
  assert.deepEqual(topology.rangesOf(peerRanges('abc')), { now: [], last: ['10.2.0.0/16'] });
  put(topology, peerNetwork('abc', '10.9.0.0/16'));
  assert.deepEqual(topology.rangesOf(peerRanges('abc')), { now: ['10.9.0.0/16'], last: ['10.9.0.0/16'] });
});

test('V3: shadow pods belong to the peer behind their virtual node, whatever the node is called', () => {
  const topology = topologyOf(
    node('milan-gpu', 'milan'),
    node('worker', undefined),
    pod('a', 'one', { ip: '10.61.0.1', shadow: true, node: 'milan-gpu' }),
    pod('b', 'two', { ip: '10.61.0.2', shadow: true, node: 'milan-gpu' }),
    pod('b', 'named', { ip: '10.61.0.3', shadow: true, node: 'milan' }),
    pod('b', 'other', { ip: '10.62.0.1', shadow: true, node: 'rome' }),
    pod('b', 'fake', { ip: '10.0.0.9', shadow: true, node: 'worker' }),
    pod('b', 'plain', { ip: '10.0.0.8', node: 'milan-gpu' }),
  );
  assert.deepEqual(sure(topology, vcRemoteSet('milan')), ['10.61.0.1', '10.61.0.2', '10.61.0.3']);
  assert.deepEqual(put(topology, node('milan', undefined)), ['vc-remote/milan'], 'an ordinary node after all');
  assert.deepEqual(sure(topology, vcRemoteSet('milan')), ['10.61.0.1', '10.61.0.2']);
});

test('V4, V5: offloaded is by origin, vc-local by the namespace without its shadow pods', () => {
  const topology = topologyOf(
    offloading('demo'),
    pod('demo', 'real', { ip: '10.0.0.1' }),
    pod('demo', 'shadow', { ip: '10.61.0.1', shadow: true, node: 'milan' }),
    pod('other', 'plain', { ip: '10.0.0.2' }),
    pod('any', 'guest', { ip: '10.0.0.3', origin: 'rome' }),
    pod('any', 'guest2', { ip: '10.0.0.4', origin: 'paris' }),
  );
  assert.deepEqual(sure(topology, VC_LOCAL), ['10.0.0.1']);
  assert.deepEqual(sure(topology, offloadedSet('rome')), ['10.0.0.3']);
  assert.deepEqual(sure(topology, namespaceSet('demo')), ['10.0.0.1', '10.61.0.1']);
  assert.deepEqual(put(topology, offloading('demo'), true), ['vc-local']);
  assert.deepEqual(sure(topology, VC_LOCAL), []);
});

test('V6: addresses are canonical and of both families; none, of the host network, or of an ended pod are left out', () => {
  const topology = topologyOf(
    pod('a', 'one', { ips: ['10.0.0.1', '2001:DB8:0::1'] }),
    pod('a', 'two', { ip: '' }),
    pod('a', 'three', {}),
    pod('a', 'four', { ip: '10.0.0.4', hostNetwork: true }),
    pod('a', 'five', { ip: '10.0.0.5', phase: 'Succeeded' }),
    pod('a', 'six', { ip: '10.0.0.6', phase: 'Failed' }),
  );
  assert.deepEqual(sure(topology, namespaceSet('a')), ['10.0.0.1', '2001:db8::1']);
  assert.ok(topology.hasIPv6);
  put(topology, pod('a', 'one', { ip: '10.0.0.1' }));
  assert.ok(!topology.hasIPv6);
});

test('a terminating pod stays a member until its containers have ended', () => {
  const topology = topologyOf(pod('a', 'guest', { ip: '10.0.0.3', origin: 'rome', leaving: true }));
  assert.deepEqual(sure(topology, offloadedSet('rome')), ['10.0.0.3']);
  assert.deepEqual(
    put(topology, pod('a', 'guest', { ip: '10.0.0.3', origin: 'rome', leaving: true, phase: 'Succeeded' })),
    ['namespace/a', 'offloaded/rome'],
  );
  assert.deepEqual(sure(topology, offloadedSet('rome')), []);
});

test('an address of two pods is contested where only one of them qualifies, and the living one decides', () => {
  const guest = { ip: '10.0.0.3', origin: 'rome' };
  const topology = topologyOf(pod('a', 'guest', { ...guest, leaving: true }), pod('b', 'heir', { ip: '10.0.0.3' }));
  assert.deepEqual(sure(topology, offloadedSet('rome')), []);
  assert.deepEqual(contested(topology, offloadedSet('rome')), ['10.0.0.3']);
  assert.deepEqual(sure(topology, namespaceSet('b')), ['10.0.0.3']);
  assert.deepEqual(contested(topology, namespaceSet('a')), ['10.0.0.3']);
  // The other way round the heir qualifies, and nobody else is alive.
  const other = topologyOf(pod('b', 'old', { ip: '10.0.0.3', leaving: true }), pod('a', 'guest', guest));
  assert.deepEqual(sure(other, offloadedSet('rome')), ['10.0.0.3']);
  put(topology, pod('a', 'guest', guest), true);
  assert.deepEqual(contested(topology, offloadedSet('rome')), []);
});

test('an event names the sets that it changed, and an event that says nothing new names none', () => {
  const topology = topologyOf(pod('a', 'one', { ip: '10.0.0.1', origin: 'rome' }));
  assert.deepEqual(put(topology, pod('a', 'one', { ip: '10.0.0.1', origin: 'rome' })), []);
  assert.deepEqual(put(topology, pod('a', 'one', { ip: '10.0.0.2', origin: 'rome' })), [
    'namespace/a',
    'offloaded/rome',
  ]);
  assert.deepEqual(put(topology, pod('a', 'two', {})), []);
});
