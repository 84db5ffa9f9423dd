// Measures the watch cache: `node bench/kube/main.ts [--pods N] [--events N] [--runs N]`. Prints one JSON line per run.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parseArgs } from 'node:util';
import { buildSync } from 'esbuild';
import { stringAt } from '../../src/kube/json.ts';

const { values } = parseArgs({
  options: {
    pods: { type: 'string', default: '10000' },
    events: { type: 'string', default: '50000' },
    runs: { type: 'string', default: '3' },
    flags: { type: 'string', default: '--max-semi-space-size=2' },
  },
});
const runs = Number(values.runs);
// Measured as it ships: one bundle, without the compiler that strips types.
const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-'));
const subject = join(folder, 'subject.mjs');
buildSync({
  entryPoints: [here('subject.ts')],
  outfile: subject,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});

for (const [mode, events] of [
  ['stream', '0'],
  ['pages', '0'],
  ['parse', '0'],
  ['stream', values.events],
] as const)
  for (let run = 0; run < runs; run++) await measure(mode, events);
rmSync(folder, { recursive: true });

async function measure(mode: string, events: string): Promise<void> {
  const server = spawn(process.execPath, [here('server.ts'), values.pods, events], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  try {
    const ready: unknown = JSON.parse(await firstLine(server.stdout));
    const flags = values.flags.split(' ').filter((flag) => flag !== '');
    const args = ['--expose-gc', ...flags, subject, mode, stringAt(ready, 'url') ?? '', values.pods, events];
    const env = { ...process.env, BENCH_CA: stringAt(ready, 'ca') ?? '' };
    const client = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env });
    process.stdout.write(`${await firstLine(client.stdout)}\n`);
  } finally {
    server.kill();
  }
}

function here(file: string): string {
  return new URL(file, import.meta.url).pathname;
}

async function firstLine(stream: Readable | null): Promise<string> {
  if (!stream) throw new Error('the process has no output');
  for await (const line of createInterface({ input: stream })) return line;
  throw new Error('the process ended without an answer');
}
