// The end-to-end suite, on the embedded control plane and on a real API server: `npm run e2e -- [--only embedded|real]`;
// with `--build` nothing is tested, and the real one is only built.
// Ends with node:test's closing lines, summed. Exit code 1 when anything failed.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { buildKwok } from '../../conformance/kwok/kwok.ts';
import { type Binaries, findBinaries } from './binaries.ts';

const WORDS = ['tests', 'pass', 'fail', 'skipped'] as const;
type Counts = Readonly<Record<(typeof WORDS)[number], number>>;

/** A suite that takes longer than this hangs; one that kills more often than usual may take hours. */
const LIMIT_MILLIS = (process.env['LATTICE_E2E_KILLS'] === undefined ? 25 : 120) * 60_000;
/** So does a test, which is then named; with it the suite ends, whatever it has left open. */
const LIMITS =
  process.env['LATTICE_E2E_KILLS'] === undefined
    ? ['--test-timeout=600000', '--test-force-exit']
    : ['--test-force-exit'];

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const { values } = parseArgs({ options: { only: { type: 'string' }, build: { type: 'boolean', default: false } } });
if (values.only !== undefined && values.only !== 'embedded' && values.only !== 'real') {
  process.stderr.write('--only takes embedded or real\n');
  process.exitCode = 2;
} else if (values.build) {
  const found = findBinaries(process.env, say);
  say(found.kind === 'ready' ? found.folder : `SKIPPED: ${found.reason}`);
  const kwok = buildKwok(process.env, say);
  say(kwok.kind === 'ready' ? kwok.program : `SKIPPED: ${kwok.reason}`);
} else {
  const counts: Counts[] = [];
  const given = process.env.KUBECONFIG_E2E;
  const binaries = findBinaries(process.env, say);
  const kubectl = kubectlOf(binaries);
  if (values.only !== 'real') counts.push(await runOn('embedded', { ...kubectl, LATTICE_E2E: 'embedded' }));
  if (values.only !== 'embedded') {
    if (given !== undefined) counts.push(await runOn(given, { ...kubectl, LATTICE_E2E: 'given' }));
    else if (binaries.kind === 'ready') {
      const kwok = buildKwok(process.env, say);
      if (kwok.kind === 'skipped') say(`kwok stands for no node: ${kwok.reason}`);
      counts.push(await runOn('real', { ...kubectl, LATTICE_E2E: 'real', LATTICE_E2E_BINARIES: binaries.folder }));
    } else {
      say(`\nSKIPPED: the real API server: ${binaries.reason}`);
      counts.push({ tests: 1, pass: 0, fail: 0, skipped: 1 });
    }
  }
  say('');
  for (const word of WORDS) say(`ℹ ${word} ${sum(counts, word)}`);
  if (sum(counts, 'fail') > 0) process.exitCode = 1;
}

function kubectlOf(found: Binaries): Readonly<Record<string, string>> {
  if (process.env.LATTICE_KUBECTL !== undefined || found.kind === 'skipped') return {};
  const path = join(found.folder, 'kubectl');
  return existsSync(path) ? { LATTICE_KUBECTL: path } : {};
}

/** Runs the suite in a process of its own, passes on what it says, and counts. */
async function runOn(name: string, env: Readonly<Record<string, string>>): Promise<Counts> {
  say(`\n=== ${name}`);
  const suite = import.meta.resolve('./suite/index.ts').slice(7);
  const child = spawn(process.execPath, ['--test-reporter=spec', ...LIMITS, suite], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
    process.exitCode = 1;
  };
  process.on('SIGTERM', forward).on('SIGINT', forward);
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  const hanging = setTimeout(() => {
    say(`${name}: not over after ${LIMIT_MILLIS / 60_000} minutes, and ended`);
    // Its exit ends the programs that it started.
    child.kill('SIGTERM');
  }, LIMIT_MILLIS);
  const counted = new Map<string, number>();
  for await (const line of createInterface({ input: child.stdout })) {
    const closing = /^ℹ (\w+) ([\d.]+)$/.exec(line);
    // The sum is printed once, at the end of all.
    if (closing) counted.set(closing[1] ?? '', Number(closing[2]));
    else say(line);
  }
  const code = await ended;
  clearTimeout(hanging);
  process.off('SIGTERM', forward).off('SIGINT', forward);
  const count = (word: string): number => counted.get(word) ?? 0;
  say(`${name}: ${WORDS.map((word) => `${count(word)} ${word}`).join(', ')}; ${count('duration_ms') / 1000} s`);
  // A suite that broke before it could count has failed all the same.
  const fail = code === 0 ? count('fail') : Math.max(count('fail'), 1);
  return { tests: count('tests'), pass: count('pass'), fail, skipped: count('skipped') };
}

function sum(counts: readonly Counts[], word: keyof Counts): number {
  return counts.reduce((total, each) => total + each[word], 0);
}
