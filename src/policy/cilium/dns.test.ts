import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXEMPTIONS, egressTo } from '../kubernetes/testing/views.ts';
import { agreedNames, canMatchNames } from './dns.ts';

test('the agreed names are sorted, each once, and without addresses', () => {
  const links = [
    egressTo('a/x', 'https://b.example.com', 'tcp://b.example.com:99', 'tcp://10.0.0.0/8:1'),
    egressTo('a/y', 'https://*.a.example.com', 'https://B.example.com'),
  ];
  assert.deepEqual(agreedNames(links), [{ matchPattern: '*.a.example.com' }, { matchName: 'b.example.com' }]);
});

test('names are matched only with a resolver, a port and a cluster domain that a pattern can hold', () => {
  const { dns, network } = EXEMPTIONS;
  assert.equal(canMatchNames(EXEMPTIONS), true);
  assert.equal(canMatchNames({ ...EXEMPTIONS, dns: { ...dns, resolvers: [] } }), false);
  assert.equal(canMatchNames({ ...EXEMPTIONS, dns: { ...dns, ports: [] } }), false);
  const hidden = [{ namespace: 'kube-system', labels: { 'pod-template-hash': 'x' } }];
  assert.equal(canMatchNames({ ...EXEMPTIONS, dns: { ...dns, resolvers: hidden } }), false);
  for (const clusterDomain of ['', 'not a domain', 'a'.repeat(251), `${'a'.repeat(200)}!`]) {
    assert.equal(canMatchNames({ ...EXEMPTIONS, network: { ...network, clusterDomain } }), false, clusterDomain);
  }
});
