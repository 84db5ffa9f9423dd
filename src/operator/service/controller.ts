import { sleep, type WorkQueue } from '../../kube/index.ts';
import type { Controller, ControllerContext, Histogram, RunningController } from '../context.ts';
import { openLoop, pending } from '../controller-loop.ts';
import { openForeign } from '../foreign/index.ts';
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
  const loop = openLoop(context);
  const { scope, queue } = loop;
  const seconds = measure(context, queue);
  const turns = openTurns();
  const world = openWorld(context.settings, context.compile, clusterValuesOf(context));
  /** Owners that objects were found of before work began: of some of them nothing is declared any more. */
  const orphans = new Set<string>();

  const add = (owner: string, initial: boolean): void => {
    if (loop.working()) queue.add(owner, { priority: initial ? 'background' : 'live' });
  };
  const addAll = (): void => {
    if (!loop.working()) return;
    for (const owner of world.owners()) add(owner, true);
    for (const key of inputs.services()) add(world.ownerOf(serviceUnit(key)), true);
    for (const key of inputs.externals()) add(externalKey(key), true);
  };
  const dispatch = openDispatch(world, turns, add);
  const engines = followEngineConfig({
    ...scope,
    namespaces: engineNamespaces,
    onChange() {
      if (loop.working()) foreign.begin();
      addAll();
    },
  });
  const foreign = openForeign({
    ...scope,
    graph: world.graph,
    compile: (unit) => world.compile(unit),
    settings: () => engines.settings(),
    busy: () => queue.counts().live + queue.counts().running > 0,
    onOpinion: (key) => add(world.ownerOf(serviceUnit(key)), true),
  });
  const outputs = openOutputs({
    ...scope,
    onDrift: (owner, initial) => {
      if (loop.working()) add(owner, initial);
      else orphans.add(owner);
    },
    onForeign: (kind, key, object) => foreign.put(kind, key, object),
    onKind: addAll,
  });
  const inputs = openInputs({
    ...scope,
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
      if (!loop.working() || reconciler.isEcho(kind, key)) return;
      add(kind === 'external' ? externalKey(key) : world.ownerOf(serviceUnit(key)), false);
    },
    onGone(kind, key, owners) {
      certainty.doubt();
      if (kind === 'service') dispatch.gone(key, owners);
    },
    onComplete: addAll,
  });
  const confirmGone = async (call: AbortSignal): Promise<boolean> =>
    inputs.areComplete() && (await areDeclaredServed(context, call));
  const certainty = openCertainty(() => confirmGone(context.signal));
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
  const isIdle = (): boolean => pending(queue) === 0 && foreign.idle();
  return loop.run({
    workers,
    caches: [inputs, outputs, engines, foreign],
    begin() {
      world.build();
      foreign.begin();
      dispatch.begin();
      scope.tasks.start(foreign.run());
      addAll();
      for (const owner of orphans) add(owner, true);
      scope.tasks.start(sayAtRest(context, isIdle, scope.signal));
    },
    async reconcile(key, call) {
      const begin = context.clock.monotonic();
      const external = externalOf(key);
      try {
        return await (external === undefined ? reconciler.unit(key, call) : reconciler.external(external, call));
      } finally {
        seconds.observe((context.clock.monotonic() - begin) / 1000);
      }
    },
    named: (owner) => ({ owner }),
    isIdle,
  });
}

function measure({ metrics }: ControllerContext, queue: WorkQueue): Histogram {
  metrics.gauge({
    name: 'lattice_queue_length',
    help: 'Units that are being looked at, or wait for it.',
    read: () => pending(queue),
  });
  return metrics.histogram({
    name: 'lattice_reconcile_duration_seconds',
    help: 'From taking up a unit to its objects and status being written, or to a failure.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  });
}

async function areDeclaredServed({ client }: ControllerContext, signal: AbortSignal): Promise<boolean> {
  const asked = DECLARED.map((kind) => fetchServing(client, definitionOf(kind) ?? '', kind.version, signal));
  return (await Promise.all(asked)).every((serving) => serving === 'served');
}

/** Says once that what there was at the start is worked through. */
async function sayAtRest({ clock, log }: ControllerContext, isIdle: () => boolean, signal: AbortSignal): Promise<void> {
  try {
    while (!isIdle()) await sleep(clock, REST_MS, signal);
    log.info('at rest');
  } catch (error) {
    // Ended before that, it has nothing to say.
    if (!signal.aborted) throw error;
  }
}

/** Between looks at whether there is work left. */
const REST_MS = 50;

const DECLARED = [LATTICE_SERVICE, LATTICE_EXTERNAL_SERVICE];

const DECLARATIONS_UNKNOWN = {
  reason: 'DeclarationsUnknown',
  message:
    "the definitions of Lattice's own kinds are missing or on their way out: nothing is written until they are back",
};
