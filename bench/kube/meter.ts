// What a process has used: time of the clock, CPU of all threads, memory as the kernel counts it.
import { readFileSync } from 'node:fs';

export interface Point {
  readonly wall: number;
  readonly cpu: number;
}

/** Milliseconds of the clock, and of user and system time. */
export function point(): Point {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now(), cpu: (user + system) / 1000 };
}

/** Resident memory of a process now, or at its highest, in MiB. */
export function memoryMb(field: 'VmRSS' | 'VmHWM', pid: number | 'self' = 'self'): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${field}:\\s+(\\d+) kB`));
  return Math.round(Number(line?.[1] ?? 0) / 1024);
}

/** Resident memory after a forced collection (needs --expose-gc). */
export function collectedMb(): number {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return memoryMb('VmRSS');
}

/** What passed between two points, per piece of work. */
export function rate(from: Point, to: Point, count: number): { readonly perSecond: number; readonly cpuUs: number } {
  return {
    perSecond: Math.round(count / ((to.wall - from.wall) / 1000)),
    cpuUs: Math.round(((to.cpu - from.cpu) * 1000) / count),
  };
}

/** The value below which the share `q` lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(Math.floor(q * sorted.length), sorted.length - 1)] ?? Number.NaN);
}
