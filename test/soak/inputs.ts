import { readFileSync } from 'node:fs';
import { lattice } from '../cli/testing.ts';
import { mutate, randomFrom } from './mutate.ts';

/** What went wrong with one damaged input; `seed` makes it again. */
export interface Broken {
  readonly seed: number;
  readonly what: string;
}

export interface Soaked {
  readonly inputs: number;
  /** How many were refused, compiled, compiled in part. */
  readonly codes: Readonly<Record<0 | 1 | 2, number>>;
  readonly slowest: number;
  readonly broken: readonly Broken[];
}

/** Every so many inputs that compile are also proved: what comes out must allow exactly what was read. */
const PROVE_EVERY = 20;
const MAX_MILLISECONDS = 10_000;

/**
 * Runs damaged inputs through `lattice compile -`: no crash, no hang, no stack trace, exit code 2 with an empty stdout,
 * and no output that allows more than the agreements that were read. `now` is in milliseconds.
 */
export async function soakInputs(
  count: number,
  firstSeed: number,
  deadline: number,
  now: () => number,
): Promise<Soaked> {
  const corpus = ['agreement', 'external', 'manifests'].map((name) =>
    readFileSync(new URL(`../cli/corpus/${name}.yaml`, import.meta.url), 'utf8'),
  );
  const codes = { 0: 0, 1: 0, 2: 0 };
  const broken: Broken[] = [];
  let slowest = 0;
  let inputs = 0;
  for (let seed = firstSeed; inputs < count && now() < deadline; seed++, inputs++) {
    const bytes = mutate(corpus, randomFrom(seed));
    const began = now();
    const { code, stdout, stderr } = await lattice(['compile', '-'], bytes);
    slowest = Math.max(slowest, now() - began);
    codes[code]++;
    const complain = (what: string): void => {
      broken.push({ seed, what });
    };
    if (now() - began > MAX_MILLISECONDS) complain(`took ${Math.round(now() - began)} ms`);
    if (code === 2 && stdout !== '') complain('refused, but wrote objects');
    if (code === 2 && stderr === '') complain('refused without a word');
    if (/internal error|\n {4}at /.test(stderr)) complain(stderr.slice(0, 300));
    if (code !== 2 && seed % PROVE_EVERY === 0) {
      const proof = await lattice(['verify', '-'], bytes);
      if (proof.code !== 0) complain(`${proof.stdout}${proof.stderr}`.slice(0, 600));
    }
  }
  return { inputs, codes, slowest, broken };
}
