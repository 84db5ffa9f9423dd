import { Topology } from '../../peering/index.ts';
import type { Controller, ControllerContext, RunningController } from '../context.ts';
import { openLoop } from '../controller-loop.ts';
import { openEvents } from '../events.ts';
import type { EnforcerFlag } from './choose.ts';
import { type Declared, DECLARED_FIELDS, readDeclared } from './declared.ts';
import { openDependents } from './dependents.ts';
import { eventRecorder } from './events.ts';
import { followFabric } from './follow-fabric.ts';
import { followNodes } from './follow-nodes.ts';
import { followShape } from './follow-shape.ts';
import { FIREWALL, PEERING } from './kinds.ts';
import { readFirewall, type StoredFirewall } from './read-firewall.ts';
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
  const { client, clock, log } = context;
  const loop = openLoop(context);
  const { scope, queue } = loop;
  const topology = new Topology();
  const dependents = openDependents();
  const nextWrite = new Map<string, number>();

  const add = (key: string): void => {
    if (!loop.working()) return;
    queue.add(key, { afterMs: Math.max(GATHER_MS, (nextWrite.get(key) ?? 0) - clock.monotonic()) });
  };
  const addAll = (): void => {
    for (const key of peerings.keys()) add(key);
  };
  const sources = openSources({
    ...scope,
    topology,
    read: options.liqoNamespace === undefined ? {} : { liqoNamespace: options.liqoNamespace },
    onChanged: (changed) => {
      for (const key of dependents.of(changed)) add(key);
    },
  });
  const peerings = openCache<Declared>({
    ...scope,
    kind: PEERING,
    fields: DECLARED_FIELDS,
    of: readDeclared,
    onChange: add,
    onReady: addAll,
  });
  const firewalls = openCache<StoredFirewall>({
    ...scope,
    kind: FIREWALL,
    labelSelector: 'app.kubernetes.io/managed-by=lattice',
    fields: ['metadata.labels', 'metadata.ownerReferences', 'spec', 'status'],
    of: readFirewall,
    onChange: (_, before, after) => {
      const owner = after?.owner ?? before?.owner;
      if (owner !== undefined) add(owner);
    },
    onReady: addAll,
  });
  const liqo = followShape({
    ...scope,
    onChange: (before, after) => {
      if (before !== undefined && after !== undefined && before !== after) firewalls.renew();
      addAll();
    },
  });
  const fabric = followFabric({ ...scope, onChange: add, onReady: addAll });
  const nodes = followNodes({ ...scope, onChange: addAll });

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
    fabric,
    nodes: () => nodes.all(),
    reportOf: (node) => nodes.reportOf(node),
    agents: () => nodes.haveAgents(),
    shape: () => (firewalls.ready() ? liqo.shape() : undefined),
    record: eventRecorder(openEvents(client, clock, context.identity, log)),
    failures: (key) => queue.failures(key),
    onPlan: (key, plan) => dependents.set(key, plan),
    onWrites: (key, enforcer, count) => {
      if (count === 0) return;
      nextWrite.set(key, clock.monotonic() + APART_MS[enforcer]);
      writes.add({ enforcer }, count);
    },
  });
  return loop.run({
    workers: 4,
    caches: [sources, peerings, firewalls, fabric.programs, fabric.slices, nodes, liqo],
    begin() {
      addAll();
      // What is left of peerings that are gone.
      for (const key of fabric.programs.keys()) add(fabric.programs.get(key)?.value.spec.peering ?? '');
    },
    reconcile: async (key, call) => (key === '' ? undefined : await reconcile(key, call)),
    named: (key) => ({ peering: key }),
    // Not appointments: with node agents there always is one, for when the next report grows too old.
    isIdle() {
      const { live, background, running } = queue.counts();
      return live + background + running === 0;
    },
  });
}
