/** What one piece of work took, in milliseconds. CPU is user and system time of all threads, the collector's too. */
export interface Spent {
  readonly cpu: number;
  readonly wall: number;
}

/** Runs `work` once. The result is returned too, so that the work cannot be optimised away. */
export function spend<T>(work: () => T): { readonly spent: Spent; readonly result: T } {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const result = work();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { spent: { cpu: (user + system) / 1000, wall }, result };
}

/** CPU and wall time each at the median. */
export function medianSpent(all: readonly Spent[]): Spent {
  return {
    cpu: quantile(
      all.map(({ cpu }) => cpu),
      0.5,
    ),
    wall: quantile(
      all.map(({ wall }) => wall),
      0.5,
    ),
  };
}

/** The value below which the share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)] ?? Number.NaN;
}
