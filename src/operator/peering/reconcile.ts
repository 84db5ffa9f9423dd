import type { FirewallProgram, PeeringRule } from '../../api/index.ts';
import { at, means, messageOf, type OwnerReference, refOf } from '../../kube/index.ts';
import {
  clusterIdOf,
  isCut,
  LOCAL,
  type LiqoShape,
  namesOf,
  peerRanges,
  type Plan,
  planOf,
  type Printed,
  printLiqo,
  programOf,
  type Topology,
} from '../../peering/index.ts';
import { type Choice, choose, type Expressed } from './choose.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import type { Declared } from './declared.ts';
import { isApplied, type Kept, type Outcome, verdictsOf } from './decide-status.ts';
import { type LiqoProgress, openLiqoEnforcer } from './enforce-liqo.ts';
import { ensureFabric } from './enforce-nft.ts';
import { addFinalizer, finishDeletion, namesIn, removeAll, removeProgram } from './remove.ts';
import { earliest, type Tools, type World } from './world.ts';
import { peeringStatusWriter } from './write-status.ts';

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
    try {
      return await enforce(tools, key, declared, signal);
    } catch (error) {
      // Once may be a change of somebody else's, which the next look takes in.
      if (world.failures(key) > 0 && !signal.aborted && !means(error, 'unreachable', 'aborted', 'fenced'))
        await report(
          tools,
          key,
          declared,
          undefined,
          { kind: 'failed', message: wordsOf(error), kept: keptOf(tools, key) },
          signal,
        );
      throw error;
    }
  };
}

async function finish(tools: Tools, key: string, declared: Declared, signal: AbortSignal): Promise<number | undefined> {
  tools.onPlan(key, undefined);
  const { again, failed } = await finishDeletion(tools, key, declared, signal);
  if (failed !== undefined)
    await report(tools, key, declared, undefined, { kind: 'held', message: wordsOf(failed) }, signal);
  else if (again === undefined) tools.status.forget(key);
  return again;
}

/** What a server answered, without how it was asked. */
function wordsOf(error: unknown): string {
  return messageOf(error).replace(/^[A-Z]+ \/\S+: /, '');
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
  await addFinalizer(tools, key, declared, signal);
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

function chosen(tools: Tools, plan: Plan, program: FirewallProgram, name: string): Choice {
  const { flag, fabric, agents, shape } = tools;
  const means = { fabric: fabric.programs.ready() && fabric.slices.ready(), agents: agents(), shape: shape() };
  return choose(flag, means, (kept) => printedFor(tools, plan, program, name, kept));
}

function printedFor(
  { topology }: Tools,
  plan: Plan,
  program: FirewallProgram,
  name: string,
  shape: LiqoShape,
): Printed {
  const { cluster } = plan;
  const peers = topology.rangesOf(peerRanges(cluster)).last;
  return printLiqo(program, { shape, cluster, name, ipv6: topology.hasIPv6, peers });
}

interface Step {
  readonly outcome: Outcome;
  readonly again: number | undefined;
}

/** Has a peering enforced by whom was chosen. Whoever did it before goes on, and with every pod that comes, until each node has changed over. */
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
  const writeFabric = async (): Promise<number> => {
    const { generation, writes } = await ensureFabric(context.client, names.program, program, fabric, signal);
    tools.onWrites(key, 'nft', writes);
    return generation;
  };
  const writeLiqo = async ({ object }: Expressed): Promise<LiqoProgress> => {
    const progress = await liqo.ensure(object, ownerOf(key, declared), signal);
    tools.onWrites(key, 'liqo', progress.writes);
    return progress;
  };
  switch (choice.enforcer) {
    case 'nft': {
      const coverage = coverageNow(tools, names.program, await writeFabric(), declared.object?.spec.rules ?? []);
      if (!firewalls.ready() || firewalls.get(firewall) === undefined)
        return { outcome: { kind: 'nft', coverage }, again: coverage.staleInMs };
      const covered = coverage.nodes > 0 && coverage.missing.length === 0;
      const shape = tools.shape();
      const printed = shape && !covered ? printedFor(tools, plan, program, refOf(key).name, shape) : undefined;
      const kept = printed?.kind === 'printed' ? await writeLiqo(printed) : undefined;
      const again = covered ? await liqo.remove(firewall, false, signal) : kept?.again;
      return { outcome: { kind: 'nft', coverage }, again: earliest(again, coverage.staleInMs) };
    }
    case 'liqo': {
      const { again, lost } = await writeLiqo(choice.printed);
      const hosts = firewalls.get(firewall)?.value.conditions ?? [];
      const nodes = [...tools.nodes()].filter(({ counts }) => counts).length;
      const outcome = { kind: 'liqo', lost, settled: again === undefined && lost === undefined, hosts, nodes } as const;
      if (!fabric.programs.ready() || fabric.programs.get(names.program) === undefined) return { outcome, again };
      if (isApplied(outcome))
        return { outcome, again: earliest(again, await removeProgram(tools, names.program, false, signal)) };
      if (fabric.slices.ready()) await writeFabric();
      return { outcome, again };
    }
    case 'none': {
      return {
        outcome: { kind: 'unenforced', reason: choice.reason, message: choice.message, kept: keptOf(tools, key) },
        again: undefined,
      };
    }
  }
}

/** What of before still enforces a peering. */
function keptOf({ fabric, firewalls, shape }: Tools, key: string): Kept {
  const names = namesIn(key);
  const firewall = names && firewalls.get(`${refOf(key).namespace}/${names.object}`);
  if (names && fabric.programs.get(names.program)) return 'whole';
  if (!firewall) return 'nothing';
  return isCut(firewall.value.object.spec.table, shape()) ? 'cut' : 'whole';
}

function coverageNow(
  { nodes, reportOf, context }: Tools,
  program: string,
  generation: number,
  rules: readonly PeeringRule[],
): Coverage {
  return coverageOf(program, generation, rules, nodes(), reportOf, context.clock.wall());
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
      ranges: made ? rangesNow(tools.topology, made.plan) : rangesIn(declared.status),
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
  if (cluster === undefined) return;
  const { local, remote } = rangesIn(status);
  topology.remember(LOCAL, local);
  topology.remember(peerRanges(cluster), remote);
}

function rangesIn(status: unknown): { readonly local: readonly string[]; readonly remote: readonly string[] } {
  return { local: textsOf(at(status, 'ranges', 'local')), remote: textsOf(at(status, 'ranges', 'remote')) };
}

function textsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.filter((each) => typeof each === 'string');
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
