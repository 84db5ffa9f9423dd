import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addFromKubernetes, unselectable, unselectableAccount } from './label.ts';

test("C13: labels of one's own and the recommended ones can be selected by", () => {
  for (const key of [
    'app',
    'app.kubernetes.io/name',
    'example.com/tier',
    'gateway.networking.k8s.io/gateway-name',
    'istio.io/rev',
  ]) {
    assert.equal(unselectable({ [key]: 'x' }), undefined, key);
  }
});

test('C13: labels that the default filter leaves out of identities cannot', () => {
  for (const key of [
    'pod-template-hash',
    'controller-revision-hash',
    'statefulset.kubernetes.io/pod-name',
    'apps.kubernetes.io/pod-index',
    'batch.kubernetes.io/controller-uid',
    'topology.kubernetes.io/zone',
    'beta.kubernetes.io/os',
    'node.beta.kubernetes.io/x',
    'kubernetes.io/os',
    'k8s.io/x',
  ]) {
    assert.match(unselectable({ app: 'x', [key]: 'x' }) ?? '', /identity/, key);
  }
});

test('a key is at the limit with 59 characters, because the agent puts its source before it', () => {
  assert.equal(unselectable({ ['k'.repeat(59)]: 'x' }), undefined);
  assert.match(unselectable({ ['k'.repeat(60)]: 'x' }) ?? '', /too long/);
  assert.equal(unselectable({ [`${'p'.repeat(249)}/${'k'.repeat(63)}`]: 'x' }), undefined);
  assert.match(unselectable({ [`${'p'.repeat(250)}/k`]: 'x' }) ?? '', /too long/);
});

test('an account is a label value: 63 characters', () => {
  assert.equal(unselectableAccount(['a'.repeat(63)]), undefined);
  assert.match(unselectableAccount(['a', 'b'.repeat(64)]) ?? '', /longer than 63/);
});

test('C11: the source is written before each key', () => {
  const matchLabels = {};
  addFromKubernetes(matchLabels, { app: 'a', tier: 'b' });
  assert.deepEqual(matchLabels, { 'k8s:app': 'a', 'k8s:tier': 'b' });
});
