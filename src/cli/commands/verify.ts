import { closedAmong, type Counterexample, type JudgedEdge, prove, type Proof } from '../../verify/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { compiled, judgedEdges } from '../compiled.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { formatFindings, type Answer, readInput, toResult, toTable } from '../io/index.ts';
import { loadGraph } from '../load-graph.ts';
import { progressOn } from '../progress.ts';
import { hasErrors, isError, printFindings, saidLive } from '../report.ts';
import type { Terminal } from '../terminal.ts';

interface Flags extends GraphFlags {
  readonly output: 'table' | 'json';
  readonly objects?: string;
}

/**
 * `lattice verify`: 0 = proved, and every agreed edge is open; 1 = there is a counterexample, something undecided, or an
 * agreement that had to be refused; 2 = invalid input.
 */
export const verify: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand('verify', 'Prove that the engines would let through exactly what both sides agreed', [
      'lattice verify services/',
      'lattice verify services/ --objects policies.yaml',
      'lattice verify --context staging',
    ]),
  )
    .argument('[path...]', 'files, directories, globs, or "-" for standard input')
    .option('--objects <path>', "prove these objects, of any author, instead of Lattice's own output")
    .addOption(choice('-o, --output <format>', 'format', ['table', 'json'], 'table'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadGraph(paths, flags, terminal);
      if (!input) return finish(2);
      const progress = progressOn(terminal);
      progress.begin('proving', input.graph.units().length * 5);
      const own = compiled(input);
      const objects = await objectsOf(flags, terminal);
      if (objects === 'unreadable') return finish(2);
      const proof = prove(objects === 'own' ? own.enforced : { ...own.claim, objects });
      const closed = closedAmong(judgedEdges(own));
      progress.done();
      const refused = own.findings.filter(isError);
      const unread = refused.some(({ code }) => code === 'ReadForbidden');
      const answer = unread ? 'undecided' : answerOf(proof, closed.length + refused.length);
      if (flags.output === 'json') {
        const { counterexamples, asked, parties, doors } = proof;
        const fields = {
          counterexamples: counterexamples.map(plain),
          closed: closed.map(closedResult),
          asked,
          parties,
          doors,
        };
        terminal.stdout(toResult('verify', answer, own.findings, fields));
      } else {
        printFindings([...new Set([...saidLive(input), ...refused])], terminal);
        if (proof.counterexamples.length > 0) terminal.stdout(table(proof.counterexamples));
        if (closed.length > 0) terminal.stdout(closedTable(closed));
        terminal.stdout(summary(answer, proof, closed.length, refused.length));
      }
      finish(answer === 'yes' ? 0 : 1);
    });

/** The objects of `--objects`; `own` without it. Errors of the file are printed. */
async function objectsOf(flags: Flags, terminal: Terminal): Promise<readonly unknown[] | 'own' | 'unreadable'> {
  if (flags.objects === undefined) return 'own';
  const loaded = await readInput([flags.objects], flags.namespace, terminal.stdin);
  if (!hasErrors(loaded.findings)) return loaded.objects.map((object) => object.raw);
  terminal.stderr(formatFindings(loaded.findings, terminal.colour.stderr));
  return 'unreadable';
}

function answerOf({ counterexamples }: Proof, refused: number): Answer {
  if (counterexamples.length === 0) return refused === 0 ? 'yes' : 'no';
  return refused === 0 && counterexamples.every(({ actual }) => actual === 'undecided') ? 'undecided' : 'no';
}

const SHOWN = 20;

function table(counterexamples: readonly Counterexample[]): string {
  const rows = counterexamples.map((each) => [
    each.from,
    each.to,
    `${each.port}/${each.protocol}`,
    each.expected,
    each.actual,
    each.door,
    objectText(each),
  ]);
  return shortTable(['FROM', 'TO', 'PORT', 'EXPECTED', 'ACTUAL', 'DOOR', 'OBJECT'], rows);
}

type ClosedEdge = ReturnType<typeof closedAmong>[number];

function closedTable(closed: readonly ClosedEdge[]): string {
  const rows = closed.map((edge) => [
    edge.from,
    toText(edge),
    portText(edge),
    'closed although agreed',
    edge.closed.code,
  ]);
  return shortTable(['FROM', 'TO', 'PORT', 'STATUS', 'REASON'], rows);
}

function shortTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const more = rows.length - SHOWN;
  return toTable(head, rows.slice(0, SHOWN)) + (more > 0 ? `... and ${more} more\n` : '');
}

function summary(
  answer: Answer,
  { asked, parties, doors, counterexamples }: Proof,
  closed: number,
  refused: number,
): string {
  const scope = `${asked} questions about ${parties} parties at ${doors.length === 0 ? 'no door' : doors.join(', ')}`;
  if (answer === 'yes') return `proved: exactly what was agreed passes (${scope})\n`;
  if (answer === 'undecided') return `undecided: ${counterexamples.length} counterexamples (${scope})\n`;
  const wrong = counterexamples.length > 0 ? [`${counterexamples.length} counterexamples`] : [];
  const shut = closed > 0 ? [closed === 1 ? '1 agreed edge is closed' : `${closed} agreed edges are closed`] : [];
  const rest = wrong.length + shut.length === 0 ? [`${refused} refusals, named above`] : [];
  return `not proved: ${[...wrong, ...shut, ...rest].join(', ')} (${scope})\n`;
}

function objectText({ object, reason }: Counterexample): string {
  if (!object) return reason;
  return `${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}${object.rule === undefined ? '' : ` ${object.rule}`}`;
}

function toText({ to, host }: JudgedEdge): string {
  return host === undefined ? to : `${to} (${host})`;
}

function portText({ port }: JudgedEdge): string {
  return port ? `${port.port}/${port.protocol}` : '';
}

function plain(each: Counterexample): Readonly<Record<string, unknown>> {
  const { from, to, port, protocol, expected, actual, door } = each;
  return { from, to, port, protocol, expected, actual, door, object: objectText(each) };
}

function closedResult({ from, to, host, port, closed }: ClosedEdge): Readonly<Record<string, unknown>> {
  return {
    from,
    to,
    ...(host === undefined ? {} : { host }),
    ...(port ? { port: port.port, protocol: port.protocol } : {}),
    ...closed,
  };
}
