import { sleep, work, workQueue } from '../../kube/index.ts';
import type { Controller, ControllerContext, RunningController } from '../context.ts';
import { openTasks } from '../tasks.ts';
import { openForeign } from '../foreign/index.ts';
import { before } from './before.ts';
import { openCertainty } from './certainty.ts';
import { fetchServing } from './follow-definition.ts';
import { externalKey, externalOf, openDispatch, serviceUnit } from './dispatch.ts';
import { ENGINE_NAMESPACES, type EngineNamespaces, followEngineConfig } from './engine-config.ts';
import { openInputs } from './inputs.ts';
import { definitionOf, LATTICE_EXTERNAL_SERVICE, LATTICE_SERVICE } from './kinds.ts';
import { openOutputs } from './outputs.ts';
import { openReconciler } from './reconcile.ts';
import { clusterValuesOf } from '../workload/cluster-values.ts';
import { openTurns } from './turns.ts';
import { openWorld } from './world.ts';

export interface ServiceControllerOptions {
  /** Units at a time. Default 32: each waits for three answers in a row. */
  readonly workers?: number;
  /** Default {@link ENGINE_NAMESPACES}. */
  readonly engineNamespaces?: EngineNamespaces;
}

/** Turns declarations into objects of the engines, and keeps them so. */
export function serviceController(options: ServiceControllerOptions = {}): Controller {
  return { name: 'service', start: (context) => startService(context, options) };
}

function startService(
  context: ControllerContext,
  { workers = 32, engineNamespaces = ENGINE_NAMESPACES }: ServiceControllerOptions,
): RunningController {
  const { clock, random, log, stopping, signal } = context;
  const tasks = openTasks();
  const watching = new AbortController();
  const until = AbortSignal.any([signal, watching.signal]);
  const queue = workQueue({ clock, random });
  const seconds = context.metrics.histogram({
    name: 'lattice_reconcile_duration_seconds',
    help: 'From taking up a unit to its objects and status being written, or to a failure.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  });
  context.metrics.gauge({
    name: 'lattice_queue_length',
    help: 'Units that are being looked at, or wait for it.',
    read() {
      const { live, background, running, waiting } = queue.counts();
      return live + background + running + waiting;
    },
  });
  const turns = openTurns();
  const world = openWorld(context.settings, context.compile, clusterValuesOf(context));
  let working = false;

  const add = (owner: string, initial: boolean): void => {
    if (working) queue.add(owner, { priority: initial ? 'background' : 'live' });
  };
  const dispatch = openDispatch(world, turns, add);
  const engines = followEngineConfig({
    context,
    tasks,
    signal: until,
    namespaces: engineNamespaces,
    onChange() {
      if (working) foreign.begin();
      addAll();
    },
  });
  const foreign = openForeign({
    context,
    tasks,
    signal: until,
    graph: world.graph,
    compile: (unit) => world.compile(unit),
    settings: () => engines.settings(),
    busy: () => queue.counts().live + queue.counts().running > 0,
    onOpinion: (key) => add(world.ownerOf(serviceUnit(key)), true),
  });
  const addAll = (): void => {
    if (!working) return;
    for (const owner of world.owners()) add(owner, true);
    for (const key of inputs.services()) add(world.ownerOf(serviceUnit(key)), true);
    for (const key of inputs.externals()) add(externalKey(key), true);
  };
  const shared = { context, tasks, signal: until };
  const outputs = openOutputs({
    ...shared,
    onDrift: (owner, initial) => {
      // Before work begins every owner is remembered by its objects, and looked at then.
      if (working) add(owner, initial);
      else orphans.add(owner);
    },
    onForeign: (kind, key, object) => foreign.put(kind, key, object),
    onKind: addAll,
  });
  const orphans = new Set<string>();
  const inputs = openInputs({
    ...shared,
    world,
    onAffected(affected, initial) {
      dispatch.affected(affected, initial);
      for (const owner of affected.owners) {
        const unit = world.unitOf(owner);
        if (unit?.kind === 'service') foreign.touch(`${unit.namespace}/${unit.name}`);
      }
    },
    onPods: (namespace, labels) => foreign.touchPods(namespace, labels),
    onDeclaration: (kind, key) => {
      // Our own status comes back by the watch, and asks for nothing.
      if (!working || reconciler.isEcho(kind, key)) return;
      add(kind === 'external' ? externalKey(key) : world.ownerOf(serviceUnit(key)), false);
    },
    onGone(kind, key, owners) {
      certainty.doubt();
      if (kind === 'service') dispatch.gone(key, owners);
    },
    onComplete: addAll,
  });
  const confirmGone = async (call: AbortSignal): Promise<boolean> => {
    if (!inputs.areComplete()) return false;
    const asked = DECLARED.map((kind) => fetchServing(context.client, definitionOf(kind) ?? '', kind.version, call));
    return (await Promise.all(asked)).every((serving) => serving === 'served');
  };
  const certainty = openCertainty(() => confirmGone(signal));
  const reconciler = openReconciler({
    context,
    world,
    inputs,
    outputs,
    turns,
    failures: (owner) => queue.failures(owner),
    closed: () => [...(inputs.areComplete() ? [] : [DECLARATIONS_UNKNOWN]), ...engines.closed()],
    weak: () => engines.weak(),
    opinionOf: (key) => foreign.opinion(key),
    peersOf: (owner) => dispatch.peersOf(owner),
    confirmGone,
    isCertain: () => certainty.confirm(),
  });
  const idle = (): boolean => {
    const { live, background, running, waiting } = queue.counts();
    return working && live + background + running + waiting === 0 && foreign.idle();
  };
  /** Says once that what there was at the start is worked through. */
  const sayAtRest = async (): Promise<void> => {
    while (!idle()) await sleep(clock, REST_MS, until);
    log.info('at rest');
  };
  const synced = Promise.all([inputs.synced, outputs.synced, engines.synced, foreign.synced]).then(() => undefined);

  const run = async (): Promise<void> => {
    try {
      if (!(await before(synced, [stopping, signal], tasks.broken))) return;
      world.build();
      working = true;
      foreign.begin();
      dispatch.begin();
      tasks.start(foreign.run());
      addAll();
      for (const owner of orphans) add(owner, true);
      // Ended before that, it has nothing to say.
      tasks.start(sayAtRest().catch(() => undefined));
      const worked = work({
        queue,
        workers,
        async reconcile(key, call) {
          const begin = clock.monotonic();
          const external = externalOf(key);
          try {
            return await (external === undefined ? reconciler.unit(key, call) : reconciler.external(external, call));
          } finally {
            seconds.observe((clock.monotonic() - begin) / 1000);
          }
        },
        onError: (key, error, failures) => log.warn('reconcile: failed, trying again', { owner: key, error, failures }),
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
    idle,
  };
}

/** Between looks at whether there is work left. */
const REST_MS = 50;

const DECLARED = [LATTICE_SERVICE, LATTICE_EXTERNAL_SERVICE];

const DECLARATIONS_UNKNOWN = {
  reason: 'DeclarationsUnknown',
  message:
    "the definitions of Lattice's own kinds are missing or on their way out: nothing is written until they are back",
};
