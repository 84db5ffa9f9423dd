import {
  FABRIC_API_VERSION,
  type FabricMemberSlice,
  fabricMemberSlice,
  fabricNodeStatus,
  type FabricProgram,
  fabricProgram,
} from '../../api/index.ts';
import { createWatch, type JsonObject, only, orAborted, work, workQueue } from '../../kube/index.ts';
import { type Changed, type LiqoShape, type Plan, shapeOf, Topology } from '../../peering/index.ts';
import type { Controller, ControllerContext, RunningController } from '../context.ts';
import { openEvents } from '../events.ts';
import { openTasks } from '../tasks.ts';
import type { EnforcerFlag } from './choose.ts';
import { lifeOf, type NodeFact, type NodeReport } from './coverage.ts';
import { type Declared, DECLARED_FIELDS, readDeclared } from './declared.ts';
import { readFirewall, type StoredFirewall } from './read-firewall.ts';
import { eventRecorder } from './events.ts';
import { DEFINITION, FIREWALL, NODE, NODE_STATUS, PEERING, PROGRAM, SLICE } from './kinds.ts';
import { openReconcile } from './reconcile.ts';
import { openSources } from './sources.ts';
import { openCache } from './stored.ts';

export interface PeeringControllerOptions {
  /** Who enforces. Default `auto`. */
  readonly enforcer?: EnforcerFlag;
  /** Where Liqo itself runs. Default `liqo`. */
  readonly liqoNamespace?: string;
}

/** Events that come within so many milliseconds become one write; and so far apart are two writes of one peering. */
const GATHER_MS = 5;
const APART_MS = { nft: 20, liqo: 100 } as const;

/** Turns PeeringConnectivities into what enforces them, and keeps it so. */
export function peeringController(options: PeeringControllerOptions = {}): Controller {
  return { name: 'peering', start: (context) => startPeering(context, options) };
}

function startPeering(context: ControllerContext, options: PeeringControllerOptions): RunningController {
  const { client, clock, random, log, stopping, signal } = context;
  const tasks = openTasks();
  const watching = new AbortController();
  const until = AbortSignal.any([signal, watching.signal]);
  const queue = workQueue({ clock, random });
  const topology = new Topology();
  const dependents = openDependents();
  const nextWrite = new Map<string, number>();
  let working = false;
  let shape: LiqoShape | undefined;

  const add = (key: string): void => {
    if (!working) return;
    const now = clock.monotonic();
    queue.add(key, { afterMs: Math.max(GATHER_MS, (nextWrite.get(key) ?? 0) - now) });
  };
  const addAll = (): void => {
    for (const key of peerings.keys()) add(key);
  };
  const shared = { context, tasks, signal: until };
  const onReady = addAll;
  const sources = openSources({
    ...shared,
    topology,
    read: options.liqoNamespace === undefined ? {} : { liqoNamespace: options.liqoNamespace },
    onChanged: (changed) => {
      for (const key of dependents.of(changed)) add(key);
    },
  });
  const peerings = openCache<Declared>({
    ...shared,
    kind: PEERING,
    fields: DECLARED_FIELDS,
    of: readDeclared,
    onChange: (key) => add(key),
    onReady,
  });
  const firewalls = openCache<StoredFirewall>({
    ...shared,
    kind: FIREWALL,
    labelSelector: 'app.kubernetes.io/managed-by=lattice',
    fields: ['metadata.labels', 'metadata.ownerReferences', 'spec', 'status'],
    of: readFirewall,
    onChange: (_, before, after) => {
      const owner = after?.owner ?? before?.owner;
      if (owner !== undefined) add(owner);
    },
    onReady,
  });
  const slicesOf = new Map<string, Set<string>>();
  const programs = openCache<FabricProgram>({
    ...shared,
    kind: PROGRAM,
    fields: ['metadata.labels', 'spec'],
    of: (object) => fabricProgram.safeParse({ ...object, apiVersion: FABRIC_API_VERSION, kind: 'FabricProgram' }).data,
    onChange: (_, before, after) => add((after ?? before)?.spec.peering ?? ''),
    onReady,
  });
  const slices = openCache<FabricMemberSlice>({
    ...shared,
    kind: SLICE,
    fields: ['metadata.labels', 'spec'],
    of: (object) =>
      fabricMemberSlice.safeParse({ ...object, apiVersion: FABRIC_API_VERSION, kind: 'FabricMemberSlice' }).data,
    onChange: (key, before, after) => {
      const program = (after ?? before)?.spec.program ?? '';
      if (after) listUnder(slicesOf, program, key);
      else slicesOf.get(program)?.delete(key);
      add(programs.get(program)?.value.spec.peering ?? '');
    },
    onReady,
  });
  const reports = openCache<NodeReport>({
    ...shared,
    kind: NODE_STATUS,
    fields: ['status'],
    of: (object) => fabricNodeStatus.shape.status.safeParse(object['status']).data,
    onChange: addAll,
    onReady,
  });
  const nodes = createWatch<NodeFact>(client, {
    kind: NODE,
    projection: {
      mask: only('metadata.name', 'metadata.labels'),
      of: (object, key) => ({ name: key, counts: holdsPods(object) }),
    },
    onChange: addAll,
    onTrouble: (error) => log.warn('watch: trouble, trying again', { kind: 'Node', error }),
    clock,
    random,
  });
  tasks.start(nodes.run(until));
  const definition = createWatch<{ readonly shape: LiqoShape | undefined }>(client, {
    kind: DEFINITION,
    fieldSelector: 'metadata.name=firewallconfigurations.networking.liqo.io',
    projection: { mask: only('spec.versions'), of: (object) => ({ shape: shapeOf(object) }) },
    onChange: (change) => {
      const before = shape;
      shape = change.kind === 'deleted' ? undefined : change.after.shape;
      if (before !== undefined && shape !== undefined && before !== shape) firewalls.renew();
      log.info('liqo: what its FirewallConfiguration keeps', { shape });
      addAll();
    },
    onTrouble: (error) => log.warn('watch: trouble, trying again', { kind: 'CustomResourceDefinition', error }),
    clock,
    random,
  });
  tasks.start(definition.run(until));

  const fresh = (node: string): NodeReport | undefined => {
    const report = reports.get(node)?.value;
    return report && lifeOf(report, clock.wall()) > 0 ? report : undefined;
  };
  const writes = context.metrics.counter({
    name: 'lattice_peering_writes_total',
    help: 'Writes of objects that enforce peerings.',
    labels: ['enforcer'],
  });
  context.metrics.gauge({
    name: 'lattice_peering_pods',
    help: 'Pods with an address that peerings are computed from.',
    read: () => topology.pods,
  });
  const reconcile = openReconcile({
    context,
    flag: options.enforcer ?? 'auto',
    topology,
    peerings,
    firewalls,
    fabric: {
      programs,
      slices,
      slicesOf: (program) => [...(slicesOf.get(program) ?? [])],
      note: (program, key) => listUnder(slicesOf, program, key),
    },
    nodes: () => [...nodes.store.entries()].map(([, node]) => node),
    reportOf: (node) => reports.get(node)?.value,
    agents: () => reports.keys().some((node) => fresh(node) !== undefined),
    shape: () => (firewalls.ready() ? shape : undefined),
    record: eventRecorder(openEvents(client, clock, context.identity, log)),
    onPlan: (key, plan) => dependents.set(key, plan),
    onWrites: (key, enforcer, count) => {
      if (count === 0) return;
      nextWrite.set(key, clock.monotonic() + APART_MS[enforcer]);
      writes.add({ enforcer }, count);
    },
  });
  const caches = [sources, peerings, firewalls, programs, slices, reports, nodes, definition];
  const synced = Promise.all(caches.map((each) => each.synced)).then(() => undefined);

  const run = async (): Promise<void> => {
    try {
      if (!(await beforeEnd(synced, AbortSignal.any([stopping, signal]), tasks.broken))) return;
      working = true;
      addAll();
      // What is left of peerings that are gone.
      for (const key of programs.keys()) add(programs.get(key)?.value.spec.peering ?? '');
      const worked = work({
        queue,
        workers: 4,
        reconcile: async (key, call) => (key === '' ? undefined : await reconcile(key, call)),
        onError: (key, error, failures) =>
          log.warn('reconcile: failed, trying again', { peering: key, error, failures }),
        stopping,
        signal,
      });
      await Promise.race([worked, tasks.broken]);
    } finally {
      watching.abort(new Error('the controller has ended'));
      queue.close();
      await tasks.allEnded();
    }
  };
  return {
    synced,
    ended: run(),
    idle() {
      const { live, background, running } = queue.counts();
      return working && live + background + running === 0;
    },
  };
}

/** Which peerings hear of which sets and ranges. */
function openDependents() {
  const plans = new Map<string, readonly string[]>();
  const bySet = new Map<string, Set<string>>();
  return {
    set(key: string, plan: Plan | undefined): void {
      for (const name of plans.get(key) ?? []) bySet.get(name)?.delete(key);
      plans.delete(key);
      if (!plan) return;
      // CIDRs change rarely: whoever has a plan hears of all of them.
      const names = [...new Set(plan.sets.map((set) => set.key)), RANGES];
      plans.set(key, names);
      for (const name of names) listUnder(bySet, name, key);
    },
    of({ sets, ranges }: Changed): ReadonlySet<string> {
      const names = ranges.size > 0 ? [...sets, RANGES] : [...sets];
      return new Set(names.flatMap((name) => [...(bySet.get(name) ?? [])]));
    },
  };
}

const RANGES = ' ranges';

/** Linux, and not a stand-in for a cluster. */
function holdsPods({ metadata }: JsonObject): boolean {
  const labels = at(metadata, 'labels');
  return at(labels, 'kubernetes.io/os') !== 'windows' && at(labels, 'liqo.io/type') !== 'virtual-node';
}

function listUnder(index: Map<string, Set<string>>, under: string, key: string): void {
  const listed = index.get(under);
  if (listed) listed.add(key);
  else index.set(under, new Set([key]));
}

/** Whether `event` came before the end. */
async function beforeEnd(event: Promise<void>, end: AbortSignal, broken: Promise<never>): Promise<boolean> {
  const reached = event.then(() => true);
  return await Promise.race([orAborted(reached, end).catch(() => false), broken]);
}

function at(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
