import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DatapathEvidence, judgeDatapath } from './datapath.ts';

const on = (more: Partial<DatapathEvidence>): string[] => {
  const none = {
    plugins: ['ptp'],
    interfaces: [],
    bridges: [],
    bridgeCalls: { 4: undefined, 6: undefined },
    cilium: undefined,
  };
  return judgeDatapath({ ...none, ...more }).map((each) => `${each.class} ${each.reason}`);
};

test('a routed network takes every packet through netfilter', () => {
  assert.deepEqual(on({}), []);
});

test('pods on a bridge are filtered among themselves only where the bridge calls netfilter', () => {
  assert.deepEqual(on({ plugins: ['flannel', 'portmap'] }), ['SameNode BridgeNotFiltered']);
  assert.deepEqual(on({ plugins: ['bridge'], bridgeCalls: { 4: '1', 6: '0' } }), ['SameNode BridgeNotFiltered']);
  assert.deepEqual(on({ plugins: ['bridge'], bridgeCalls: { 4: '1', 6: '1' } }), []);
});

test('eBPF forwarding is bypassed netfilter', () => {
  assert.deepEqual(on({ plugins: ['calico'], interfaces: ['bpfin.cali'] }), [
    'CrossNode CalicoEbpf',
    'SameNode CalicoEbpf',
  ]);
  assert.deepEqual(on({ plugins: ['calico'] }), []);
  const host = { 'kube-proxy-replacement': 'true', 'enable-bpf-masquerade': 'true' };
  assert.deepEqual(on({ plugins: ['cilium-cni'], cilium: host }), [
    'CrossNode CiliumHostRouting',
    'SameNode CiliumHostRouting',
  ]);
  const legacy = { ...host, 'enable-host-legacy-routing': 'true' };
  assert.deepEqual(on({ plugins: ['cilium-cni'], cilium: legacy }), ['SameNode CiliumLocalDelivery']);
  assert.deepEqual(on({ plugins: ['cilium-cni'], cilium: { ...legacy, 'enable-endpoint-routes': 'true' } }), []);
});

test('what cannot be seen counts as bypassed', () => {
  assert.deepEqual(on({ plugins: undefined }), ['CrossNode DatapathUnknown', 'SameNode DatapathUnknown']);
  assert.deepEqual(on({ plugins: ['cilium-cni'] }), ['CrossNode DatapathUnknown', 'SameNode DatapathUnknown']);
});
