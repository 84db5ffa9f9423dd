import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeTrial } from './judge.ts';
import { backOf, type CanaryPod, planTrial, type Probe } from './plan.ts';
import { countKey, countsIn } from './table.ts';

const A: CanaryPod = { name: 'a', node: 'n1', addresses: ['10.0.1.2', 'fd00:1::2'] };
const B: CanaryPod = { name: 'b', node: 'n1', addresses: ['10.0.1.3', 'fd00:1::3'] };
const FAR: CanaryPod = { name: 'far', node: 'n2', addresses: ['10.0.2.2', 'fd00:2::2'] };
const { probes } = planTrial({
  local: [A, B],
  remote: FAR,
  nodeAddresses: ['192.0.2.1', '2001:db8::1'],
  random: () => 0.5,
});

/** A trial in which each probe is counted, and arrives, unless it is said otherwise. */
function trial(isCounted: (probe: Probe) => boolean, isArrived: (probe: Probe) => boolean) {
  const counts = new Map(probes.map((probe) => [countKey(probe), isCounted(probe) ? 1 : 0]));
  const arrived = probes.filter((probe) => isArrived(probe));
  const answered = arrived.filter(({ leg }) => leg !== 'in').map(({ id }) => id);
  const returned = arrived
    .filter(({ leg }) => leg === 'in')
    .map(({ id, source, sourcePort }) => ({ id: id.replace('-back', ''), source, sourcePort }));
  return { probes, counts, outcomes: [{ kind: 'outcome', trial: 't', answered, returned }] } as const;
}
const verdicts = (seen: Parameters<typeof judgeTrial>[0]): string =>
  Object.entries(judgeTrial(seen))
    .map(([way, { canary }]) => `${way} ${canary}`)
    .toSorted()
    .join(', ');
const all = (): boolean => true;
const none = (): boolean => false;

test('a way whose datagrams are all counted passes, whether they arrive or are dropped by a program', () => {
  const passed = 'CrossNode Passed, SameNode Passed, ToNode Passed';
  assert.equal(verdicts(trial(all, all)), passed);
  assert.equal(verdicts(trial(all, none)), passed);
});

test('one datagram that arrives without being counted proves its way bypassed, and no other', () => {
  for (const one of probes) {
    const seen = judgeTrial(trial((probe) => probe !== one, all));
    for (const way of ['SameNode', 'CrossNode', 'ToNode'] as const) {
      assert.equal(seen[way].canary, way === one.class ? 'Bypassed' : 'Passed', `${one.class} ${one.leg}`);
    }
    assert.match(seen[one.class].message, new RegExp(`hook ${one.hook} did not see: ${one.leg}, IPv${one.family}`));
  }
});

test('what neither arrives nor is counted proves nothing, and a direction that nobody saw is no pass', () => {
  assert.equal(verdicts(trial(none, none)), 'CrossNode Unseen, SameNode Unseen, ToNode Unseen');
  const isIn = ({ leg, family }: Probe): boolean => leg === 'in' && family === 6;
  const seen = judgeTrial(
    trial(
      (probe) => !isIn(probe),
      (probe) => !isIn(probe),
    ),
  );
  assert.deepEqual(seen.CrossNode, {
    canary: 'Unseen',
    message: 'out, IPv4: 4 of 4 counted; in, IPv4: 4 of 4 counted; out, IPv6: 4 of 4 counted; in, IPv6: 0 of 4 counted',
  });
});

test('a way that nothing was sent on is not passed, and the report says who is missing', () => {
  const alone = probes.filter((probe) => probe.class === 'ToNode');
  const seen = judgeTrial({ ...trial(all, all), probes: alone });
  assert.equal(seen.ToNode.canary, 'Passed');
  assert.deepEqual([seen.SameNode.canary, seen.CrossNode.canary], ['Unseen', 'Unseen']);
  assert.match(seen.SameNode.message, /^two canary pods of this node are not connected/);
});

test('one datagram of a direction may be lost', () => {
  const lost = new Set(
    [...Map.groupBy(probes, (probe) => countKey({ ...probe, sourcePort: 0 })).values()].map(([x]) => x),
  );
  const isThere = (probe: Probe): boolean => !lost.has(probe);
  assert.equal(verdicts(trial(isThere, isThere)), 'CrossNode Passed, SameNode Passed, ToNode Passed');
});

test('a datagram of another node that a masquerade renamed is not judged', () => {
  const { outcomes, ...rest } = trial(({ leg }) => leg !== 'in', all);
  const renamed = outcomes.map((outcome) => ({
    ...outcome,
    returned: outcome.returned.map((each) => ({ ...each, source: '192.0.2.2' })),
  }));
  assert.equal(judgeTrial({ ...rest, outcomes: renamed }).CrossNode.canary, 'Unseen');
  assert.equal(judgeTrial({ ...rest, outcomes }).CrossNode.canary, 'Bypassed');
});

test('nothing is said when the counting was disturbed', () => {
  assert.equal(verdicts({ ...trial(all, all), counts: undefined }), 'CrossNode Unseen, SameNode Unseen, ToNode Unseen');
});

test('a table that somebody has changed is not read', () => {
  const element = ({ source, sourcePort, destination }: Probe) => ({
    elem: { val: { concat: [source, sourcePort, destination] }, counter: { packets: 1, bytes: 29 } },
  });
  const sets = (['forward', 'input'] as const).flatMap((hook) =>
    [4, 6].map((family) => ({
      set: {
        name: `${hook}${family}`,
        elem: probes.filter((probe) => probe.hook === hook && probe.family === family).map(element),
      },
    })),
  );
  const rules = Array.from({ length: 5 }, () => ({ rule: {} }));
  assert.equal(countsIn({ nftables: [...sets, ...rules] }, probes)?.size, probes.length);
  assert.equal(countsIn({ nftables: [...sets, ...rules.slice(1)] }, probes), undefined);
  assert.equal(countsIn({ nftables: [...sets.slice(1), ...rules] }, probes), undefined);
  assert.equal(countsIn(undefined, probes), undefined);
});

test('datagrams go both ways between pods, out and back between nodes, in every family that both have', () => {
  const legs = (found: readonly Probe[]): string[] => [
    ...new Set(
      found.map(
        ({ class: way, leg, family, source, destination }) => `${way} ${leg} ${family} ${source} ${destination}`,
      ),
    ),
  ];
  assert.equal(probes.length, 2 * legs(probes).length, 'each twice');
  assert.equal(new Set(probes.map(({ sourcePort }) => sourcePort)).size, probes.length, 'each a connection of its own');
  assert.deepEqual(
    legs(
      planTrial({
        local: [A],
        remote: { ...FAR, addresses: ['10.0.2.2'] },
        nodeAddresses: ['2001:db8::1'],
        random: () => 0,
      }).probes,
    ),
    [
      'ToNode to the node 6 fd00:1::2 2001:db8::1',
      'CrossNode out 4 10.0.1.2 10.0.2.2',
      'CrossNode in 4 10.0.2.2 10.0.1.2',
    ],
  );
  assert.equal(legs(probes).filter((text) => text.startsWith('SameNode')).length, 4);
});

test('an order is of the pod that sends it, and its datagram in return is known by it', () => {
  const { orders, probes: asked } = planTrial({ local: [A], remote: FAR, nodeAddresses: [], random: () => 0.999_999 });
  const own = orders.get('a') ?? [];
  assert.equal(own.length, 4);
  for (const order of own) {
    assert.ok(A.addresses.includes(order.source));
    const back = asked.find(({ id }) => id === backOf(order.id));
    assert.equal(back?.sourcePort, order.backPort);
    assert.deepEqual([back?.source, back?.destination], [order.destination, order.source]);
  }
  assert.deepEqual(planTrial({ local: [], remote: FAR, nodeAddresses: ['192.0.2.1'], random: () => 0 }).probes, []);
});
