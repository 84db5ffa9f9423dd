// Workers: take a key, reconcile it, say how it went. One worker per key at any time.
import { KubeError, messageOf } from '../errors.ts';
import type { WorkQueue } from './queue.ts';

export interface WorkOptions {
  readonly queue: WorkQueue;
  readonly workers: number;
  /** Resolves to undefined when done, or to the milliseconds after which to come again (not an error). */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<number | undefined>;
  /** Hears of every failure; the key is tried again by itself. */
  readonly onError: (key: string, error: Error, failures: number) => void;
  /** Aborted: no new key is taken, what runs is finished. */
  readonly stopping: AbortSignal;
  /** Aborted: what runs is told to stop, too. Handed to `reconcile`. */
  readonly signal: AbortSignal;
}

/** Resolves when every worker has ended, which is after `stopping` or `signal` is aborted. */
export async function work(options: WorkOptions): Promise<void> {
  const ending = AbortSignal.any([options.stopping, options.signal]);
  await Promise.all(Array.from({ length: options.workers }, () => worker(options, ending)));
}

async function worker(options: WorkOptions, ending: AbortSignal): Promise<void> {
  const { queue } = options;
  while (!ending.aborted) {
    const key = queue.take();
    if (key === undefined) await queue.ready(ending);
    else await one(options, key);
  }
}

async function one({ queue, reconcile, onError, signal }: WorkOptions, key: string): Promise<void> {
  try {
    const afterMs = await reconcile(key, signal);
    queue.finish(key, afterMs === undefined ? { kind: 'done' } : { kind: 'again', afterMs });
  } catch (caught) {
    const error = caught instanceof Error ? caught : new Error(messageOf(caught), { cause: caught });
    const retryAfterMs = error instanceof KubeError ? error.retryAfterMs : undefined;
    queue.finish(key, retryAfterMs === undefined ? { kind: 'failed' } : { kind: 'failed', retryAfterMs });
    // Stopped in the middle: no failure of the key.
    if (!signal.aborted) onError(key, error, queue.failures(key));
  }
}
