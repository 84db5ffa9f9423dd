// The operator as it ships: a bundle in a process of its own, measured from outside.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { until } from '../../test/e2e/until.ts';

export interface MeasuredProcess {
  /** Seconds from its start to the log line with this message. */
  readonly until: (message: string) => Promise<number>;
  /** CPU time so far, in milliseconds. */
  readonly cpuMs: () => number;
  /** Resident memory now, and its highest. */
  readonly memoryMB: () => { readonly now: number; readonly peak: number };
  /** To sockets, pipes and files so far. */
  readonly writtenBytes: () => number;
  readonly stop: () => Promise<void>;
}

/** Ticks of /proc are 10 ms on every Linux that Node runs on. */
const TICK_MS = 10;

export function startMeasured(bundle: string, kubeconfig: string): MeasuredProcess {
  const args = ['operator', '--controllers', 'service', '--kubeconfig', kubeconfig];
  return startProcess(process.execPath, [bundle, ...args]);
}

/** Any program of ours that logs as the operator does, and that is still this process when it works. */
export function startProcess(file: string, args: readonly string[]): MeasuredProcess {
  const began = performance.now();
  const seen = new Map<string, number>();
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  const last: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    last.push(line);
    last.splice(0, last.length - 5);
    const message = /"(?:message|msg)":"([^"]*)"/.exec(line)?.[1];
    if (message !== undefined && !seen.has(message)) seen.set(message, (performance.now() - began) / 1000);
  });
  const proc = (file: string): string => readFileSync(`/proc/${child.pid}/${file}`, 'utf8');
  return {
    async until(message) {
      const at = await until(
        `${args.join(' ')} says "${message}"`,
        () => seen.get(message) ?? (child.exitCode === null ? undefined : Number.NaN),
        600_000,
      );
      if (Number.isNaN(at)) throw new Error(`${args.join(' ')} ended before it said "${message}": ${last.join('\n')}`);
      return at;
    },
    cpuMs() {
      const fields = proc('stat').split(') ')[1]?.split(' ') ?? [];
      return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    },
    memoryMB() {
      const status = proc('status');
      const kilobytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
      return { now: Math.round(kilobytes('VmRSS') / 1000), peak: Math.round(kilobytes('VmHWM') / 1000) };
    },
    writtenBytes: () => Number(/wchar: (\d+)/.exec(proc('io'))?.[1] ?? 0),
    async stop() {
      child.kill('SIGTERM');
      await closed;
    },
  };
}
