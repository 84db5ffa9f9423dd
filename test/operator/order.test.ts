// What the operator writes, in the order in which it writes it, judged by the evaluators: design, order of writes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LatticeService } from '../../src/api/index.ts';
import { denseInputs, service } from '../../src/graph/testing/random-inputs.ts';
import type { Input } from '../../src/graph/index.ts';
import { ownerOf } from '../../src/policy/index.ts';
import { type Claim, type DoorName, endOf, FlowJudge } from '../../src/verify/index.ts';
import { CLUSTER, type Flow, flowsOf, type Setup, SETUPS, verdictOf, worldOf } from '../prove/support.ts';
import { type Desk, openDesk, replay, type Stored, type Write } from './desk.ts';

type Edit =
  | { readonly kind: 'resources'; readonly at: number; readonly resources: LatticeService['spec']['resources'] }
  | { readonly kind: 'mode'; readonly at: number }
  | { readonly kind: 'managed' }
  | { readonly kind: 'delete'; readonly at: number }
  | { readonly kind: 'back' };

const edit: fc.Arbitrary<Edit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('resources' as const),
      at: fc.nat(3),
      resources: service.map(resourcesOf),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('mode' as const), at: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'managed' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'back' as const }) },
);

const history = fc.record({
  inputs: denseInputs,
  edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
  picks: fc.array(fc.nat(), { minLength: 30, maxLength: 30 }),
});

function resourcesOf(each: LatticeService): NonNullable<LatticeService['spec']['resources']> {
  return Object.fromEntries(
    Object.entries(each.spec.resources ?? {}).map(([key, { namespace: _namespace, ...rest }]) => [key, rest]),
  );
}

/** The inputs after an edit. */
function edited(inputs: readonly Input[], all: readonly Input[], each: Edit): readonly Input[] {
  const isNamespace = (input: Input): boolean => input.kind === 'namespace' && input.name === 'n';
  switch (each.kind) {
    case 'resources':
    case 'mode':
      return inputs.map((input) => {
        if (input.kind !== 'LatticeService' || input.metadata.name !== 'abcd'[each.at]) return input;
        const mode = input.spec.mode === 'shadow' ? ('enforce' as const) : ('shadow' as const);
        return {
          ...input,
          spec: { ...input.spec, ...(each.kind === 'mode' ? { mode } : { resources: each.resources }) },
        };
      });
    case 'managed': {
      const now = inputs.find(isNamespace);
      const fact =
        now?.kind === 'namespace'
          ? { ...now, managed: !now.managed }
          : ({ kind: 'namespace', name: 'n', managed: true, dataplane: undefined, waypoint: undefined } as const);
      return [...inputs.filter((input) => !isNamespace(input)), fact];
    }
    case 'delete':
      return inputs.filter((input) => input.kind !== 'LatticeService' || input.metadata.name !== 'abcd'[each.at]);
    case 'back': {
      const names = new Set(inputs.map((input) => (input.kind === 'LatticeService' ? input.metadata.name : '')));
      return [...inputs, ...all.filter((input) => input.kind === 'LatticeService' && !names.has(input.metadata.name))];
    }
  }
}

/** Tells the desk what differs, as watches would. */
function tell(desk: Desk, before: readonly Input[], after: readonly Input[]): void {
  const names = new Set(after.map((input) => (input.kind === 'LatticeService' ? input.metadata.name : '')));
  for (const input of before)
    if (input.kind === 'LatticeService' && !names.has(input.metadata.name))
      desk.remove({ kind: 'LatticeService', key: `n/${input.metadata.name}` });
  for (const input of after) if (!before.includes(input)) desk.put(input);
}

interface Stage {
  readonly flows: ReadonlyMap<string, Flow>;
  /** How many writes there were when it was settled. */
  readonly until: number;
}

function stageOf(desk: Desk, setup: Setup): Stage {
  return { flows: new Map(flowsOf(desk.graph(), setup).map((flow) => [flow.id, flow])), until: desk.writes.length };
}

/** For each object independently one of the versions that it had from write `from` to write `to`. */
function mixed(
  writes: readonly Write[],
  from: number,
  to: number,
  pick: (below: number) => number,
): readonly unknown[] {
  const versions = new Map<string, unknown[]>();
  for (const { id, object } of writes.slice(0, from)) versions.set(id, [object]);
  for (const { id, object } of writes.slice(from, to)) versions.set(id, [...(versions.get(id) ?? [undefined]), object]);
  return [...versions.values()].flatMap((each) => each[pick(each.length)] ?? []);
}

function pickerOf(picks: readonly number[]): (below: number) => number {
  let next = 0;
  return (below) => (picks[next++ % picks.length] ?? 0) % below;
}

/** One door that closes a flow: the objects of a kind that a service owns. */
interface ClosingDoor {
  readonly kind: string;
  /** `namespace/name` of the service at whose side it stands. */
  readonly of: string;
}

/** The doors that close the flow when everything is applied. A waypoint's are the callee's own objects, too. */
function closingDoors(judge: FlowJudge, flow: Flow): readonly ClosingDoor[] {
  const { doors } = judge.judge(endOf(flow.from, CLUSTER), endOf(flow.to, CLUSTER), flow.port);
  return doors
    .filter(({ verdict }) => verdict === 'denied')
    .flatMap(({ door, at }): readonly ClosingDoor[] => {
      const of = door === 'waypoint' ? flow.to.key : at;
      return of === flow.from.key || of === flow.to.key ? [{ kind: KINDS[door], of }] : [];
    });
}

const KINDS = {
  'cilium-egress': 'CiliumNetworkPolicy',
  'cilium-ingress': 'CiliumNetworkPolicy',
  'kubernetes-egress': 'NetworkPolicy',
  'kubernetes-ingress': 'NetworkPolicy',
  ztunnel: 'AuthorizationPolicy',
  waypoint: 'AuthorizationPolicy',
} as const satisfies Readonly<Record<DoorName, string>>;

/** What was stored before, but that one door's engine has applied what is stored now (R). */
function withDoor(old: readonly Stored[], now: readonly Stored[], { kind, of }: ClosingDoor): readonly Stored[] {
  const [namespace = '', name = ''] = of.split('/');
  const { base } = ownerOf({ kind: 'service', namespace, name });
  const isOf = (object: Stored): boolean => object.kind === kind && object.owner === base;
  return [...old.filter((object) => !isOf(object)), ...now.filter(isOf)];
}

const guarded = ({ from, to }: Flow): boolean => from.mode === 'enforce' || to.mode === 'enforce';
const looks = ({ from, to, port }: Flow): string =>
  JSON.stringify([from.accounts, from.selectors, from.mesh, to.accounts, to.selectors, to.mesh, to.waypoint, port]);

for (const setup of SETUPS) {
  const title = `${setup.engines.join(' and ')}, mesh ${setup.mesh}`;

  test(`at every moment, and under any mix of versions, what is agreed throughout is open and what never is closed (${title})`, async (context) => {
    const seen = { always: 0, never: 0, mixed: 0, revoked: 0, writes: 0 };
    await fc.assert(
      fc.asyncProperty(history, async ({ inputs, edits, picks }) => {
        const pick = pickerOf(picks);
        const desk = openDesk(setup, inputs);
        await desk.work(pick);
        const claim = worldOf(inputs, setup).claim;
        const judge = (graph: Claim['graph'], objects: readonly unknown[]) =>
          new FlowJudge({ ...claim, graph, objects });
        let current: readonly Input[] = inputs;
        let before = stageOf(desk, setup);
        for (const each of edits) {
          const next = edited(current, inputs, each);
          tell(desk, current, next);
          current = next;
          await desk.work(pick);
          const after = stageOf(desk, setup);
          seen.writes += after.until - before.until;
          for (const [id, flow] of before.flows) {
            const later = after.flows.get(id);
            if (!later || looks(flow) !== looks(later)) continue;
            // Whoever opts in or out was, or will be, open: only what is guarded at both times can be held to be closed.
            if (flow.agreed && !later.agreed && guarded(later) && sameModes(flow, later)) {
              const old = replay(desk.writes.slice(0, before.until));
              const now = replay(desk.writes.slice(0, after.until));
              for (const door of closingDoors(judge(desk.graph(), now), later)) {
                const objects = withDoor(old, now, door);
                assert.equal(
                  verdictOf(judge(desk.graph(), objects), later),
                  'denied',
                  `${id} when ${door.kind} of ${door.of} is applied`,
                );
                seen.revoked++;
              }
              continue;
            }
            const closed = !flow.agreed && !later.agreed && guarded(flow) && guarded(later) && sameModes(flow, later);
            if (!closed && !(flow.agreed && later.agreed)) continue;
            const expected = closed ? 'denied' : 'allowed';
            for (let at = before.until; at <= after.until; at++) {
              const verdict = verdictOf(judge(desk.graph(), replay(desk.writes.slice(0, at))), later);
              assert.equal(
                verdict,
                expected,
                `${id} after write ${at} of ${before.until}..${after.until} (${each.kind})`,
              );
            }
            seen[closed ? 'never' : 'always']++;
            if (each.kind !== 'resources') continue;
            const objects = mixed(desk.writes, before.until, after.until, pick);
            assert.equal(verdictOf(judge(desk.graph(), objects), later), expected, `${id} under a mix`);
            seen.mixed++;
          }
          before = after;
        }
      }),
      { numRuns: 60 },
    );
    context.diagnostic(JSON.stringify(seen));
    assert.ok(seen.always > 20 && seen.never > 20 && seen.mixed > 20, 'the edits change too little to mean anything');
    assert.ok(seen.revoked > 0, 'too few agreements are revoked');
  });
}

function sameModes(a: Flow, b: Flow): boolean {
  return a.from.mode === b.from.mode && a.to.mode === b.to.mode;
}
