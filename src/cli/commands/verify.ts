import { findingsOf } from '../../graph/index.ts';
import { compileAll, enginesFor } from '../../policy/index.ts';
import { type Counterexample, prove } from '../../verify/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { formatFindings, type Answer, readInput, toResult, toTable } from '../io/index.ts';
import { loadGraph } from '../load-graph.ts';
import { gather } from '../report.ts';
import { claimOf } from '../claim.ts';
import { progressOn } from '../progress.ts';

interface Flags extends GraphFlags {
  readonly output: 'table' | 'json';
  readonly objects?: string;
}

/** `lattice verify`: 0 = proved, 1 = there is a counterexample or something undecided, 2 = invalid input. */
export const verify: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand('verify', 'Prove that the engines would let through exactly what both sides agreed', [
      'lattice verify services/',
      'lattice verify services/ --objects policies.yaml',
    ]),
  )
    .argument('<path...>', 'files, directories, globs, or "-" for standard input')
    .option('--objects <path>', "prove these objects, of any author, instead of Lattice's own output")
    .addOption(choice('-o, --output <format>', 'format', ['table', 'json'], 'table'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadGraph(paths, flags, terminal);
      if (!input) return finish(2);
      const progress = progressOn(terminal);
      progress.begin('proving', input.graph.units().length * 5);
      const compiled = compileAll(input.graph, enginesFor(input.options), input.options);
      let objects: readonly unknown[] = compiled.drafts.map((draft) => draft.object);
      if (flags.objects !== undefined) {
        const loaded = await readInput([flags.objects], flags.namespace, terminal.stdin);
        if (loaded.findings.some(({ severity }) => severity === 'error')) {
          terminal.stderr(formatFindings(loaded.findings, terminal.colour.stderr));
          return finish(2);
        }
        objects = loaded.objects.map((object) => object.raw);
      }
      const proof = prove(claimOf(input, objects));
      progress.done();
      const findings = gather(input, findingsOf(input.graph), compiled.findings);
      const answer = answerOf(proof.counterexamples);
      if (flags.output === 'json') {
        const { counterexamples, asked, parties, doors } = proof;
        terminal.stdout(
          toResult('verify', answer, findings, { counterexamples: counterexamples.map(plain), asked, parties, doors }),
        );
      } else {
        terminal.stderr(
          formatFindings(
            findings.filter(({ severity }) => severity === 'error'),
            terminal.colour.stderr,
          ),
        );
        if (proof.counterexamples.length > 0) terminal.stdout(table(proof.counterexamples));
        terminal.stdout(summary(answer, proof.counterexamples.length, proof.asked, proof.parties, proof.doors));
      }
      finish(answer === 'yes' ? 0 : 1);
    });

function answerOf(counterexamples: readonly Counterexample[]): Answer {
  if (counterexamples.length === 0) return 'yes';
  return counterexamples.every(({ actual }) => actual === 'undecided') ? 'undecided' : 'no';
}

const SHOWN = 20;

function table(counterexamples: readonly Counterexample[]): string {
  const rows = counterexamples
    .slice(0, SHOWN)
    .map((each) => [
      each.from,
      each.to,
      `${each.port}/${each.protocol}`,
      each.expected,
      each.actual,
      each.door,
      objectText(each),
    ]);
  const more = counterexamples.length - SHOWN;
  return (
    toTable(['FROM', 'TO', 'PORT', 'EXPECTED', 'ACTUAL', 'DOOR', 'OBJECT'], rows) +
    (more > 0 ? `... and ${more} more\n` : '')
  );
}

function summary(answer: Answer, found: number, asked: number, parties: number, doors: readonly string[]): string {
  const scope = `${asked} questions about ${parties} parties at ${doors.length === 0 ? 'no door' : doors.join(', ')}`;
  if (answer === 'yes') return `proved: exactly what was agreed passes (${scope})\n`;
  return `${answer === 'no' ? 'not proved' : 'undecided'}: ${found} counterexamples (${scope})\n`;
}

function objectText({ object, reason }: Counterexample): string {
  if (!object) return reason;
  return `${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}${object.rule === undefined ? '' : ` ${object.rule}`}`;
}

function plain(each: Counterexample): Readonly<Record<string, unknown>> {
  const { from, to, port, protocol, expected, actual, door } = each;
  return { from, to, port, protocol, expected, actual, door, object: objectText(each) };
}
