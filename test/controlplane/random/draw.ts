/** Draws from one seed: the same seed draws the same again. */
export interface Draw {
  /** An integer in [0, below). */
  readonly number: (below: number) => number;
  readonly chance: (share: number) => boolean;
  readonly one: <T>(from: readonly [T, ...T[]]) => T;
}

/** mulberry32. */
export function drawFrom(seed: number): Draw {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const number = (below: number): number => Math.floor(next() * below);
  return {
    number,
    chance: (share) => next() < share,
    one: (from) => from[number(from.length)] ?? from[0],
  };
}
