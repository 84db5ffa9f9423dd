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

/** Every range that a random cluster may have of its peer, and addresses that a node of it may have. */
const peers = ['10.61.0.0/16', '10.62.0.0/16'];
const nodes = ['192.168.0.1', '10.200.9.9'];

function printed(program: FirewallProgram, shape: 'sets' | 'stock'): FirewallConfiguration | undefined {
  const answer = printLiqo(program, { shape, cluster: 'rome', name: 'rome', ipv6: false, peers });
  if (answer.kind === 'inexpressible') return undefined;
  assert.deepEqual(refusals(answer.object), []);
  return answer.object;
}

const pairs = askedAddresses.flatMap((source) => askedAddresses.map((destination) => ({ source, destination })));
const HOOKS = ['forward', 'input'] as const;

const shown = (topology: Topology) =>
  SETS.map((set) => {
    const { sure, contested } = topology.membersOf(set);
    return { set, sure: sure.sorted(), contested: contested.sorted() };
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

test('a node of Liqo that applied the printed object passes exactly what the program allows, established flows, and whatever the node itself opens', () => {
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
      for (const destination of nodes) {
        const within = { hook: 'input', source: destination, destination, iif: 'lo', state: 'new' } as const;
        assert.ok(passes([kernel], within), `${destination} -> itself`);
        for (const source of askedAddresses)
          assert.ok(
            passes([kernel], { hook: 'input', source, destination, state: 'established' }),
            `${source} answers`,
          );
      }
    }),
    { numRuns: 300 },
  );
  assert.ok(exact > 20, `${exact} programs without state`);
});

/** What is declared at one moment: rules, and the events until then. */
interface Moment {
  readonly rules: readonly RawRule[];
  readonly events: readonly Happening[];
}

const moments: fc.Arbitrary<readonly Moment[]> = fc
  .array(fc.record({ rules: someRules, events: happenings, keepsRules: fc.boolean() }), { minLength: 2, maxLength: 5 })
  .map((list) => {
    const all: Moment[] = [];
    for (const { rules, events, keepsRules } of list) {
      const last = all.at(-1);
      all.push({ rules: last && keepsRules ? last.rules : rules, events: [...(last?.events ?? []), ...events] });
    }
    return all;
  });

test('at every moment of changes of rules and of members, on a node of Liqo that misses versions, what all denied is denied, what all allowed passes, and it ends with the last', () => {
  let swaps = 0;
  fc.assert(
    fc.property(moments, fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (declared, misses) => {
      const programs = declared.map(({ rules, events }) => compiled(rules, topologyAfter(events)));
      const judges = programs.map(judgeOf);
      const decided = pairs.flatMap((pair) => {
        const [first, ...others] = judges.map((judge) => judge(pair).allowed);
        return first !== undefined && others.every((each) => each === first) ? [{ pair, allowed: first }] : [];
      });
      let stored = printed(programs[0] ?? assert.fail(), 'sets') ?? assert.fail();
      let [, kernel] = applyTable(undefined, stored.spec.table);
      const hears = (): void => {
        const states: readonly KernelTable[] = applyTable(kernel, stored.spec.table);
        for (const state of states)
          for (const { pair, allowed } of decided)
            assert.equal(passes([state], { ...pair, hook: 'forward', state: 'new' }), allowed, JSON.stringify(pair));
        kernel = states[1] ?? kernel;
      };
      /** Writes until nothing is to do but to wait; a node may miss each version but the one that is waited for. */
      const reconcile = (desired: FirewallConfiguration, joined: boolean): boolean => {
        for (let writes = 0, waited = joined; ; writes++) {
          assert.ok(writes < 6, 'it comes to rest');
          const step = nextSwap(stored, desired, waited);
          if (step.kind === 'settled' || step.kind === 'waiting') return step.kind === 'settled';
          waited = false;
          swaps += step.kind === 'join' ? 1 : 0;
          const before = stored;
          stored = { ...stored, spec: { table: step.table } };
          assert.deepEqual(refusals(stored, [], before), []);
          if (misses.pop() !== true) hears();
        }
      };
      for (const program of programs.slice(1)) reconcile(printed(program, 'sets') ?? assert.fail(), false);
      const last = printed(programs.at(-1) ?? assert.fail(), 'sets') ?? assert.fail();
      for (let waits = 0; ; waits++) {
        assert.ok(waits < 10, 'a swap ends');
        hears();
        if (reconcile(last, true)) break;
      }
      hears();
      const judge = judges.at(-1) ?? assert.fail();
      for (const pair of pairs)
        assert.equal(passes([kernel], { ...pair, hook: 'forward', state: 'new' }), judge(pair).allowed);
    }),
    { numRuns: 300 },
  );
  assert.ok(swaps > 100, `${swaps} swaps`);
});
