// What is to be done next: keys, each once, never two workers for one key. Decides; work.ts does.
import { delayOf, type Backoff } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import { takeToken, type Bucket, type Rate } from './bucket.ts';

/** Live changes go first; the initial list and resyncs are background, which is never starved either. */
export type Priority = 'live' | 'background';

export type Outcome =
  | { readonly kind: 'done' }
  /** Come back after this time; not an error. */
  | { readonly kind: 'again'; readonly afterMs: number }
  | { readonly kind: 'failed'; readonly retryAfterMs?: number };

export interface WorkQueue {
  /** Asks for `key` to be worked on, now or after a time. Asked for twice, it is worked on once, at the earlier time. */
  add(key: string, options?: { readonly priority?: Priority; readonly afterMs?: number }): void;
  /** The next key, which now belongs to the caller until `finish`; undefined when nothing is ready. */
  take(): string | undefined;
  /** Ends the caller's work on `key`. A key that was added meanwhile is ready again at once. */
  finish(key: string, outcome: Outcome): void;
  /** Resolves when something may be ready, or when the signal aborts. */
  ready(signal: AbortSignal): Promise<void>;
  /** Failures in a row of `key`. */
  failures(key: string): number;
  /** How many keys are in each place. */
  counts(): { readonly live: number; readonly background: number; readonly running: number; readonly waiting: number };
  /**
   * Cancels every timer; keys can no longer be taken, and whoever waits for one is answered at once. Tell workers to end
   * before: one that asks on would turn in place.
   */
  close(): void;
}

export interface QueueOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Per key. The cap is a delay, not a count: no key is ever given up. */
  readonly backoff?: Backoff;
  /** Over all keys, for retries alone. */
  readonly retries?: Rate;
}

interface Entry {
  running: Priority | undefined;
  /** Added while it ran. */
  dirty: Priority | undefined;
  queued: Priority | undefined;
  timer: { readonly due: number; readonly cancel: () => void } | undefined;
  failures: number;
}

const BACKOFF: Backoff = { baseMs: 10, capMs: 60_000 };
const RETRIES: Rate = { perSecond: 10, burst: 100 };
/** One background key after so many live ones in a row. */
const LIVE_IN_A_ROW = 16;

/** A queue of keys without a limit: each is in it once, and belongs to one worker at a time. Failures wait ever longer. */
export function workQueue(options: QueueOptions): WorkQueue {
  const { clock, random, backoff = BACKOFF, retries = RETRIES } = options;
  const entries = new Map<string, Entry>();
  const lanes = { live: new Set<string>(), background: new Set<string>() };
  let waiters: (() => void)[] = [];
  let bucket: Bucket = { at: 0 };
  let liveInARow = 0;
  let closed = false;

  const entryOf = (key: string): Entry => {
    const known = entries.get(key);
    if (known) return known;
    const entry: Entry = { running: undefined, dirty: undefined, queued: undefined, timer: undefined, failures: 0 };
    entries.set(key, entry);
    return entry;
  };
  const wake = (): void => {
    const woken = waiters;
    waiters = [];
    for (const resolve of woken) resolve();
  };
  const enqueue = (key: string, entry: Entry, priority: Priority): void => {
    entry.timer?.cancel();
    entry.timer = undefined;
    if (entry.running !== undefined) {
      entry.dirty = higher(entry.dirty, priority);
      return;
    }
    const lane = higher(entry.queued, priority);
    if (lane === entry.queued) return;
    if (entry.queued !== undefined) lanes[entry.queued].delete(key);
    entry.queued = lane;
    lanes[lane].add(key);
    wake();
  };
  const schedule = (key: string, entry: Entry, priority: Priority, ms: number): void => {
    const due = clock.monotonic() + ms;
    if (entry.queued !== undefined || entry.dirty !== undefined || (entry.timer && entry.timer.due <= due)) return;
    entry.timer?.cancel();
    const cancel = clock.after(ms, () => {
      entry.timer = undefined;
      enqueue(key, entry, priority);
    });
    entry.timer = { due, cancel };
  };
  const retryDelay = (entry: Entry, atLeastMs: number): number => {
    const token = takeToken(bucket, clock.monotonic(), retries);
    bucket = token.bucket;
    return Math.max(token.waitMs, delayOf(backoff, entry.failures, random(), atLeastMs));
  };
  const nextLane = (): Priority => {
    if (lanes.live.size === 0) return 'background';
    return liveInARow >= LIVE_IN_A_ROW && lanes.background.size > 0 ? 'background' : 'live';
  };
  return {
    add(key, { priority = 'live', afterMs = 0 } = {}) {
      if (closed) return;
      const entry = entryOf(key);
      if (afterMs > 0) schedule(key, entry, priority, afterMs);
      else enqueue(key, entry, priority);
    },
    take() {
      const lane = nextLane();
      const [key] = lanes[lane];
      if (key === undefined || closed) return undefined;
      liveInARow = lane === 'live' ? liveInARow + 1 : 0;
      lanes[lane].delete(key);
      const entry = entryOf(key);
      entry.queued = undefined;
      entry.running = lane;
      return key;
    },
    finish(key, outcome) {
      const entry = entries.get(key);
      if (entry?.running === undefined) throw new Error(`${key} is not being worked on`);
      const priority = entry.running;
      const { dirty } = entry;
      entry.running = undefined;
      entry.dirty = undefined;
      entry.failures = outcome.kind === 'failed' ? entry.failures + 1 : 0;
      if (closed) return;
      if (dirty !== undefined) enqueue(key, entry, dirty);
      else if (outcome.kind === 'again') schedule(key, entry, priority, Math.max(0, outcome.afterMs));
      else if (outcome.kind === 'failed') schedule(key, entry, priority, retryDelay(entry, outcome.retryAfterMs ?? 0));
      else if (!entry.timer) entries.delete(key);
    },
    ready(signal) {
      if (signal.aborted || closed || lanes.live.size + lanes.background.size > 0) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        const onAbort = (): void => {
          waiters = waiters.filter((waiter) => waiter !== done);
          resolve();
        };
        waiters.push(done);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
    failures: (key) => entries.get(key)?.failures ?? 0,
    counts() {
      const all = [...entries.values()];
      return {
        live: lanes.live.size,
        background: lanes.background.size,
        running: all.filter((entry) => entry.running !== undefined).length,
        waiting: all.filter((entry) => entry.timer !== undefined).length,
      };
    },
    close() {
      closed = true;
      for (const entry of entries.values()) entry.timer?.cancel();
      wake();
    },
  };
}

function higher(a: Priority | undefined, b: Priority): Priority {
  return a === 'live' ? a : b;
}
