import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { exitCode } from './exit-code.ts';
import { drawGraph, rawServices, type ShapeName } from './fixture.ts';
import type { Result } from './result.ts';

/** The whole job as a user runs it: one YAML file per service, `lattice compile DIR --out DIR`, a process of its own. */
export async function yamlCase(shape: ShapeName): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-yaml-'));
  try {
    const input = join(folder, 'services');
    const output = join(folder, 'policies');
    mkdirSync(input);
    let services = 0;
    for (const raw of rawServices(drawGraph(shape))) {
      writeFileSync(join(input, `svc-${services}.yaml`), stringify(raw));
      services += 1;
    }
    const { usage, wall } = await runLattice(['compile', input, '--out', output], join(folder, 'usage.json'));
    const bytes = readdirSync(output).reduce((sum, name) => sum + statSync(join(output, name)).size, 0);
    return {
      case: 'yaml',
      shape,
      rows: [
        {
          step: 'files to files',
          cpu: usage.cpu,
          wall,
          services,
          note: `${services} files in, ${(bytes / 1e6).toFixed(0)} MB out`,
        },
      ],
      peakMB: usage.peakMB,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Usage {
  readonly cpu: number;
  readonly peakMB: number;
}

async function runLattice(
  args: readonly string[],
  file: string,
): Promise<{ readonly usage: Usage; readonly wall: number }> {
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
