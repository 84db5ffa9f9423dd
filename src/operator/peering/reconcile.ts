import type { FirewallProgram } from '../../api/index.ts';
import { means, type OwnerReference, refOf } from '../../kube/index.ts';
import {
  clusterIdOf,
  LOCAL,
  type LiqoShape,
  namesOf,
  peerRanges,
  type Plan,
  planOf,
  printLiqo,
  programOf,
  type Topology,
} from '../../peering/index.ts';
import type { ControllerContext } from '../context.ts';
import { type Choice, choose, type EnforcerFlag } from './choose.ts';
import { type Coverage, coverageOf, lifeOf, type NodeFact, type NodeReport } from './coverage.ts';
import type { Declared } from './declared.ts';
import { type Outcome, verdictsOf } from './decide-status.ts';
import { deleteFabric, ensureFabric, type FabricCaches } from './enforce-nft.ts';
import { type LiqoEnforcer, openLiqoEnforcer } from './enforce-liqo.ts';
import type { Recorder } from './events.ts';
import { PEERING } from './kinds.ts';
import type { StoredFirewall } from './read-firewall.ts';
import type { Cache } from './stored.ts';
import { type PeeringStatusWriter, peeringStatusWriter } from './write-status.ts';

const FINALIZER = 'peeringconnectivity-controller.security.liqo.io/finalizer';
/** After so long a deletion waits for nobody any more. */
const PATIENCE_MS = 60_000;

export interface World {
  readonly context: ControllerContext;
  readonly flag: EnforcerFlag;
  readonly topology: Topology;
  readonly peerings: Cache<Declared>;
  readonly firewalls: Cache<StoredFirewall>;
  readonly fabric: FabricCaches;
  readonly nodes: () => Iterable<NodeFact>;
  readonly reportOf: (node: string) => NodeReport | undefined;
  readonly agents: () => boolean;
  readonly shape: () => LiqoShape | undefined;
  readonly record: Recorder;
  /** Hears what a peering now depends on. */
  readonly onPlan: (key: string, plan: Plan | undefined) => void;
  /** Hears of writes of what is enforced. */
  readonly onWrites: (key: string, enforcer: 'nft' | 'liqo', count: number) => void;
}

/** Brings one peering to what is declared. Resolves to the milliseconds after which to come again. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<number | undefined>;

export function openReconcile(world: World): Reconcile {
  const { context, peerings } = world;
  const liqo = openLiqoEnforcer(context.client, context.clock, world.firewalls);
  const status = peeringStatusWriter(context.client, context.clock);
  const tools = { ...world, liqo, status };
  return async (key, signal) => {
    const declared = peerings.get(key)?.value;
    if (!declared) {
      world.onPlan(key, undefined);
      status.forget(key);
      // Nobody waits for an answer any more: its finalizer was taken away by force.
      return await removeAll(tools, key, false, signal);
    }
    if (declared.deletedAt !== undefined) return await finish(tools, key, declared, signal);
    return await enforce(tools, key, declared, signal);
  };
}

interface Tools extends World {
  readonly liqo: LiqoEnforcer;
  readonly status: PeeringStatusWriter;
}

async function enforce(
  tools: Tools,
  key: string,
  declared: Declared,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { topology } = tools;
  const { object } = declared;
  if (!object)
    return await report(tools, key, declared, undefined, { kind: 'invalid', message: declared.invalid ?? '' }, signal);
  rememberRanges(topology, key, declared);
  const plan = planOf(object, (owner) => topology.rangesOf(owner));
  if (plan.kind === 'refused') {
    tools.onPlan(key, undefined);
    return await report(tools, key, declared, undefined, { kind: 'refused', why: plan }, signal);
  }
  tools.onPlan(key, plan);
  // Before anything is written that a deletion would have to take back.
  if (!declared.finalizers.includes(FINALIZER)) await addFinalizer(tools, key, declared, signal);
  const program = programOf(plan, (set) => topology.membersOf(set), { generation: declared.generation });
  const choice = chosen(tools, plan, program, object.metadata.name);
  const step = await perform(tools, key, declared, plan, program, choice, signal);
  const said = await report(
    tools,
    key,
    declared,
    { plan, program, enforcer: enforcerOf(choice) },
    step.outcome,
    signal,
  );
  return earliest(step.again, said);
}

function chosen(
  { flag, fabric, agents, shape, topology }: Tools,
  plan: Plan,
  program: FirewallProgram,
  name: string,
): Choice {
  const means = { fabric: fabric.programs.ready() && fabric.slices.ready(), agents: agents(), shape: shape() };
  return choose(flag, means, (kept) =>
    printLiqo(program, {
      shape: kept,
      cluster: plan.cluster,
      name,
      ipv6: topology.hasIPv6,
      peers: topology.rangesOf(peerRanges(plan.cluster)).last,
    }),
  );
}

interface Step {
  readonly outcome: Outcome;
  readonly again: number | undefined;
}

async function perform(
  tools: Tools,
  key: string,
  declared: Declared,
  plan: Plan,
  program: FirewallProgram,
  choice: Choice,
  signal: AbortSignal,
): Promise<Step> {
  const { context, fabric, firewalls, liqo } = tools;
  const names = namesOf(plan.cluster, refOf(key).name);
  const firewall = `${refOf(key).namespace}/${names.object}`;
  switch (choice.enforcer) {
    case 'nft': {
      const { generation, writes } = await ensureFabric(context.client, names.program, program, fabric, signal);
      tools.onWrites(key, 'nft', writes);
      const coverage = coverageNow(tools, names.program, generation);
      // Both enforce until every node has the new one.
      const covered = coverage.nodes > 0 && coverage.missing.length === 0;
      const again = covered && firewalls.ready() ? await liqo.remove(firewall, false, signal) : undefined;
      return { outcome: { kind: 'nft', coverage }, again: earliest(again, coverage.staleInMs) };
    }
    case 'liqo': {
      const owner = ownerOf(key, declared);
      const { again, writes, lost } = await liqo.ensure(choice.printed.object, owner, signal);
      tools.onWrites(key, 'liqo', writes);
      const hosts = firewalls.get(firewall)?.value.conditions ?? [];
      const settled = again === undefined && lost === undefined;
      const applied = hosts.some(({ type, status }) => type === 'Applied' && status === 'True');
      const later = settled && applied ? await removeProgram(tools, names.program, false, signal) : undefined;
      return { outcome: { kind: 'liqo', lost, settled, hosts }, again: earliest(again, later) };
    }
    case 'none': {
      const kept = fabric.programs.get(names.program) !== undefined || firewalls.get(firewall) !== undefined;
      return {
        outcome: { kind: 'unenforced', reason: choice.reason, message: choice.message, kept },
        again: undefined,
      };
    }
  }
}

function coverageNow({ nodes, reportOf, context }: Tools, program: string, generation: number): Coverage {
  return coverageOf(program, generation, nodes(), reportOf, context.clock.wall());
}

async function report(
  tools: Tools,
  key: string,
  declared: Declared,
  made: { readonly plan: Plan; readonly program: FirewallProgram; readonly enforcer: string | undefined } | undefined,
  outcome: Outcome,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { phase, verdicts } = verdictsOf(outcome, made?.plan);
  const inForce = outcome.kind === 'nft' || outcome.kind === 'liqo';
  const { changed, again } = await tools.status.write(
    key,
    declared,
    {
      phase,
      verdicts,
      rules: inForce ? (declared.object?.spec.rules?.length ?? 0) : 0,
      members: inForce ? (made?.program.sets.reduce((sum, { members }) => sum + members.length, 0) ?? 0) : 0,
      enforcer: made?.enforcer,
      ranges: made ? rangesNow(tools.topology, made.plan) : { local: [], remote: [] },
    },
    signal,
  );
  const [ready] = verdicts;
  if (changed && ready) await tools.record(key, declared, ready, signal);
  return again;
}

function rangesNow(topology: Topology, plan: Plan) {
  return { local: topology.rangesOf(LOCAL).last, remote: topology.rangesOf(peerRanges(plan.cluster)).last };
}

/** What an earlier process knew last; it counts only where nothing is known now. */
function rememberRanges(topology: Topology, key: string, { status }: Declared): void {
  const cluster = clusterIdOf(refOf(key).namespace ?? '');
  const ranges: unknown = typeof status === 'object' && status !== null ? Reflect.get(status, 'ranges') : undefined;
  if (typeof ranges !== 'object' || ranges === null || cluster === undefined) return;
  topology.remember(LOCAL, textsOf(Reflect.get(ranges, 'local')));
  topology.remember(peerRanges(cluster), textsOf(Reflect.get(ranges, 'remote')));
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter((each) => typeof each === 'string');
}

async function addFinalizer(
  { context, peerings }: Tools,
  key: string,
  declared: Declared,
  signal: AbortSignal,
): Promise<void> {
  await patchFinalizers({ context, peerings }, key, declared, [...declared.finalizers, FINALIZER], signal);
}

async function patchFinalizers(
  { context, peerings }: Pick<Tools, 'context' | 'peerings'>,
  key: string,
  declared: Declared,
  finalizers: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const stored = peerings.get(key);
  const answer = await context.client.mergePatch(
    PEERING,
    refOf(key),
    { metadata: { resourceVersion: stored?.version, finalizers } },
    { signal },
  );
  peerings.wrote(key, { value: { ...declared, finalizers }, version: answer.metadata.resourceVersion ?? '' });
}

/** Disarms, deletes, and lets the object go: within a minute, whoever is gone. */
async function finish(tools: Tools, key: string, declared: Declared, signal: AbortSignal): Promise<number | undefined> {
  tools.onPlan(key, undefined);
  if (!declared.finalizers.includes(FINALIZER)) return undefined;
  const since = tools.context.clock.wall() - Date.parse(declared.deletedAt ?? '');
  const again = await removeAll(tools, key, since > PATIENCE_MS, signal);
  if (again !== undefined) return again;
  const others = declared.finalizers.filter((each) => each !== FINALIZER);
  try {
    await patchFinalizers(tools, key, declared, others, signal);
  } catch (error) {
    // The server's last answer before an object goes has the version of before: an echo brings us here again.
    if (!means(error, 'notFound')) throw error;
  }
  tools.status.forget(key);
  return undefined;
}

/** Removes what enforces a peering, by both enforcers. Undefined when nothing is left to wait for. */
async function removeAll(tools: Tools, key: string, hurry: boolean, signal: AbortSignal): Promise<number | undefined> {
  const { namespace = '', name } = refOf(key);
  const cluster = clusterIdOf(namespace);
  if (cluster === undefined) return undefined;
  const names = namesOf(cluster, name);
  const firewall = tools.firewalls.ready()
    ? await tools.liqo.remove(`${namespace}/${names.object}`, hurry, signal)
    : undefined;
  return earliest(firewall, await removeProgram(tools, names.program, hurry, signal));
}

/** Disarms a program, waits for the agents that are alive to say so, and deletes it. */
async function removeProgram(
  tools: Tools,
  name: string,
  hurry: boolean,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { context, fabric, nodes, reportOf } = tools;
  const stored = fabric.programs.ready() ? fabric.programs.get(name)?.value : undefined;
  if (!stored) {
    if (fabric.slices.ready()) await deleteFabric(context.client, name, fabric, signal);
    return undefined;
  }
  const { peering } = stored.spec;
  const disarmed: FirewallProgram = { peering, generation: 0, disarmed: true, rules: [], sets: [] };
  const { generation } = await ensureFabric(context.client, name, disarmed, fabric, signal);
  if (!hurry) {
    const holding = [...nodes()].some(({ name: node }) => {
      const told = reportOf(node);
      const own =
        told && lifeOf(told, context.clock.wall()) > 0 ? told.programs.find((each) => each.name === name) : undefined;
      return own !== undefined && own.generation !== generation && own.disarmed !== true;
    });
    // Only a report that is still fresh: an agent that is gone lets nothing go.
    if (holding) return 1000;
  }
  await deleteFabric(context.client, name, fabric, signal);
  return undefined;
}

function ownerOf(key: string, { uid }: Declared): OwnerReference {
  return {
    apiVersion: 'security.liqo.io/v1',
    kind: 'PeeringConnectivity',
    name: refOf(key).name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

function enforcerOf(choice: Choice): string | undefined {
  return choice.enforcer === 'none' ? undefined : choice.enforcer;
}

function earliest(...times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.max(0, Math.min(...known)) : undefined;
}
