// How many requests are in flight: halved when the server throttles, widened slowly while it does not.
import { reasonOf } from '../clock.ts';

export interface Limiter {
  /** Resolves to a function that gives the slot back. Rejects with the signal's reason when aborted. First come, first served. */
  acquire(signal: AbortSignal): Promise<() => void>;
  report(outcome: 'served' | 'throttled'): void;
  readonly inFlight: number;
  /** The present limit, rounded down. */
  readonly limit: number;
}

/** Additive increase, multiplicative decrease: one slot more per full round of served requests, half on a throttled one. */
export function nextLimit(limit: number, outcome: 'served' | 'throttled', max: number): number {
  return outcome === 'throttled' ? Math.max(1, limit / 2) : Math.min(max, limit + 1 / limit);
}

export function limiterOf(max: number): Limiter {
  let limit = max;
  let inFlight = 0;
  const waiting = new Set<() => void>();
  const admit = (): void => {
    for (const start of waiting) {
      if (inFlight >= Math.floor(limit)) return;
      waiting.delete(start);
      start();
    }
  };
  const slot = (): (() => void) => {
    inFlight += 1;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      inFlight -= 1;
      admit();
    };
  };
  return {
    acquire(signal) {
      if (signal.aborted) return Promise.reject(reasonOf(signal));
      if (waiting.size === 0 && inFlight < Math.floor(limit)) return Promise.resolve(slot());
      return new Promise((resolve, reject) => {
        const start = (): void => {
          signal.removeEventListener('abort', onAbort);
          resolve(slot());
        };
        const onAbort = (): void => {
          waiting.delete(start);
          reject(reasonOf(signal));
        };
        waiting.add(start);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
    report(outcome) {
      limit = nextLimit(limit, outcome, max);
      if (outcome === 'served') admit();
    },
    get inFlight() {
      return inFlight;
    },
    get limit() {
      return Math.floor(limit);
    },
  };
}
