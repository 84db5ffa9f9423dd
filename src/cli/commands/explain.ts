import {
  type DoorAnswer,
  explain as explainFlow,
  type Explanation,
  type PortExplanation,
  readCallee,
  readOperand,
  UnanswerableError,
} from '../../verify/index.ts';
import { adviceOnClass, whyNotMade } from '../class-advice.ts';
import { compiled, judgedEdges } from '../compiled.ts';
import { choice, type CommandFile, newCommand, UsageError } from '../command.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { toResult } from '../io/index.ts';
import { loadGraph } from '../load-graph.ts';
import { printFindings, saidLive } from '../report.ts';

interface Flags extends GraphFlags {
  readonly output: 'text' | 'json';
}

/** `lattice explain A B[:PORT[/PROTO]]`: 0 = allowed, 1 = denied or undecided, 2 = bad usage or input. */
export const explain: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand('explain', 'Say whether A may call B, which door decides, and what is missing', [
      'lattice explain frontend cartservice:7070 services/',
      'lattice explain checkout external:stripe-api services/',
      'lattice explain world frontend:http/TCP services/',
      'lattice explain shop/frontend shop/cart --context staging',
    ]),
  )
    .argument('<from>', 'caller: [NS/]NAME, external:[NS/]NAME, pod:NS/NAME, world, host, an address or a name')
    .argument('<to>', 'callee, like the caller, and :PORT[/PROTOCOL] after it')
    .argument('[path...]', 'files, directories, globs, or "-" for standard input')
    .addOption(choice('-o, --output <format>', 'format', ['text', 'json'], 'text'))
    .action(async (fromText: string, toText: string, paths: readonly string[], flags: Flags) => {
      const callee = readCallee(toText);
      if (!callee.ok) throw new UsageError(callee.message);
      const input = await loadGraph(paths, flags, terminal);
      if (!input) return finish(2);
      const from = readOperand(fromText, input.graph, flags.namespace);
      const to = readOperand(callee.value.operand, input.graph, flags.namespace);
      for (const [operand, text] of [
        [from, fromText],
        [to, callee.value.operand],
      ] as const) {
        if (operand.ok) continue;
        const why = whyNotMade(input.provisions, text);
        throw new UsageError(why === undefined ? operand.message : `there is no "${text}": ${why}`);
      }
      if (!from.ok || !to.ok) return finish(2);
      const all = compiled(input);
      const edges = judgedEdges(all);
      const found = answerOrUsage(() => explainFlow(all.enforced, edges, from.value, to.value, callee.value.asked));
      const advice = found.missing === undefined ? undefined : adviceOnClass(input.provisions, found.from, found.to);
      const answer = advice === undefined ? found : { ...found, fix: advice };
      const result = { allowed: 'yes', denied: 'no', undecided: 'undecided' } as const;
      if (flags.output === 'json')
        terminal.stdout(toResult('explain', result[answer.verdict], input.findings, fieldsOf(answer)));
      else {
        printFindings(saidLive(input), terminal);
        terminal.stdout(render(answer));
      }
      finish(answer.verdict === 'allowed' ? 0 : 1);
    });

function answerOrUsage(ask: () => Explanation): Explanation {
  try {
    return ask();
  } catch (error) {
    if (error instanceof UnanswerableError) throw new UsageError(error.message, { cause: error });
    throw error;
  }
}

const HALVES: Readonly<Record<NonNullable<Explanation['missing']>, string>> = {
  outbound: 'the caller does not declare that it calls',
  inbound: 'the callee does not declare that it accepts the caller',
  both: 'neither side declares the other',
  ports: 'both sides agree, but have no port in common',
};

function render(answer: Explanation): string {
  const lines = [`${answer.from} -> ${answer.to}: ${answer.verdict}`];
  for (const each of answer.ports) lines.push('', ...renderPort(each));
  if (answer.ports.length === 0) lines.push('', 'no port of it is known, so nothing opens');
  if (answer.note !== undefined) lines.push('', answer.note);
  if (answer.missing !== undefined) lines.push('', `missing: ${HALVES[answer.missing]}`);
  if (answer.fix !== undefined) lines.push(...answer.fix.split('\n').map((line) => `  ${line}`));
  if (answer.chain) lines.push('', `it reaches it only through others: ${answer.chain.join(' -> ')}`);
  return `${lines.join('\n')}\n`;
}

function renderPort({ port, verdict, doors }: PortExplanation): string[] {
  const { service, target, protocol, name, host } = port;
  const title = host ?? (name === undefined ? 'port' : `port ${name}`);
  const arrow = service === target ? `${service}/${protocol}` : `${service}/${protocol} (pod port ${target})`;
  return [`${title} ${arrow}: ${verdict}`, ...doors.flatMap(renderDoor)];
}

function renderDoor({ door, at, port, verdict, reason, decidedBy }: DoorAnswer): string[] {
  const [first] = decidedBy;
  const by = first
    ? `  by ${first.kind} ${first.namespace === '' ? '' : `${first.namespace}/`}${first.name}${first.rule === undefined ? '' : ` ${first.rule}`}`
    : '';
  return [`  ${door.padEnd(18)} ${verdict.padEnd(9)} at ${at}, port ${port}: ${reason}${by}`];
}

function fieldsOf(answer: Explanation): Readonly<Record<string, unknown>> {
  const { from, to, verdict, ports, missing, fix, note, chain } = answer;
  return {
    from,
    to,
    verdict,
    doors: ports.flatMap(({ port, doors }) => doors.map((door) => ({ servicePort: port.service, ...door }))),
    ports: ports.map(({ port, verdict: own }) => ({
      port: port.service,
      targetPort: port.target,
      protocol: port.protocol,
      verdict: own,
    })),
    ...(missing === undefined ? {} : { missing }),
    ...(fix === undefined ? {} : { fix }),
    ...(note === undefined ? {} : { note }),
    ...(chain ? { chain } : {}),
  };
}
