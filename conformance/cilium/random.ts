// A small seeded source of choices: the same seed gives the same scenarios on every machine.

export interface Random {
  /** A whole number from 0 up to, but not including, `end`. */
  readonly below: (end: number) => number;
  readonly chance: (probability: number) => boolean;
  /** One of `items`. Throws on an empty list. */
  readonly pick: <T>(items: readonly T[]) => T;
  /** `least` to `most` choices made by `make`. */
  readonly list: <T>(least: number, most: number, make: () => T) => T[];
  /** Each of `items` with this probability, in order. */
  readonly subset: <T>(items: readonly T[], probability: number) => T[];
}

/** Starts a source at `seed` (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number): number => Math.floor(next() * end);
  const chance = (probability: number): boolean => next() < probability;
  return {
    below,
    chance,
    pick: (items) => {
      const found = items[below(items.length)];
      if (found === undefined) throw new Error('nothing to pick from');
      return found;
    },
    list: (least, most, make) => Array.from({ length: least + below(most - least + 1) }, make),
    subset: (items, probability) => items.filter(() => chance(probability)),
  };
}
