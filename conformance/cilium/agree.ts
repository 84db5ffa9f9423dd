// Random declarations and edits through our compiler into Cilium's own engine: each door must say exactly what the
// agreements say. `node conformance/cilium/agree.ts [--budget SECONDS] [--flows N] [--seed N] [--through library|cli]
// [--engine cilium|kubernetes]`
import { appendFileSync } from 'node:fs';
import { type Compiler, openCompiler } from './agree/compiler.ts';
import { editCrowd, makeCrowd } from './agree/crowd.ts';
import { type Door, doorsOf } from './agree/doors.ts';
import { editEstate, type Estate, inputsOf, makeEstate } from './agree/estate.ts';
import { type Question, questionsFor } from './agree/flows.ts';
import { CLUSTER, endpointLabels, partiesOf } from './agree/parties.ts';
import { closingLines, type Options, readOptions } from './options.ts';
import { type Oracle, openOracle } from './oracle.ts';
import { randomFrom } from './random.ts';
import type { Answer, PolicyObject } from './scenario.ts';

const EDITS = 8;
const SHOWN = 20;
const CROWD_EVERY = 15;

interface Run {
  readonly options: Options;
  readonly oracle: Oracle;
  readonly deadline: number;
  readonly tally: { states: number; failed: number; flows: number; agreed: number; shown: number };
}

/** Judges estates until the budget or the number of flows is used up. Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args, Date.now());
  const opened = await openOracle((line) => process.stderr.write(`${line}\n`));
  if (opened.kind === 'skipped') {
    process.stdout.write(closingLines({ pass: 0, fail: 0, skipped: 1 }));
    return 0;
  }
  process.stdout.write(`seed ${options.seed}, compiled through the ${options.through}\n`);
  const started = performance.now();
  const run: Run = {
    options,
    oracle: opened.oracle,
    deadline: started + options.budgetSeconds * 1000,
    tally: { states: 0, failed: 0, flows: 0, agreed: 0, shown: 0 },
  };
  for (let number = 0; hasBudget(run); number += 1) {
    await judgeEstate(run, number);
    if (number % 10 === 9) process.stdout.write(`${progress(run, started)}\n`);
  }
  await opened.oracle.close();
  const { states, failed, agreed, flows } = run.tally;
  process.stdout.write(`${progress(run, started)}\n`);
  // A generator whose flows are all denied would agree with a compiler that writes nothing but denials.
  const vacuous = flows > 10_000 && agreed < flows / 200;
  if (vacuous) process.stdout.write(`✖ only ${agreed} of ${flows} flows were agreed: the estates prove nothing\n`);
  process.stdout.write(closingLines({ pass: states - failed, fail: failed + (vacuous ? 1 : 0), skipped: 0 }));
  return failed > 0 || vacuous ? 1 : 0;
}

function hasBudget({ options, tally, deadline }: Run): boolean {
  return performance.now() < deadline && (options.flows === undefined || tally.flows < options.flows);
}

function progress({ tally }: Run, started: number): string {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return `${tally.states} states, ${tally.flows} flows, ${tally.agreed} of them agreed, ${tally.failed} states wrong, ${seconds} s`;
}

async function judgeEstate(run: Run, number: number): Promise<void> {
  const random = randomFrom(run.options.seed * 1_000_003 + number);
  const { engine } = run.options;
  const setting = { engine, mesh: random.chance(0.5) ? 'none' : 'ambient' } as const;
  const crowded = number % CROWD_EVERY === 3;
  let estate = crowded ? makeCrowd(random, setting) : makeEstate(random, setting, 4 + random.below(9));
  // Agents of either default: what we write must not depend on how far a selector reaches by itself (C10).
  // NetworkPolicy has no word for a cluster (surprise 16).
  const scope = random.chance(0.5) || engine === 'kubernetes' ? CLUSTER : '';
  const compiler = await openCompiler(run.options.through, estate);
  let before = new Map<string, PolicyObject>();
  for (let step = 0; step <= EDITS && hasBudget(run); step += 1) {
    const next = step === 0 ? estate : (crowded ? editCrowd : editEstate)(random, estate);
    const after = await compileNext(compiler, step === 0 ? undefined : estate, next);
    const parties = partiesOf(next);
    const questions = questionsFor(random, next, parties);
    const flows = questions.map(({ flow }) => flow);
    const id = `${run.options.seed}/${number}/${step}`;
    const answer = await run.oracle.ask(
      // New labels of a namespace are new identities of its pods, so the engine starts afresh.
      step === 0 || next.namespaces !== estate.namespaces
        ? {
            id,
            clusterName: scope,
            localCluster: CLUSTER,
            endpoints: Object.fromEntries(parties.map((party) => [party.name, endpointLabels(next, party)])),
            policies: [...after.values()],
            flows,
          }
        : { id, edit: changesBetween(before, after), flows },
    );
    report(run, id, next, after, questions, answer);
    before = after;
    estate = next;
  }
}

async function compileNext(
  compiler: Compiler,
  before: Estate | undefined,
  after: Estate,
): Promise<Map<string, PolicyObject>> {
  const objects = await compiler(before, after);
  return new Map(objects.map((object) => [objectKey(object), object] as const));
}

function changesBetween(
  before: ReadonlyMap<string, PolicyObject>,
  after: ReadonlyMap<string, PolicyObject>,
): { readonly add: PolicyObject[]; readonly remove: string[] } {
  return {
    add: [...after].flatMap(([key, object]) =>
      JSON.stringify(before.get(key)) === JSON.stringify(object) ? [] : [object],
    ),
    remove: [...before.keys()].filter((key) => !after.has(key)),
  };
}

function objectKey(object: PolicyObject): string {
  const metadata: unknown = object['metadata'];
  const field = (name: string): string => {
    const value: unknown = typeof metadata === 'object' && metadata !== null ? Reflect.get(metadata, name) : undefined;
    return typeof value === 'string' ? value : '';
  };
  return `${String(object['kind'])}/${field('namespace')}/${field('name')}`;
}

function report(
  run: Run,
  id: string,
  estate: Estate,
  objects: ReadonlyMap<string, PolicyObject>,
  questions: readonly Question[],
  answer: Answer,
): void {
  const doors = doorsOf(estate);
  const wrong = answer.errors.map(({ name, stage, message }) => `refused by ${stage}: ${name}: ${message}`);
  for (const [index, { from, to, flow }] of questions.entries()) {
    const verdict = answer.verdicts[index] ?? '??';
    const expected = doors(from, to, flow[2], flow[3]);
    if (expected.agreed) run.tally.agreed += 1;
    for (const [side, letter] of [
      ['egress', verdict[0] ?? '?'],
      ['ingress', verdict[1] ?? '?'],
    ] as const) {
      if (!fits(expected[side], letter))
        wrong.push(`${flow.join(' -> ')}: ${side} ${letter}, by the agreements ${expected[side]}`);
    }
  }
  run.tally.states += 1;
  run.tally.flows += questions.length;
  if (wrong.length === 0) return;
  run.tally.failed += 1;
  const { out } = run.options;
  if (out !== undefined) {
    const inputs = inputsOf(estate);
    appendFileSync(
      out,
      `${JSON.stringify({ id, mesh: estate.mesh, wrong, inputs, objects: [...objects.values()] })}\n`,
    );
  }
  if (run.tally.shown >= SHOWN) return;
  run.tally.shown += 1;
  process.stdout.write(`✖ ${id} (mesh ${estate.mesh}): ${wrong.length} wrong\n  ${wrong.slice(0, 5).join('\n  ')}\n`);
}

function fits(door: Door, letter: string): boolean {
  if (door === 'any') return 'ARUD'.includes(letter);
  return door === 'open' ? 'ARU'.includes(letter) : letter === 'D';
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
