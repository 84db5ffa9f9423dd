import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type PeeringConnectivity, parseObject } from '../api/index.ts';
import { judgeOf, planOf, programOf } from './program/index.ts';
import { intends } from './testing/intent.ts';
import { askedAddresses, happenings, presentAfter, type RawRule, someRules } from './testing/world.ts';
import {
  LOCAL,
  namespaceSet,
  offloadedSet,
  peerRanges,
  readFact,
  Topology,
  VC_LOCAL,
  vcRemoteSet,
} from './topology/index.ts';

const SETS = [
  VC_LOCAL,
  ...['rome', 'milan'].flatMap((cluster) => [offloadedSet(cluster), vcRemoteSet(cluster)]),
  ...['demo', 'shop', 'demo-rome'].map(namespaceSet),
];
const OWNERS = [LOCAL, peerRanges('rome')];

function peeringOf(rules: readonly RawRule[]): PeeringConnectivity {
  const parsed = parseObject({
    apiVersion: 'security.liqo.io/v1',
    kind: 'PeeringConnectivity',
    metadata: { name: 'rome', namespace: 'liqo-tenant-rome' },
    spec: { rules },
  });
  assert.ok(parsed.ok && parsed.value.kind === 'PeeringConnectivity');
  return parsed.value;
}

const shown = (topology: Topology) =>
  SETS.map((set) => {
    const { sure, contested } = topology.membersOf(set);
    return { set, sure: [...sure].sort(), contested: [...contested].sort() };
  });

test('after any events the index holds what a fresh one would, and named every set that changed', () => {
  fc.assert(
    fc.property(happenings, (events) => {
      const topology = new Topology();
      for (const [index, { object, gone }] of events.entries()) {
        const fact = readFact(object, gone);
        assert.ok(fact);
        const before = shown(topology);
        const ranges = OWNERS.map((owner) => topology.rangesOf(owner).now);
        const changed = topology.apply(fact);
        const fresh = Topology.of(presentAfter(events.slice(0, index + 1)).flatMap((each) => readFact(each) ?? []));
        assert.deepEqual(shown(topology), shown(fresh));
        const differ = shown(topology).filter((each, at) => JSON.stringify(each) !== JSON.stringify(before[at]));
        assert.deepEqual(
          differ.map(({ set }) => set).filter((set) => !changed.sets.has(set)),
          [],
        );
        for (const [at, owner] of OWNERS.entries()) {
          assert.deepEqual(topology.rangesOf(owner).now, fresh.rangesOf(owner).now);
          assert.equal(changed.ranges.has(owner), ranges[at]?.join() !== topology.rangesOf(owner).now.join());
        }
      }
    }),
    { numRuns: 500 },
  );
});

test('the program of random rules in a random cluster allows exactly what the rules say of its objects', () => {
  fc.assert(
    fc.property(someRules, happenings, (rules, events) => {
      const topology = new Topology();
      for (const { object, gone } of events) {
        const fact = readFact(object, gone);
        assert.ok(fact);
        topology.apply(fact);
      }
      const plan = planOf(peeringOf(rules), (owner) => topology.rangesOf(owner));
      assert.ok(plan.kind === 'plan');
      const judge = judgeOf(programOf(plan, (set) => topology.membersOf(set), { generation: 1 }));
      const last = { local: topology.rangesOf(LOCAL).last, remote: topology.rangesOf(peerRanges('rome')).last };
      const objects = presentAfter(events);
      for (const source of askedAddresses) {
        for (const destination of askedAddresses) {
          const meant = intends(rules, objects, 'rome', last, source, destination);
          assert.equal(judge({ source, destination }).allowed, meant, `${source} -> ${destination}`);
        }
      }
    }),
    { numRuns: 500 },
  );
});
