// Runs measured programs: bundled as they ship, each in a process of its own, answering one line of JSON at a time.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';

export interface Measured {
  readonly pid: number;
  /** The next line that it prints, parsed. Rejects when it ends without one. */
  readonly next: () => Promise<Readonly<Record<string, unknown>>>;
  readonly end: () => Promise<void>;
}

/** Bundles one entry into `folder`. What is external is found from where it is installed. */
export function bundle(entry: string, folder: string): string {
  const outfile = join(folder, `${entry.replace(/.*\/|\.ts$/g, '')}.mjs`);
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: {
      js: "import { createRequire as requireIn } from 'node:module'; const require = requireIn(import.meta.url);",
    },
  });
  return outfile;
}

export function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Measured {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  });
  if (!child.stdout) throw new Error('the process has no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    async next() {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${args.join(' ')} ended without an answer`);
      return fieldsOf(JSON.parse(value));
    },
    end: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill();
  await once(child, 'close');
}

export const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};

/** The load of this machine, for every figure depends on it. */
export const load = (): string => readFileSync('/proc/loadavg', 'utf8').split(' ').slice(0, 2).join(' ');

export function say(fields: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(fields)}\n`);
}
