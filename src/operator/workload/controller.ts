import { randomBytes } from 'node:crypto';
import { workloadOwner } from '../../workload/index.ts';
import type { Controller, ControllerContext, RunningController } from '../context.ts';
import { openLoop } from '../controller-loop.ts';
import { fetchServing } from '../service/follow-definition.ts';
import { definitionOf, LATTICE_SERVICE } from '../service/kinds.ts';
import { clusterValuesOf } from './cluster-values.ts';
import { openWorkloadInputs } from './inputs.ts';
import { openIntake } from './intake.ts';
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
  const loop = openLoop(context);
  const world = openWorkloadWorld(context.settings, clusterValuesOf(context));
  const intake = openIntake(world);
  const keys = new Map<string, string>();
  const orphans = new Set<string>();

  const add = (owner: string, initial: boolean): void => {
    if (loop.working()) loop.queue.add(owner, { priority: initial ? 'background' : 'live' });
    else orphans.add(owner);
  };
  const addKeys = (affected: Iterable<string>, initial: boolean): void => {
    for (const key of affected) {
      const owner = workloadOwner(key);
      keys.set(owner, key);
      add(owner, initial);
    }
  };
  const outputs = openWorkloadOutputs({ ...loop.scope, onChange: add });
  const inputs = openWorkloadInputs({
    ...loop.scope,
    onChange: (change, initial) => {
      if (loop.working()) addKeys(intake.take(change), initial);
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
    onWaiting: (key, others) => intake.waits(key, others),
    // Definitions that are deleted take every declaration with them: that ends nothing that runs.
    confirmGone: async (call) =>
      (await fetchServing(context.client, definition, LATTICE_SERVICE.version, call)) === 'served',
  });
  return loop.run({
    workers: options.workers ?? 16,
    caches: [inputs, outputs],
    begin() {
      for (const change of inputs.all()) addKeys(intake.take(change), true);
      addKeys(world.keys(), true);
      for (const owner of orphans) add(owner, true);
    },
    reconcile: (owner, call) => reconciler.reconcile(owner, call),
    named: (owner) => ({ service: keys.get(owner) ?? owner }),
  });
}
