// Runs work while, and only while, this process holds the Lease.
import { sleep, type Clock } from '../clock.ts';
import { KubeError, means } from '../errors.ts';
import { withGrace, type Life } from '../lifecycle.ts';
import {
  checkTiming,
  LEASE_TIMING,
  mayTake,
  mayWrite,
  nextRecord,
  observed,
  releasedRecord,
  remaining,
  type Election,
  type Instant,
  type LeaseRecord,
  type LeaseTiming,
} from './lease-state.ts';
import type { LeaseStore } from './lease-store.ts';

export interface ElectorOptions {
  readonly store: LeaseStore;
  /** Unique to this process, also after a restart. */
  readonly identity: string;
  readonly timing?: LeaseTiming;
  readonly clock: Clock;
  readonly random: () => number;
  /** Hears of every failed try; the elector goes on by itself while it may. */
  readonly onTrouble: (error: KubeError) => void;
}

export interface Elector {
  /** Throws KubeError `fenced` unless this process may write now. Give it to the client that `work` writes with. */
  readonly fence: () => void;
  /**
   * Waits for the Lease, runs `work` once, gives the Lease back when the work has ended.
   * `stopping` asks the work to finish (it still leads, for `graceMs` at most); a loss aborts it at once.
   * Resolves to how it ended; rejects with what `work` threw.
   */
  lead(
    work: (life: Life) => Promise<void>,
    stopping: AbortSignal,
    graceMs: number,
  ): Promise<'ended' | 'lost' | 'never led'>;
}

/** Leads while it holds the Lease, by its own clock and never by that of another machine. Throws when the timing cannot be safe. */
export function createElector(options: ElectorOptions): Elector {
  const { store, identity, clock, random, onTrouble } = options;
  const timing = options.timing ?? LEASE_TIMING;
  checkTiming(timing);
  const now = (): Instant => ({ monotonic: clock.monotonic(), wall: clock.wall() });
  let state: Election = { at: 'standby', seen: undefined, since: now() };

  /** Runs one request with a limit of time, so that a frozen connection leaves time for another try. */
  const limited = async <T>(signal: AbortSignal, request: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const late = new AbortController();
    const onLate = (): void => late.abort(new KubeError('timeout', 'lease: no answer in time'));
    const cancel = clock.after(timing.renewMs / 3, onLate);
    try {
      return await request(AbortSignal.any([signal, late.signal]));
    } finally {
      cancel();
    }
  };
  /** Reads the Lease and takes it if nobody holds it any more. */
  const tryToTake = async (signal: AbortSignal): Promise<void> => {
    const seen = await limited(signal, (each) => store.read(each));
    state = observed(state, seen, now());
    if (!mayTake(state, identity, now())) return;
    const renewedAt = now();
    const record = nextRecord(seen, identity, timing, renewedAt);
    const held = await limited(signal, (each) => store.write(record, seen, each));
    state = { at: 'leading', held, renewedAt };
  };
  const renewHeld = async (signal: AbortSignal): Promise<void> => {
    if (state.at !== 'leading') return;
    const { held } = state;
    const renewedAt = now();
    const record = nextRecord(held, identity, timing, renewedAt);
    const next = await limited(signal, (each) => store.write(record, held, each));
    if (state.at === 'leading') state = { at: 'leading', held: next, renewedAt };
  };
  /** Renews; a conflict is looked into, for the answer to our own last write may have been lost. */
  const renew = async (signal: AbortSignal): Promise<void> => {
    try {
      await renewHeld(signal);
    } catch (error) {
      if (!means(error, 'conflict', 'notFound')) throw error;
      const seen = await limited(signal, (each) => store.read(each));
      if (state.at !== 'leading') return;
      state = seen?.holder === identity ? { ...state, held: seen } : observed(state, seen, now());
      await renewHeld(signal);
    }
  };
  const pause = (ms: number, signal: AbortSignal): Promise<void> =>
    // Cut short by the signal: the caller looks at it.
    sleep(clock, ms * (1 + random() / 5), signal).catch(() => undefined);
  /** Whether the attempt succeeded. Being stopped is neither success nor trouble. */
  const tolerate = async (attempt: Promise<void>, signal: AbortSignal): Promise<boolean> => {
    try {
      await attempt;
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (!(error instanceof KubeError)) throw error;
      onTrouble(error);
      return false;
    }
  };
  const leads = (): boolean => mayWrite(state, timing, now());
  const acquire = async (signal: AbortSignal): Promise<boolean> => {
    while (!signal.aborted && !leads()) {
      await tolerate(tryToTake(signal), signal);
      if (!leads()) await pause(timing.retryMs, signal);
    }
    return leads();
  };
  /** Keeps renewing until the lease is lost (then resolves) or `signal` aborts. */
  const keep = async (signal: AbortSignal): Promise<void> => {
    const watchdog = new AbortController();
    let cancel = (): void => undefined;
    const arm = (): void => {
      cancel = clock.after(remaining(state, timing, now()), () => {
        if (leads()) arm();
        else watchdog.abort(new KubeError('fenced', 'lease: lost'));
      });
    };
    arm();
    const ending = AbortSignal.any([signal, watchdog.signal]);
    let renewed = true;
    while (leads() && !ending.aborted) {
      await pause(renewed ? timing.retryMs : timing.retryMs / 4, ending);
      if (!ending.aborted) renewed = await tolerate(renew(ending), ending);
    }
    cancel();
  };
  const giveBack = async (held: LeaseRecord): Promise<void> => {
    await limited(new AbortController().signal, (each) => store.write(releasedRecord(held, now()), held, each));
  };
  const release = async (): Promise<void> => {
    if (state.at !== 'leading' || !leads()) return;
    const { held } = state;
    // From here on nothing may be written: whoever reads the released Lease leads at once.
    state = { at: 'standby', seen: held, since: now() };
    await tolerate(giveBack(held), new AbortController().signal);
  };
  return {
    fence() {
      if (!leads()) throw new KubeError('fenced', `lease: ${identity} does not lead`);
    },
    async lead(work, stopping, graceMs) {
      if (!(await acquire(stopping))) return 'never led';
      const finished = new AbortController();
      const lost = new AbortController();
      const keeping = keep(finished.signal).then(() => {
        if (!finished.signal.aborted) lost.abort(new KubeError('fenced', 'lease: lost'));
      });
      try {
        await withGrace(work, { stopping, abort: lost.signal, graceMs, clock });
      } finally {
        finished.abort();
        await keeping;
        await release();
      }
      return lost.signal.aborted ? 'lost' : 'ended';
    },
  };
}
