// How long to wait before trying again. Pure: randomness is an argument.

export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * Milliseconds before the next try: doubling from `baseMs` up to `capMs`, and between half and all of that, so that
 * clients which failed together do not return together; never less than `atLeastMs`. 0 <= random < 1.
 */
export function delayOf(backoff: Backoff, failures: number, random: number, atLeastMs = 0): number {
  const full = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(Math.max(failures - 1, 0), 52));
  return Math.max(atLeastMs, full * (0.5 + random / 2));
}
