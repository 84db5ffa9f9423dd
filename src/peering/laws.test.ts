import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FirewallProgram, type PeeringConnectivity, parseObject } from '../api/index.ts';
import { type FirewallConfiguration, nextSwap, printLiqo } from './liqo/index.ts';
import { applyTable, type KernelTable, passes, refusals } from './liqo-model/index.ts';
import { judgeOf, planOf, programOf } from './program/index.ts';
import { intends } from './testing/intent.ts';
import { askedAddresses, type Happening, happenings, presentAfter, type RawRule, someRules } from './testing/world.ts';
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

function compiled(rules: readonly RawRule[], topology: Topology): FirewallProgram {
  const plan = planOf(peeringOf(rules), (owner) => topology.rangesOf(owner));
  assert.ok(plan.kind === 'plan');
  return programOf(plan, (set) => topology.membersOf(set), { generation: 1 });
}

function topologyAfter(events: readonly Happening[]): Topology {
  return Topology.of(presentAfter(events).flatMap((object) => readFact(object) ?? []));
}

function printed(program: FirewallProgram, shape: 'sets' | 'stock'): FirewallConfiguration | undefined {
  const answer = printLiqo(program, { shape, cluster: 'rome', name: 'rome', ipv6: false });
  if (answer.kind === 'inexpressible') return undefined;
  assert.deepEqual(refusals(answer.object), []);
  return answer.object;
}

const pairs = askedAddresses.flatMap((source) => askedAddresses.map((destination) => ({ source, destination })));
const HOOKS = ['forward', 'input'] as const;

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
      const judge = judgeOf(compiled(rules, topology));
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

test('a node of Liqo that applied the printed object passes exactly what the program allows, and established flows', () => {
  let exact = 0;
  fc.assert(
    fc.property(someRules, happenings, fc.constantFrom('sets', 'stock'), (rules, events, shape) => {
      const program = compiled(rules, topologyAfter(events));
      const object = printed(program, shape);
      assert.ok(object || shape === 'stock', 'named sets and ctstate express every program over IPv4');
      if (!object) return;
      exact += shape === 'stock' ? 1 : 0;
      const [, kernel] = applyTable(undefined, object.spec.table);
      const judge = judgeOf(program);
      for (const pair of pairs) {
        for (const hook of HOOKS) {
          const allowed = judge(pair).allowed;
          assert.equal(passes([kernel], { ...pair, hook, state: 'new' }), allowed, JSON.stringify(pair));
          // What was let in may be answered: by its state, or because the way back is allowed too.
          const back = { source: pair.destination, destination: pair.source };
          if (allowed) assert.ok(passes([kernel], { ...back, hook, state: 'established' }), JSON.stringify(pair));
        }
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(exact > 20, `${exact} programs without state`);
});

test('at every moment of a swap of rules alone on a node of Liqo, what both rule lists deny is denied, and it ends with the new one', () => {
  fc.assert(
    fc.property(someRules, someRules, happenings, (oldRules, newRules, events) => {
      const first = compiled(oldRules, topologyAfter(events));
      const second = compiled(newRules, topologyAfter(events));
      const judges = [first, second].map(judgeOf);
      let stored = printed(first, 'sets');
      const desired = printed(second, 'sets');
      assert.ok(stored && desired);
      let [, kernel] = applyTable(undefined, stored.spec.table);
      for (let writes = 0; ; writes++) {
        assert.ok(writes < 4, 'a swap ends');
        const step = nextSwap(stored, desired, true);
        if (step.kind === 'settled') break;
        assert.ok(step.kind !== 'waiting');
        stored = { ...stored, spec: { table: step.table } };
        assert.deepEqual(refusals(stored), []);
        const states: readonly KernelTable[] = applyTable(kernel, step.table);
        for (const state of states) {
          for (const pair of pairs.filter((each) => judges.every((judge) => !judge(each).allowed)))
            assert.ok(!passes([state], { ...pair, hook: 'forward', state: 'new' }), JSON.stringify(pair));
        }
        kernel = states[1] ?? kernel;
      }
      const judge = judgeOf(second);
      for (const pair of pairs)
        assert.equal(passes([kernel], { ...pair, hook: 'forward', state: 'new' }), judge(pair).allowed);
    }),
    { numRuns: 200 },
  );
});
