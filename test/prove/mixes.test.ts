// Engines apply asynchronously: these promises hold for ANY mix of object versions (design: order of writes, S, C, R).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { LatticeService } from '../../src/api/index.ts';
import { denseInputs, service } from '../../src/graph/testing/random-inputs.ts';
import { type Claim, FlowJudge } from '../../src/verify/index.ts';
import { type Flow, flowsOf, type Setup, SETUPS, verdictOf, type World, worldOf } from './support.ts';

/** Inputs, and edits that change what services say of each other: nothing of who they are. */
const history = denseInputs.chain((inputs) =>
  fc.record({
    inputs: fc.constant(inputs),
    edits: fc.array(
      fc.record({ at: fc.nat(), resources: service.map((each) => withoutNamespaces(each.spec.resources ?? {})) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
    picks: fc.array(fc.nat(), { minLength: 40, maxLength: 40 }),
  }),
);

function withoutNamespaces(resources: NonNullable<LatticeService['spec']['resources']>): typeof resources {
  return Object.fromEntries(Object.entries(resources).map(([key, { namespace: _namespace, ...rest }]) => [key, rest]));
}

/** Every state of the graph, oldest first. */
function statesOf(
  {
    inputs,
    edits,
  }: {
    inputs: Parameters<typeof worldOf>[0];
    edits: readonly { at: number; resources: LatticeService['spec']['resources'] }[];
  },
  setup: Setup,
): World[] {
  let current = [...inputs];
  const worlds = [worldOf(current, setup)];
  for (const { at, resources } of edits) {
    const services = current.flatMap((each, index) => (each.kind === 'LatticeService' ? [index] : []));
    const index = services[at % Math.max(services.length, 1)];
    current = current.map((each, position) =>
      position === index && each.kind === 'LatticeService' ? { ...each, spec: { ...each.spec, resources } } : each,
    );
    worlds.push(worldOf(current, setup));
  }
  return worlds;
}

/** For each object name independently the version of some state, which may be its absence. */
function mixOf(worlds: readonly World[], picks: readonly number[]): readonly unknown[] {
  const versions = worlds.map(
    ({ drafts }) =>
      new Map(
        drafts.map(({ object }) => [
          `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`,
          object,
        ]),
      ),
  );
  const names = [...new Set(versions.flatMap((each) => [...each.keys()]))].sort();
  return names.flatMap((name, index) => {
    const pick = picks[index % picks.length] ?? 0;
    return versions[(pick + index) % versions.length]?.get(name) ?? [];
  });
}

function judgeOf(world: World, objects: readonly unknown[]): FlowJudge {
  const claim: Claim = { ...world.claim, objects };
  return new FlowJudge(claim);
}

function guarded({ from, to }: Flow): boolean {
  return from.mode === 'enforce' || to.mode === 'enforce';
}

for (const setup of SETUPS) {
  const title = `${setup.engines.join(' and ')}, mesh ${setup.mesh}`;

  test(`S and C: under any mix of versions what was never agreed is closed, what was always agreed is open (${title})`, (context) => {
    const seen = { never: 0, always: 0, changing: 0 };
    fc.assert(
      fc.property(history, ({ inputs, edits, picks }) => {
        const worlds = statesOf({ inputs, edits }, setup);
        const [oldest] = worlds;
        if (!oldest) return;
        const judge = judgeOf(oldest, mixOf(worlds, picks));
        const perState = worlds.map(({ graph }) => new Map(flowsOf(graph, setup).map((flow) => [flow.id, flow])));
        for (const flow of perState[0]?.values() ?? []) {
          const states = perState.map((flows) => flows.get(flow.id));
          if (!guarded(flow) || states.some((each) => each === undefined)) continue;
          const agreed = states.filter((each) => each?.agreed === true).length;
          if (agreed === 0) assert.equal(verdictOf(judge, flow), 'denied', `S ${flow.id}`);
          if (agreed === states.length) assert.equal(verdictOf(judge, flow), 'allowed', `C ${flow.id}`);
          seen[agreed === 0 ? 'never' : agreed === states.length ? 'always' : 'changing']++;
        }
      }),
      { numRuns: 200 },
    );
    context.diagnostic(`flows asked: ${JSON.stringify(seen)}`);
    assert.ok(seen.always > 20 && seen.changing > 20, 'the random edits change too little to mean anything');
  });

  test(`R: a revoked flow is closed as soon as the objects of the callee, or of the caller of a whole pair, have applied (${title})`, (context) => {
    let revoked = 0;
    fc.assert(
      fc.property(history, ({ inputs, edits }) => {
        const [before, after] = statesOf({ inputs, edits: edits.slice(0, 1) }, setup);
        if (!before || !after) return;
        const now = new Map(flowsOf(after.graph, setup).map((flow) => [flow.id, flow]));
        const still = new Set(
          flowsOf(after.graph, setup)
            .filter((flow) => flow.agreed)
            .map(({ from, to }) => `${from.key} ${to.key}`),
        );
        for (const flow of flowsOf(before.graph, setup)) {
          const later = now.get(flow.id);
          if (!flow.agreed || !later || later.agreed) continue;
          revoked++;
          const { from, to } = flow;
          if (to.mode === 'enforce') {
            assert.equal(
              verdictOf(judgeOf(before, applied(before, after, to.key)), flow),
              'denied',
              `callee first: ${flow.id}`,
            );
          }
          if (
            from.mode === 'enforce' &&
            !still.has(`${from.key} ${to.key}`) &&
            !to.waypoint &&
            setup.engines.some((engine) => engine !== 'istio')
          ) {
            assert.equal(
              verdictOf(judgeOf(before, applied(before, after, from.key)), flow),
              'denied',
              `caller first: ${flow.id}`,
            );
          }
        }
      }),
      { numRuns: 200 },
    );
    context.diagnostic(`revocations: ${revoked}`);
    assert.ok(revoked > 20, 'the random edits revoke too little to mean anything');
  });
}

/** Everything of the older state but one service's objects, which are the newer ones. */
function applied(before: World, after: World, key: string): readonly unknown[] {
  const owns = ({ unit }: World['drafts'][number]) =>
    unit.kind === 'service' && `${unit.namespace}/${unit.name}` === key;
  return [...before.drafts.filter((draft) => !owns(draft)), ...after.drafts.filter(owns)].map(({ object }) => object);
}
