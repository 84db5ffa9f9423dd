import type { FirewallParty } from '../../api/index.ts';
import { ruleLines } from '../../fabric/index.ts';
import { type Compiled, compileFindings, type Flow, ruleText } from '../../peering/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { toResult } from '../io/index.ts';
import { printFindings } from '../report.ts';
import { loadPeerings, type PeeringFlags, withPeeringInput } from './load.ts';
import { type End, pairsOf, readEnd } from './operand.ts';

interface Flags extends PeeringFlags {
  readonly from: string;
  readonly to: string;
  readonly output: 'text' | 'json';
}

/** What one peering does with one flow, and why. */
interface ProgramAnswer {
  readonly peering: string;
  readonly verdict: 'allowed' | 'denied';
  /** Index in `spec.rules`; absent when no rule matches. */
  readonly rule?: number;
  readonly text: string;
  /** As the node agent writes it: a line for each family. */
  readonly nft?: readonly string[];
  readonly members: readonly { readonly party: 'source' | 'destination'; readonly addresses: readonly string[] }[];
}

/** `lattice peering explain`: 0 = allowed, 1 = denied, 2 = bad usage or input. */
export const peeringExplain: CommandFile = ({ terminal, finish }) =>
  withPeeringInput(
    newCommand('explain', 'Say whether a new connection passes, and which rule of which peering decides', [
      'lattice peering explain --from demo-rome/web --to 1.1.1.1 peering.yaml cluster.yaml',
    ]),
  )
    .requiredOption('--from <end>', 'who opens the connection: an address, or pod:NAMESPACE/NAME')
    .requiredOption('--to <end>', 'whom it is to, likewise')
    .addOption(choice('-o, --output <format>', 'format', ['text', 'json'], 'text'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadPeerings(paths, flags, terminal);
      if (!input) return finish(2);
      const from = readEnd('--from', flags.from, input.others);
      const to = readEnd('--to', flags.to, input.others);
      const findings = [...input.findings, ...compileFindings(input.peerings)].map(input.placed);
      const flows = pairsOf(from, to).map((flow) => ({
        ...flow,
        programs: input.peerings.compiled.map((each) => answerOf(each, flow)),
      }));
      // A peering that could not be compiled may deny the flow: then nobody knows.
      const undecided = input.peerings.refused.length > 0;
      const denied = flows.some(({ programs }) => programs.some(({ verdict }) => verdict === 'denied'));
      const verdict = denied ? 'denied' : undecided ? 'undecided' : 'allowed';
      const result = denied ? 'no' : undecided ? 'undecided' : 'yes';
      if (flags.output === 'json')
        terminal.stdout(
          toResult('peeringExplain', result, findings, { from: flags.from, to: flags.to, verdict, flows }),
        );
      else {
        printFindings(findings, terminal);
        terminal.stdout(`${verdict}: ${title(from)} -> ${title(to)}\n${flows.map(flowText).join('')}`);
      }
      finish(result === 'yes' ? 0 : 1);
    });

function answerOf({ object, plan, program, judge }: Compiled, flow: Flow): ProgramAnswer {
  const { allowed, rule } = judge(flow);
  const verdict = allowed ? 'allowed' : 'denied';
  if (!rule) return { peering: plan.peering, verdict, text: 'since no rule matches', members: [] };
  const from = plan.rules.find((each) => each.rule.name === rule.name)?.from ?? 0;
  const members = (['source', 'destination'] as const).flatMap((party) => {
    const side: FirewallParty | undefined = rule[party];
    if (!side) return [];
    const addresses =
      'cidrs' in side ? side.cidrs : (program.sets.find(({ name }) => name === side.set)?.members ?? []);
    return [{ party, addresses }];
  });
  return {
    peering: plan.peering,
    verdict,
    rule: from,
    text: ruleText(object.spec.rules?.[from]),
    nft: ruleLines(rule, { formOf: () => 'addresses', spelling: 'first' }),
    members,
  };
}

function flowText({ source, destination, programs }: Flow & { readonly programs: readonly ProgramAnswer[] }): string {
  const lines = programs.flatMap(({ peering, verdict, rule, text, nft, members }) => [
    `    ${peering}: ${verdict}${rule === undefined ? `, ${text}` : ` by rule ${rule} (${text})`}`,
    ...(nft ?? []).map((line) => `      nft: ${line}`),
    ...members.map(({ party, addresses }) => `      ${party}: ${shown(addresses)}`),
  ]);
  return `  ${source} -> ${destination}\n${lines.map((line) => `${line}\n`).join('')}`;
}

/** The first few of many. */
function shown(addresses: readonly string[]): string {
  if (addresses.length <= 5) return addresses.join(', ') || 'nobody';
  return `${addresses.slice(0, 5).join(', ')} and ${addresses.length - 5} more`;
}

function title({ name, addresses }: End): string {
  return addresses.length === 1 && addresses[0] !== name ? `${name} (${addresses[0]})` : name;
}
