import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { exitCode } from './exit-code.ts';
import { drawGraph, type RawService, rawServices, type ShapeName } from './fixture.ts';
import type { Result, Row } from './result.ts';

/** The whole job as a user runs it: YAML files, `lattice compile DIR --out DIR`, a process of its own. */
export async function yamlCase(shape: ShapeName): Promise<Result> {
  const raws = [...rawServices(drawGraph(shape))];
  const rows: Row[] = [];
  let peak = 0;
  for (const perFile of [1, 500]) {
    const { usage, wall, bytes } = await compileFiles(raws, perFile);
    peak = Math.max(peak, usage.peakMB);
    const note = `peak ${usage.peakMB.toFixed(0)} MB, ${(bytes / 1e6).toFixed(0)} MB of objects`;
    rows.push({ step: `${perFile} per file`, cpu: usage.cpu, wall, services: raws.length, note });
  }
  return { case: 'yaml', shape, rows, peakMB: peak };
}

async function compileFiles(raws: readonly RawService[], perFile: number): Promise<Run & { readonly bytes: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-yaml-'));
  try {
    const input = join(folder, 'services');
    const output = join(folder, 'policies');
    mkdirSync(input);
    for (let from = 0; from < raws.length; from += perFile) {
      const documents = raws.slice(from, from + perFile).map((raw) => stringify(raw));
      writeFileSync(join(input, `${from}.yaml`), documents.join('---\n'));
    }
    const run = await runLattice(['compile', input, '--out', output], join(folder, 'usage.json'));
    const bytes = readdirSync(output).reduce((sum, name) => sum + statSync(join(output, name)).size, 0);
    return { ...run, bytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Run {
  readonly usage: Usage;
  readonly wall: number;
}

interface Usage {
  readonly cpu: number;
  readonly peakMB: number;
}

async function runLattice(args: readonly string[], file: string): Promise<Run> {
  const start = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', new URL('usage.ts', import.meta.url).href, here('../bin/lattice.js'), ...args],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, BENCH_USAGE: file } },
  );
  const code = await exitCode(child);
  const wall = performance.now() - start;
  if (code !== 0) throw new Error(`lattice ${args.join(' ')} ended with ${code}`);
  return { usage: readUsage(file), wall };
}

function readUsage(file: string): Usage {
  const usage: unknown = JSON.parse(readFileSync(file, 'utf8'));
  if (typeof usage !== 'object' || usage === null) throw new Error('no usage was written');
  return {
    cpu: 'cpu' in usage ? Number(usage.cpu) : Number.NaN,
    peakMB: 'peakMB' in usage ? Number(usage.peakMB) : Number.NaN,
  };
}

function here(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}
