// Breaks each rule once and asks who notices: `node test/mutation/main.ts [--only RULE] [--budget SECONDS] [--write PAGE]`.
// Exit code 1 when a mutation survives, 2 when the list is stale or the budget does not suffice.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { copyOf } from './copy.ts';
import { type Mutation, StaleMutationError } from './mutation.ts';
import { groups } from './mutations.ts';
import { noticedBy, type Outcome, pageOf } from './page.ts';
import { AGREEMENT, type Failure, firstFailure, properties, type Suite, testsOf } from './suites.ts';

/** A suite takes far less; one that hangs was broken by the mutation. */
const SUITE_SECONDS = 180;

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    budget: { type: 'string', default: '3600' },
    write: { type: 'string' },
  },
});
const root = join(import.meta.dirname, '../..');
const { only } = values;
const chosen = groups.map((group) => ({
  ...group,
  list: only ? group.list.filter(({ rule }) => only.includes(rule)) : group.list,
}));
const deadline = performance.now() + Number(values.budget) * 1000;
const copy = copyOf(root);
try {
  await run();
} catch (error) {
  if (!(error instanceof StaleMutationError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
} finally {
  copy.remove();
}

async function run(): Promise<void> {
  const sound = await ask([properties(), AGREEMENT, testsOf('src/policy'), testsOf('src/graph')]);
  if (sound) {
    process.stderr.write(`nothing is broken, and yet "${sound.title}" of ${sound.file} fails\n`);
    process.exitCode = 2;
    return;
  }
  const untried: string[] = [];
  const results: { about: string; outcomes: readonly Outcome[] }[] = [];
  for (const { about, list, suites } of chosen) {
    const outcomes: Outcome[] = [];
    for (const mutation of list) {
      if (performance.now() > deadline) {
        untried.push(mutation.rule);
        continue;
      }
      outcomes.push(await tried(mutation, suites));
    }
    results.push({ about, outcomes });
  }
  const outcomes = results.flatMap((result) => result.outcomes);
  const survivors = outcomes.filter(({ noticed }) => noticed === undefined).length;
  process.stdout.write(
    `mutations: ${outcomes.length} tried, ${survivors} noticed by nobody, ${untried.length} not tried within the budget\n`,
  );
  if (values.write !== undefined) writeFileSync(values.write, pageOf(results, untried));
  process.exitCode = survivors > 0 ? 1 : outcomes.length === 0 || untried.length > 0 ? 2 : 0;
}

async function tried(mutation: Mutation, suites: readonly Suite[]): Promise<Outcome> {
  const began = performance.now();
  const noticed = await copy.broken(mutation, async () => ask(suites));
  const outcome = { mutation, noticed };
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stdout.write(`${mutation.rule}: ${mutation.broken} | ${noticedBy(outcome)} | ${seconds} s\n`);
  return outcome;
}

/** The first test that fails in the copy as it is. */
async function ask(suites: readonly Suite[]): Promise<Failure | undefined> {
  for (const suite of suites) {
    const failure = await firstFailure(suite, copy.home, SUITE_SECONDS);
    if (failure) return failure;
  }
  return undefined;
}
