// A Lease in memory behind a slow and unreliable network, and machines whose clocks disagree and stop.
import type { Clock } from '../clock.ts';
import { KubeError } from '../errors.ts';
import type { LeaseRecord } from '../lease/lease-state.ts';
import type { LeaseStore } from '../lease/lease-store.ts';

/** How one request fares: time to the server, time back, and whether an answer comes at all. */
export interface Fare {
  readonly thereMs: number;
  readonly backMs: number;
  readonly fate: 'answered' | 'refused' | 'lost on the way' | 'answer lost';
}

export interface Machine extends Clock {
  pause(): void;
  resume(): void;
  readonly paused: boolean;
}

/** A machine on top of `base` whose clocks are set differently; while paused, none of its timers fire. */
export function machine(base: Clock, monotonicOffset: number, wallOffset: number): Machine {
  let paused = false;
  let missed: (() => void)[] = [];
  return {
    get paused() {
      return paused;
    },
    monotonic: () => base.monotonic() + monotonicOffset,
    wall: () => base.wall() + wallOffset,
    after: (ms, task) => {
      let cancelled = false;
      const run = (): void => {
        if (cancelled) return;
        if (paused) missed.push(run);
        else task();
      };
      const cancel = base.after(ms, run);
      return () => {
        cancelled = true;
        cancel();
      };
    },
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
      const due = missed;
      missed = [];
      for (const run of due) run();
    },
  };
}

/** One Lease; `fareOf` decides how each request fares. What has left a machine arrives even if the machine gives up. */
export function leaseWorld(base: Clock, fareOf: () => Fare) {
  let current: LeaseRecord | undefined;
  let version = 0;
  const travel = <T>(on: Clock, signal: AbortSignal, atServer: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const { thereMs, backMs, fate } = fareOf();
      const stop = (): void =>
        reject(signal.reason instanceof Error ? signal.reason : new KubeError('aborted', 'stopped'));
      if (signal.aborted) {
        stop();
        return;
      }
      signal.addEventListener('abort', stop, { once: true });
      if (fate === 'lost on the way') return;
      base.after(thereMs, () => {
        let answer: () => void;
        try {
          if (fate === 'refused') throw new KubeError('unavailable', 'down');
          const value = atServer();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error instanceof Error ? error : new Error(String(error)));
        }
        if (fate !== 'answer lost') on.after(backMs, answer);
      });
    });
  return {
    current: () => current,
    storeOn: (on: Clock): LeaseStore => ({
      read: (signal) => travel(on, signal, () => current),
      write: (next, previous, signal) =>
        travel(on, signal, () => {
          if (previous?.version !== current?.version) throw new KubeError('conflict', 'changed');
          current = { ...next, version: String(++version) };
          return current;
        }),
    }),
  };
}
