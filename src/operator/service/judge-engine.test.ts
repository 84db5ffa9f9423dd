import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { judgeCilium, judgeIstio } from './judge-engine.ts';

const reasons = (judged: ReturnType<typeof judgeCilium>) => ({
  closed: judged.closed.map(({ reason }) => reason),
  weak: judged.weak.map(({ reason }) => reason),
});

suite('what the engines’ own configuration means', () => {
  test('a cluster of another name than the flag’s is not written to, because no peer would match', () => {
    const judged = judgeCilium({ 'cluster-name': 'rome' }, { clusterName: 'default' });
    assert.deepEqual(reasons(judged), { closed: ['ClusterNameDiffers'], weak: [] });
    assert.match(judged.closed[0]?.message ?? '', /--cluster-name rome/);
    assert.deepEqual(reasons(judgeCilium({}, { clusterName: 'default' })), { closed: [], weak: [] });
  });
  for (const [key, value, reason] of [
    ['enable-policy', 'never', 'PolicyEnforcementOff'],
    ['enable-policy', 'always', 'PolicyEnforcementAlways'],
    ['policy-audit-mode', 'true', 'PolicyAuditMode'],
    ['enable-l7-proxy', 'false', 'DnsProxyOff'],
  ] as const) {
    test(`Cilium with ${key}: ${value} is said to be weak`, () => {
      assert.deepEqual(reasons(judgeCilium({ [key]: value }, { clusterName: 'default' })).weak, [reason]);
    });
  }
  test('a mesh of another trust domain than the flag’s is not written to', () => {
    const judged = judgeIstio({ mesh: 'trustDomain: corp.example\n' }, { trustDomain: 'cluster.local' });
    assert.deepEqual(reasons(judged).closed, ['TrustDomainDiffers']);
    assert.deepEqual(
      reasons(judgeIstio({ mesh: 'rootNamespace: istio-system\n' }, { trustDomain: 'cluster.local' })).closed,
      [],
    );
  });
  test('a mesh configuration that is no YAML is said to be unreadable', () => {
    assert.deepEqual(reasons(judgeIstio({ mesh: '{' }, { trustDomain: 'cluster.local' })).weak, [
      'MeshConfigUnreadable',
    ]);
  });
  test('without a configuration nothing is assumed', () => {
    assert.deepEqual(reasons(judgeCilium(undefined, { clusterName: 'x' })), { closed: [], weak: [] });
    assert.deepEqual(reasons(judgeIstio(undefined, { trustDomain: 'x' })), { closed: [], weak: [] });
  });
});
