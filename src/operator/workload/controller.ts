import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { LatticeService } from '../../api/index.ts';
import { work, workQueue } from '../../kube/index.ts';
import { workloadOwner } from '../../workload/index.ts';
import type { Controller, ControllerContext, RunningController } from '../context.ts';
import { fetchServing } from '../service/follow-definition.ts';
import { definitionOf, LATTICE_SERVICE } from '../service/kinds.ts';
import { before } from '../service/before.ts';
import { clusterValuesOf } from './cluster-values.ts';
import { openTasks } from '../tasks.ts';
import { type InputChange, openWorkloadInputs, type Stored } from './inputs.ts';
import { openWorkloadOutputs } from './outputs.ts';
import { openWorkloadReconciler } from './reconcile.ts';
import type { SecretBytes } from './secrets.ts';
import { openWorkloadWorld } from './world.ts';

export interface WorkloadControllerOptions {
  /** Services at a time. Default 16. */
  readonly workers?: number;
  /** Where generated passwords come from. Default: the system's own source. */
  readonly secretBytes?: SecretBytes;
}

/** Runs the services that have containers: renders them, applies what differs, and says how it goes. */
export function workloadController(options: WorkloadControllerOptions = {}): Controller {
  return { name: 'workload', start: (context) => startWorkload(context, options) };
}

function startWorkload(context: ControllerContext, options: WorkloadControllerOptions): RunningController {
  const { clock, random, log, stopping, signal, settings } = context;
  const tasks = openTasks();
  const watching = new AbortController();
  const until = AbortSignal.any([signal, watching.signal]);
  const queue = workQueue({ clock, random });
  const world = openWorkloadWorld(settings, clusterValuesOf(context));
  const keys = new Map<string, string>();
  const orphans = new Set<string>();
  /** What was last told to the world of a service: a write of its status changes nothing. */
  const told = new Map<string, LatticeService>();
  /** Services that wait for pods of what was made for them, by key of those. */
  const waiting = new Map<string, readonly string[]>();
  let working = false;

  const add = (owner: string, initial: boolean): void => {
    if (working) queue.add(owner, { priority: initial ? 'background' : 'live' });
    else orphans.add(owner);
  };
  const addKeys = (affected: Iterable<string>, initial: boolean): void => {
    for (const key of affected) {
      const owner = workloadOwner(key);
      keys.set(owner, key);
      add(owner, initial);
    }
  };
  const takeService = (key: string, after: Stored<LatticeService> | undefined): ReadonlySet<string> => {
    if (after && !after.deleting) {
      if (!after.value || isDeepStrictEqual(told.get(key), after.value)) return new Set();
      told.set(key, after.value);
      return world.putService(after.value);
    }
    if (!after) waiting.delete(key);
    told.delete(key);
    return world.removeService(key);
  };
  const take = (change: InputChange): ReadonlySet<string> => {
    switch (change.kind) {
      case 'service':
        return new Set([change.key, ...takeService(change.key, change.after)]);
      case 'external':
        return change.after?.value ? world.putExternal(change.after.value) : world.removeExternal(change.key);
      case 'class':
        return change.after?.value ? world.putClass(change.after.value) : world.removeClass(change.key);
      case 'config':
        return world.putConfig(change.key.slice(0, change.key.indexOf('/')), change.after);
      case 'fact':
        return change.after ? world.putFact(change.after) : world.removeFact(change.key);
      case 'pod':
        return new Set([
          change.key,
          ...[...waiting].flatMap(([key, others]) => (others.includes(change.key) ? [key] : [])),
        ]);
    }
  };
  const outputs = openWorkloadOutputs({ context, tasks, signal: until, onChange: add });
  const inputs = openWorkloadInputs({
    context,
    tasks,
    signal: until,
    onChange: (change, initial) => {
      if (working) addKeys(take(change), initial);
    },
  });
  const definition = definitionOf(LATTICE_SERVICE) ?? '';
  const reconciler = openWorkloadReconciler({
    context,
    world,
    inputs,
    outputs,
    random: options.secretBytes ?? randomBytes,
    keyOf: (owner) => keys.get(owner),
    onWaiting(key, others) {
      if (others.length > 0) waiting.set(key, others);
      else waiting.delete(key);
    },
    // Definitions that are deleted take every declaration with them: that ends nothing that runs.
    confirmGone: async (call) =>
      (await fetchServing(context.client, definition, LATTICE_SERVICE.version, call)) === 'served',
  });
  const synced = Promise.all([inputs.synced, outputs.synced]).then(() => undefined);

  const run = async (): Promise<void> => {
    try {
      if (!(await before(synced, [stopping, signal], tasks.broken))) return;
      working = true;
      for (const change of inputs.all()) addKeys(take(change), true);
      addKeys(world.keys(), true);
      for (const owner of orphans) add(owner, true);
      const worked = work({
        queue,
        workers: options.workers ?? 16,
        reconcile: (owner, call) => reconciler.reconcile(owner, call),
        onError: (owner, error, failures) =>
          log.warn('reconcile: failed, trying again', { service: keys.get(owner) ?? owner, error, failures }),
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
      const { live, background, running, waiting } = queue.counts();
      return working && live + background + running + waiting === 0;
    },
  };
}
