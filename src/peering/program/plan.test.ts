import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FirewallProgram, type PeeringConnectivity, parseObject } from '../../api/index.ts';
import { localNetwork, offloading, peerNetwork, pod, type RawObject } from '../testing/objects.ts';
import { readFact, Topology } from '../topology/index.ts';
import { judgeAll, judgeOf } from './judge.ts';
import { type Plan, planOf } from './plan.ts';
import { programOf } from './program.ts';

function peering(rules: unknown, namespace = 'liqo-tenant-rome'): PeeringConnectivity {
  const parsed = parseObject({
    apiVersion: 'security.liqo.io/v1',
    kind: 'PeeringConnectivity',
    metadata: { name: 'rome', namespace },
    spec: { rules },
  });
  assert.ok(parsed.ok && parsed.value.kind === 'PeeringConnectivity');
  return parsed.value;
}

const topologyOf = (...objects: readonly RawObject[]): Topology =>
  Topology.of(objects.flatMap((object) => readFact(object) ?? []));
const planned = (rules: unknown, topology: Topology): Plan => {
  const plan = planOf(peering(rules), (owner) => topology.rangesOf(owner));
  assert.ok(plan.kind === 'plan');
  return plan;
};
const compiled = (rules: unknown, topology: Topology): FirewallProgram =>
  programOf(planned(rules, topology), (set) => topology.membersOf(set), { generation: 1 });

const world = topologyOf(
  localNetwork('10.200.0.0/16'),
  peerNetwork('rome', '10.61.0.0/16'),
  offloading('demo'),
  pod('demo-rome', 'web', { ip: '10.200.1.4', origin: 'rome' }),
  pod('demo-rome', 'api', { ip: '10.200.1.9', origin: 'rome' }),
  pod('demo', 'own', { ip: '10.200.2.1' }),
);
const [remote, web, api, own, other] = ['10.61.0.7', '10.200.1.4', '10.200.1.9', '10.200.2.1', '10.200.9.9'];

test("the provider's example allows and denies what its author expects, in both directions", () => {
  const judge = judgeOf(
    compiled(
      [
        { source: { group: 'remote-cluster' }, destination: { group: 'offloaded' }, action: 'allow' },
        { source: { group: 'offloaded' }, destination: { group: 'remote-cluster' }, action: 'allow' },
        { source: { group: 'offloaded' }, destination: { group: 'offloaded' }, action: 'allow' },
        { source: { group: 'offloaded' }, action: 'deny' },
        { source: { group: 'remote-cluster' }, action: 'deny' },
      ],
      world,
    ),
  );
  const verdicts: readonly (readonly [string, string, boolean])[] = [
    [remote, web, true],
    [web, remote, true],
    [web, api, true],
    [web, own, false],
    [web, '1.1.1.1', false],
    [remote, own, false],
    [own, web, true],
    [own, remote, true],
    [other, web, true],
  ];
  for (const [source, destination, allowed] of verdicts)
    assert.equal(judge({ source, destination }).allowed, allowed, `${source} -> ${destination}`);
});

test('private-subnets is exact: the first and last address of each range are in, their neighbours are not', () => {
  const judge = judgeOf(compiled([{ destination: { group: 'private-subnets' }, action: 'deny' }], world));
  const denied = (destination: string): boolean => !judge({ source: '1.1.1.1', destination }).allowed;
  for (const inside of ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'])
    assert.ok(denied(inside), inside);
  for (const outside of ['9.255.255.255', '11.0.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0'])
    assert.ok(!denied(outside), outside);
});

test('the first rule that matches decides, and nothing that no rule matches is denied', () => {
  const rules = [
    { source: { namespace: 'demo' }, action: 'deny' },
    { action: 'allow' },
    { source: { group: 'offloaded' }, action: 'deny' },
  ];
  const judge = judgeOf(compiled(rules, world));
  assert.deepEqual(judge({ source: own, destination: web }).rule?.name, 'deny-0');
  assert.equal(judge({ source: web, destination: own }).rule?.name, 'allow-1');
  assert.equal(judgeOf(compiled([], world))({ source: web, destination: own }).rule, undefined);
});

test('a contested address is denied where a deny means it, and never allowed because of the pod that is going', () => {
  const topology = topologyOf(
    pod('a', 'guest', { ip: web, origin: 'rome', leaving: true }),
    pod('b', 'heir', { ip: web }),
  );
  const rules = [
    { source: { group: 'offloaded' }, destination: { namespace: 'shop' }, action: 'allow' },
    { source: { group: 'offloaded' }, action: 'deny' },
  ];
  const judge = judgeOf(compiled(rules, topology));
  assert.equal(judge({ source: web, destination: own }).rule?.name, 'deny-1-contested-source');
});

test('a CIDR that is not known any more is denied on, and not allowed any more', () => {
  const topology = topologyOf(peerNetwork('rome', '10.61.0.0/16'));
  const fact = readFact(peerNetwork('rome', ''), true);
  assert.ok(fact);
  topology.apply(fact);
  const allow = { source: { group: 'remote-cluster' }, destination: { group: 'offloaded' }, action: 'allow' };
  const plan = planned([allow, { source: { group: 'remote-cluster' }, action: 'deny' }], topology);
  assert.deepEqual(plan.rules[0]?.rule.source, { cidrs: [] });
  assert.deepEqual(plan.rules[1]?.rule.source, { cidrs: ['10.61.0.0/16'] });
  assert.deepEqual(plan.missing, [{ group: 'remote-cluster', kept: ['10.61.0.0/16'] }]);
});

test('a peering outside of a tenant namespace is refused with the namespace to use', () => {
  const refused = planOf(peering([], 'default'), () => ({ now: [], last: [] }));
  assert.ok(refused.kind === 'refused');
  assert.equal(refused.code, 'ClusterIDExtractionFailed');
  assert.match(refused.message, /does not have the expected prefix/);
  assert.match(refused.fix, /liqo-tenant-<cluster-id>/);
});

test('rules that come to more than a kernel loads at once are refused, not cut', () => {
  const many = (count: number) =>
    planOf(peering(Array.from({ length: count }, () => ({ source: { group: 'offloaded' }, action: 'deny' }))), () => ({
      now: [],
      last: [],
    })).kind;
  assert.equal(many(5000), 'plan');
  assert.equal(many(5001), 'refused');
});

test('with several peerings every program must allow', () => {
  const open = judgeOf(compiled([{ action: 'allow' }], world));
  const closed = judgeOf(compiled([{ source: { group: 'offloaded' }, action: 'deny' }], world));
  assert.ok(!judgeAll([open, closed], { source: web, destination: own }).allowed);
  assert.ok(judgeAll([open, closed], { source: own, destination: web }).allowed);
  assert.ok(
    judgeOf({ ...compiled([{ action: 'deny' }], world), disarmed: true })({ source: web, destination: own }).allowed,
  );
});

test('the names of sets keep namespaces apart, and fit what Liqo accepts', () => {
  const names = ['a-b', 'a', 'contested', 'offloaded'].map((namespace) => ({ source: { namespace }, action: 'deny' }));
  const plan = planned([...names, { source: { group: 'offloaded' }, action: 'deny' }], world);
  assert.equal(new Set(plan.sets.map(({ name }) => name)).size, 10);
  for (const { name } of plan.sets) assert.match(name, /^[a-zA-Z][a-zA-Z0-9/\\_.]*$/);
});
