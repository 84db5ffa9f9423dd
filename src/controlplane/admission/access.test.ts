import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject } from '../json.ts';
import { createStore } from '../store/store.ts';
import { type Access, judgeAccess } from './access.ts';

const RBAC = 'rbac.authorization.k8s.io';

/** Whether jane, of group dev, may do it with one role of these rules, bound in namespace a or in the cluster. */
function may(
  rule: JsonObject,
  access: Partial<Access>,
  scope: 'a' | 'cluster' = 'a',
  subject: JsonObject = { kind: 'User', name: 'jane' },
): boolean {
  const store = createStore(1);
  const role = { metadata: { name: 'r' }, rules: [rule] };
  const roleRef = { kind: 'ClusterRole', name: 'r' };
  store.put(`${RBAC}/clusterroles`, 'r', role);
  const binding = { kind: 'Binding', roleRef, subjects: [subject] };
  if (scope === 'a') store.put(`${RBAC}/rolebindings`, 'a/b', { ...binding, metadata: { name: 'b', namespace: 'a' } });
  else store.put(`${RBAC}/clusterrolebindings`, 'b', { ...binding, metadata: { name: 'b' } });
  const asked = { verb: 'get', group: '', resource: 'pods', namespace: 'a', name: 'x', path: '', ...access };
  return judgeAccess(store, { name: 'jane', groups: ['dev'] }, asked).allowed;
}

const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'] };

test('a rule allows exactly its verbs, groups, resources and names', () => {
  assert.ok(may(rule, {}));
  assert.ok(!may(rule, { verb: 'list' }));
  assert.ok(!may(rule, { group: 'apps' }));
  assert.ok(!may(rule, { resource: 'secrets' }));
  assert.ok(!may(rule, { resource: 'pods/log' }));
  assert.ok(may({ ...rule, resources: ['*/log'] }, { resource: 'pods/log' }));
  assert.ok(may({ ...rule, resourceNames: ['x'] }, {}));
  assert.ok(!may({ ...rule, resourceNames: ['y'] }, {}));
  assert.ok(!may({ ...rule, resourceNames: ['y'] }, { name: '' }));
  assert.ok(may({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verb: 'delete', group: 'x', resource: 'y' }));
});

test('a binding in a namespace opens nothing outside it, one in the cluster everything', () => {
  assert.ok(!may(rule, { namespace: 'b' }));
  assert.ok(!may(rule, { namespace: '' }));
  assert.ok(may(rule, { namespace: 'b' }, 'cluster'));
  assert.ok(may(rule, { namespace: '' }, 'cluster'));
});

test('subjects are users, groups and service accounts, by their whole name', () => {
  assert.ok(may(rule, {}, 'a', { kind: 'Group', name: 'dev' }));
  assert.ok(!may(rule, {}, 'a', { kind: 'Group', name: 'jane' }));
  assert.ok(!may(rule, {}, 'a', { kind: 'User', name: 'dev' }));
  assert.ok(!may(rule, {}, 'a', { kind: 'ServiceAccount', name: 'jane', namespace: 'a' }));
});

test('paths are for those who are given them, but discovery is for everybody', () => {
  const metrics = { verbs: ['get'], nonResourceURLs: ['/metrics', '/logs/*'] };
  const path = (text: string) => ({ resource: '', namespace: '', name: '', path: text });
  assert.ok(may(metrics, path('/metrics'), 'cluster'));
  assert.ok(may(metrics, path('/logs/x'), 'cluster'));
  assert.ok(!may(metrics, path('/metricsx'), 'cluster'));
  assert.ok(may(rule, path('/apis'), 'cluster'));
  assert.ok(!may(rule, path('/apisx'), 'cluster'));
});
