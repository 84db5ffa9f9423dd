// Command-line options and closing lines that every randomised suite here shares.
import { parseArgs } from 'node:util';

export interface Options {
  readonly budgetSeconds: number;
  readonly seed: number;
  /** Stop after this many flows; undefined = until the budget ends. */
  readonly flows: number | undefined;
  readonly through: 'library' | 'cli';
  readonly engine: 'cilium' | 'kubernetes';
  readonly out: string | undefined;
  readonly paths: readonly string[];
}

/** Reads `--budget SECONDS --seed N --flows N --through library|cli --engine cilium|kubernetes --out FILE`. Throws with the usage on anything else. */
export function readOptions(args: readonly string[], now: number): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      budget: { type: 'string' },
      seed: { type: 'string' },
      flows: { type: 'string' },
      through: { type: 'string' },
      engine: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const through = values.through ?? 'library';
  if (through !== 'library' && through !== 'cli') throw new Error(`--through is library or cli, not ${through}`);
  const engine = values.engine ?? 'cilium';
  if (engine !== 'cilium' && engine !== 'kubernetes')
    throw new Error(`--engine is cilium or kubernetes, not ${engine}`);
  const flows = values.flows === undefined ? undefined : positive('--flows', values.flows);
  return {
    budgetSeconds:
      values.budget === undefined ? (flows === undefined ? 60 : Infinity) : positive('--budget', values.budget),
    seed: values.seed === undefined ? now % 1_000_000 : positive('--seed', values.seed),
    flows,
    through,
    engine,
    out: values.out,
    paths: positionals,
  };
}

export interface Tally {
  readonly pass: number;
  readonly fail: number;
  readonly skipped: number;
}

/** The closing lines, in the form of node:test's reporter. Skipped is never passed. */
export function closingLines({ pass, fail, skipped }: Tally): string {
  return [`ℹ tests ${pass + fail + skipped}`, `ℹ pass ${pass}`, `ℹ fail ${fail}`, `ℹ skipped ${skipped}`, ''].join(
    '\n',
  );
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${name} takes a number, not ${text}`);
  return value;
}
