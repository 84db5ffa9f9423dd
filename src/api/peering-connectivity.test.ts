import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject } from './parse.ts';

const peering = (rules: unknown) => ({
  apiVersion: 'security.liqo.io/v1',
  kind: 'PeeringConnectivity',
  metadata: { name: 'rome', namespace: 'liqo-tenant-rome' },
  spec: { rules },
});
const issues = (raw: Readonly<Record<string, unknown>>) => {
  const parsed = parseObject(raw);
  return parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test('all six groups and namespaces are accepted, on either side, and so is a spec without rules', () => {
  const groups = ['local-cluster', 'remote-cluster', 'offloaded', 'vc-local', 'vc-remote', 'private-subnets'];
  const parties = [...groups.map((group) => ({ group })), { namespace: 'shop' }];
  const rules = parties.flatMap((party) => [
    { action: 'allow', source: party },
    { action: 'deny', destination: party },
  ]);
  assert.deepEqual(issues(peering([...rules, { action: 'deny' }])), []);
  assert.deepEqual(issues({ ...peering([]), spec: {} }), []);
});

test('a rule without action is refused, and the reason names the two that there are', () => {
  assert.deepEqual(issues(peering([{ source: { group: 'offloaded' } }])), [
    'spec.rules.0.action: is missing: must be "allow" or "deny"',
  ]);
  assert.deepEqual(issues(peering([{ action: 'drop' }])), [
    'spec.rules.0.action: must be "allow" or "deny", found "drop"',
  ]);
});

test('a party that names nothing, two things or an unknown group is refused: it would match more than was meant', () => {
  const one = 'needs exactly one of group and namespace; leave the party out if any address is meant';
  assert.deepEqual(issues(peering([{ action: 'allow', source: {} }])), [`spec.rules.0.source: ${one}`]);
  assert.deepEqual(issues(peering([{ action: 'allow', destination: { group: 'offloaded', namespace: 'a' } }])), [
    `spec.rules.0.destination: ${one}`,
  ]);
  assert.match(issues(peering([{ action: 'allow', source: { group: 'leaf' } }]))[0] ?? '', /"local-cluster" or /);
  assert.deepEqual(issues(peering([{ action: 'allow', source: null }])), ['spec.rules.0.source: must be a map']);
});

test('another version or kind of the group is refused with the one that is served', () => {
  assert.deepEqual(issues({ ...peering([]), apiVersion: 'security.liqo.io/v2' }), [
    'apiVersion: "security.liqo.io/v2" is not served',
  ]);
  assert.deepEqual(issues({ ...peering([]), kind: 'LatticeService' }), [
    'kind: "LatticeService" is not a kind of security.liqo.io/v1',
  ]);
});
