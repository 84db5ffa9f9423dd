// Random clusters and policies, judged by Cilium's own engine and by our evaluator: every difference is a bug of ours.
// `node conformance/cilium/fuzz-evaluator.ts [--budget SECONDS] [--flows N] [--seed N] [--out FILE]`
import { appendFileSync } from 'node:fs';
import { compare, type Comparison } from './fuzz/compare.ts';
import { makeScenario } from './fuzz/scenario.ts';
import { shrink } from './fuzz/shrink.ts';
import { closingLines, type Options, readOptions } from './options.ts';
import { type Oracle, openOracle } from './oracle.ts';
import type { Scenario } from './scenario.ts';

const SHRUNK = 30;
const SHRINK_STEPS = 1500;

/** Compares scenarios until the budget or the number of flows is used up. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args, Date.now());
  const opened = await openOracle((line) => process.stderr.write(`${line}\n`));
  if (opened.kind === 'skipped') {
    process.stdout.write(closingLines({ pass: 0, fail: 0, skipped: 1 }));
    return 0;
  }
  process.stdout.write(`seed ${options.seed}\n`);
  const tally = await run(options, opened.oracle);
  await opened.oracle.close();
  process.stdout.write(closingLines({ pass: tally.scenarios - tally.failed, fail: tally.failed, skipped: 0 }));
  return tally.failed > 0 ? 1 : 0;
}

interface Tally {
  scenarios: number;
  failed: number;
  flows: number;
  undecided: number;
}

async function run(options: Options, oracle: Oracle): Promise<Tally> {
  const started = performance.now();
  const deadline = started + options.budgetSeconds * 1000;
  const tally: Tally = { scenarios: 0, failed: 0, flows: 0, undecided: 0 };
  const seen = new Set<string>();
  const progress = (): string => {
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const { scenarios, flows, failed, undecided } = tally;
    return `${scenarios} scenarios, ${flows} flows, ${failed} differ, ${undecided} flows undecided, ${seconds} s\n`;
  };
  while (performance.now() < deadline && (options.flows === undefined || tally.flows < options.flows)) {
    const scenario = makeScenario(options.seed, tally.scenarios);
    const { differences, undecided } = await judge(oracle, scenario);
    tally.scenarios += 1;
    tally.flows += scenario.flows.length;
    tally.undecided += undecided.length;
    if (differences.length > 0) {
      tally.failed += 1;
      if (seen.size < SHRUNK) await report(options, oracle, scenario, seen);
    }
    if (tally.scenarios % 500 === 0) process.stdout.write(progress());
  }
  process.stdout.write(progress());
  return tally;
}

async function judge(oracle: Oracle, scenario: Scenario): Promise<Comparison> {
  return compare(scenario, await oracle.ask(scenario));
}

/** Shows a difference as small as it gets, once per shape. */
async function report(options: Options, oracle: Oracle, scenario: Scenario, seen: Set<string>): Promise<void> {
  const small = await shrink(scenario, async (one) => (await judge(oracle, one)).differences.length > 0, SHRINK_STEPS);
  const answer = await oracle.ask(small);
  const { differences } = compare(small, answer);
  const shape = JSON.stringify(small.policies).replaceAll(/\d+/g, '0');
  if (seen.has(shape)) return;
  seen.add(shape);
  process.stdout.write(`✖ ${scenario.id}: ${differences.join('\n  ')}\n  ${JSON.stringify(small.policies)}\n`);
  if (options.out === undefined) return;
  appendFileSync(options.out, `${JSON.stringify({ differences, scenario: small, engine: answer })}\n`);
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
