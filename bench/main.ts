// `npm run bench [-- CASE...] [--shape NAME] [--runs N] [-o json]`: speed and memory of the main path; `npm run bench -- kube`: of the Kubernetes runtime;
// `npm run bench -- fabric`: of the node agent, on the real kernel.
// `npm run bench -- operator`: of the operator; `npm run bench -- peering`: of peerings.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { exitCode } from './exit-code.ts';
import { isShape, type ShapeName } from './fixture.ts';
import { isResult, type Result } from './result.ts';
import { toTable } from './table.ts';
import { yamlCase } from './yaml.ts';

const ALL: readonly ShapeName[] = ['1.5k-uniform', '1.5k-skew', '50k-uniform', '50k-skew'];
const CASES = {
  compile: ALL,
  edit: ALL,
  verify: ['1.5k-uniform', '1.5k-skew'],
  memory: ['1.5k-uniform', '50k-uniform'],
  yaml: ['50k-uniform'],
} as const satisfies Readonly<Record<string, readonly ShapeName[]>>;
const SUBJECT = fileURLToPath(new URL('./subject.ts', import.meta.url));
const WORKLOAD = fileURLToPath(new URL('./workload/main.ts', import.meta.url));
const KUBE = fileURLToPath(new URL('./kube/main.ts', import.meta.url));
const FABRIC = fileURLToPath(new URL('./fabric.ts', import.meta.url));
const PEERING = fileURLToPath(new URL('./peering/main.ts', import.meta.url));
const OPERATOR = fileURLToPath(new URL('./operator/main.ts', import.meta.url));

/** What bin/lattice.js gives V8 for everything that ends by itself. */
const V8_FLAGS = ['--min-semi-space-size=16'] as const;

type CaseName = keyof typeof CASES;

const [first, ...rest] = process.argv.slice(2);
if (first === 'workload') {
  process.exitCode = await exitCode(spawn(process.execPath, [WORKLOAD, ...rest], { stdio: 'inherit' }));
} else if (first === 'kube') {
  process.exitCode = await exitCode(spawn(process.execPath, [KUBE, ...rest], { stdio: 'inherit' }));
} else if (first === 'fabric') {
  process.exitCode = await exitCode(spawn(process.execPath, [FABRIC, ...rest], { stdio: 'inherit' }));
} else if (first === 'peering') {
  process.exitCode = await exitCode(spawn(process.execPath, [PEERING, ...rest], { stdio: 'inherit' }));
} else if (first === 'operator') {
  process.exitCode = await exitCode(spawn(process.execPath, [OPERATOR, ...rest], { stdio: 'inherit' }));
} else await main();

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      output: { type: 'string', short: 'o', default: 'table' },
      shape: { type: 'string' },
      runs: { type: 'string' },
    },
    allowPositionals: true,
  });
  const unknown = positionals.find((name) => !isCase(name));
  const { shape, runs } = values;
  if (
    unknown !== undefined ||
    (shape !== undefined && !isShape(shape)) ||
    (runs !== undefined && !/^[1-9]\d*$/.test(runs))
  ) {
    process.stderr.write(
      `usage: npm run bench -- [${Object.keys(CASES).join('|')}|kube|workload|fabric|peering|operator]... [--shape NAME] [--runs N] [-o json]\n`,
    );
    process.exitCode = 2;
    return;
  }
  const names = positionals.length > 0 ? positionals.filter(isCase) : Object.keys(CASES).filter(isCase);
  const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-'));
  try {
    const subject = await bundle(folder);
    for (const name of names) {
      for (const each of shape === undefined ? CASES[name] : [shape]) {
        const result =
          name === 'yaml'
            ? await yamlCase(each)
            : await measured([subject, name, each, ...(runs === undefined ? [] : [runs])]);
        process.stdout.write(values.output === 'json' ? `${JSON.stringify(result)}\n` : `${toTable(result)}\n`);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function isCase(name: string): name is CaseName {
  return Object.hasOwn(CASES, name);
}

/** What ships is a bundle, without the compiler that strips types. */
async function bundle(folder: string): Promise<string> {
  const outfile = join(folder, 'subject.mjs');
  await build({
    entryPoints: [SUBJECT],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
  return outfile;
}

/** One case on one graph in a process of its own. */
async function measured(args: readonly string[]): Promise<Result> {
  const child = spawn(process.execPath, [...V8_FLAGS, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, code] = await Promise.all([text(child.stdout), exitCode(child)]);
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  const result: unknown = JSON.parse(output);
  if (!isResult(result)) throw new Error(`${args.join(' ')} gave no result`);
  return result;
}
