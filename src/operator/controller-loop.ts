import { orAborted, work, workQueue, type WorkQueue } from '../kube/index.ts';
import type { ControllerContext, LogFields, RunningController } from './context.ts';
import { openTasks, type Scope } from './tasks.ts';

/** What a controller does once its caches are complete. */
export interface ControllerWork {
  /** Keys at a time. */
  readonly workers: number;
  /** What has to be complete before anything is done. */
  readonly caches: readonly { readonly synced: Promise<void> }[];
  /** Called once, when they are: asks for all there is to be looked at. */
  readonly begin: () => void;
  /** Resolves to undefined when done, or to the milliseconds after which to come again. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<number | undefined>;
  /** What a log line calls a key. */
  readonly named: (key: string) => LogFields;
  /** Whether nothing is left to do. Default: the queue holds nothing, appointments included. */
  readonly isIdle?: () => boolean;
}

/** The queue of one controller, and what lives and ends with it. */
export interface ControllerLoop {
  /** For the watches and whatever else runs beside the workers. */
  readonly scope: Scope;
  readonly queue: WorkQueue;
  /** Whether work has begun. Before, the caches are not complete, and `begin` asks for everything anyway. */
  working(): boolean;
  /** Works by the queue from when all caches are complete until the context says stop, or a piece breaks. */
  run(todo: ControllerWork): RunningController;
}

/** Opens the loop that every controller runs: wait for the caches, work off the queue, and end with all that was started. */
export function openLoop(context: ControllerContext): ControllerLoop {
  const { clock, random, log, stopping, signal } = context;
  const tasks = openTasks();
  const watching = new AbortController();
  const scope = { context, tasks, signal: AbortSignal.any([signal, watching.signal]) };
  const queue = workQueue({ clock, random });
  let working = false;

  const runUntilEnd = async (synced: Promise<void>, todo: ControllerWork): Promise<void> => {
    try {
      const ending = AbortSignal.any([stopping, signal]);
      if (!(await Promise.race([isBefore(ending, synced), tasks.broken]))) return;
      working = true;
      todo.begin();
      const onError = (key: string, error: Error, failures: number): void =>
        log.warn('reconcile: failed, trying again', { ...todo.named(key), error, failures });
      const { workers, reconcile } = todo;
      // Its own signal: workers that outlive a closed queue would turn in place and let nothing else run.
      const worked = work({ queue, workers, reconcile, onError, stopping, signal: scope.signal });
      tasks.start(worked);
      await Promise.race([worked, tasks.broken]);
    } finally {
      watching.abort(new Error('the controller has ended'));
      queue.close();
      await tasks.allEnded();
    }
  };
  return {
    scope,
    queue,
    working: () => working,
    run(todo) {
      const synced = Promise.all(todo.caches.map((cache) => cache.synced)).then(() => undefined);
      const isIdle = todo.isIdle ?? (() => pending(queue) === 0);
      return { synced, ended: runUntilEnd(synced, todo), idle: () => working && isIdle() };
    },
  };
}

/** Keys that are worked on, or wait for it or for their time. */
export function pending(queue: WorkQueue): number {
  const { live, background, running, waiting } = queue.counts();
  return live + background + running + waiting;
}

async function isBefore(end: AbortSignal, event: Promise<void>): Promise<boolean> {
  try {
    await orAborted(event, end);
  } catch (error) {
    if (!end.aborted) throw error;
  }
  return !end.aborted;
}
