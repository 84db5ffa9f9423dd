// Counts what happens, and lets a test wait for the n-th time.

export interface Tally {
  readonly count: () => number;
  readonly add: () => void;
  /** Resolves once `add` has been called `wanted` times in all. */
  readonly reach: (wanted: number) => Promise<void>;
}

export function tally(): Tally {
  let count = 0;
  let waiting: { readonly wanted: number; readonly resolve: () => void }[] = [];
  return {
    count: () => count,
    add() {
      count += 1;
      const reached = waiting.filter(({ wanted }) => wanted <= count);
      waiting = waiting.filter(({ wanted }) => wanted > count);
      for (const { resolve } of reached) resolve();
    },
    reach: (wanted) =>
      count >= wanted ? Promise.resolve() : new Promise((resolve) => waiting.push({ wanted, resolve })),
  };
}
