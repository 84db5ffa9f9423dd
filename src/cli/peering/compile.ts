import type { Finding } from '../../api/index.ts';
import { programScript } from '../../fabric/index.ts';
import {
  type Compiled,
  compileFindings,
  fabricObjects,
  type Inexpressible,
  type LiqoShape,
  namesOf,
  peerRanges,
  printLiqo,
} from '../../peering/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { writeObjects } from '../io/index.ts';
import { hasErrors, printFindings } from '../report.ts';
import { loadPeerings, type PeeringFlags, type PeeringInput, withPeeringInput } from './load.ts';

interface Flags extends PeeringFlags {
  readonly enforcer: 'liqo' | 'nft';
  readonly liqo?: LiqoShape;
  readonly output: 'yaml' | 'json' | 'nft';
}

/** `lattice peering compile`: 0 = every peering was compiled, 1 = one was refused, 2 = invalid input and no output. */
export const peeringCompile: CommandFile = ({ terminal, finish }) =>
  withPeeringInput(
    newCommand('compile', "Print what enforces the peerings: Liqo's own objects, or those of the node agent", [
      'lattice peering compile peering.yaml cluster.yaml --liqo sets',
      'lattice peering compile peering.yaml cluster.yaml --enforcer nft -o json',
    ]),
  )
    .addOption(
      choice('--enforcer <name>', 'liqo: FirewallConfigurations; nft: the node agent', ['liqo', 'nft'], 'liqo'),
    )
    .addOption(
      choiceWithout(
        '--liqo <shape>',
        'what the FirewallConfiguration CRD keeps: stock (every release) or sets (named sets and ctstate); default: as the CRD among the inputs says, else stock',
      ),
    )
    .addOption(
      choice(
        '-o, --output <format>',
        'format; nft: a script for "nft -f -", as the node agent loads it',
        ['yaml', 'json', 'nft'],
        'yaml',
      ),
    )
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadPeerings(paths, flags, terminal);
      if (!input) return finish(2);
      const findings: Finding[] = [...input.findings, ...compileFindings(input.peerings)];
      if (flags.output === 'nft') {
        printFindings(findings.map(input.placed), terminal);
        terminal.stdout(input.peerings.compiled.map(({ program }) => programScript(program)).join(''));
        return finish(hasErrors(findings) ? 1 : 0);
      }
      const objects = input.peerings.compiled.flatMap((each): readonly unknown[] => {
        if (flags.enforcer === 'nft') return fabricObjects(nameOf(each).program, each.program);
        const shape = flags.liqo ?? input.shape ?? 'stock';
        const answer = printed(each, shape, input);
        if (answer.kind === 'printed') return [answer.object];
        findings.push(unsupported(each, answer));
        return [];
      });
      printFindings(findings.map(input.placed), terminal);
      writeObjects(objects, flags.output, terminal.stdout);
      finish(hasErrors(findings) ? 1 : 0);
    });

function printed({ object, plan, program }: Compiled, shape: LiqoShape, { topology }: PeeringInput) {
  return printLiqo(program, {
    shape,
    cluster: plan.cluster,
    name: object.metadata.name,
    ipv6: topology.hasIPv6,
    peers: topology.rangesOf(peerRanges(plan.cluster)).last,
  });
}

function nameOf({ object, plan }: Compiled) {
  return namesOf(plan.cluster, object.metadata.name);
}

function unsupported({ object, plan }: Compiled, { rule, reason }: Inexpressible): Finding {
  const from = plan.rules.find((each) => each.rule.name === rule)?.from;
  return {
    code: 'PeeringUnsupported',
    severity: 'error',
    message: `${rule === undefined ? 'the peering' : `rule ${rule}`} cannot be said to this Liqo: ${reason}`,
    object: { kind: object.kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name },
    path: from === undefined ? ['spec', 'rules'] : ['spec', 'rules', from],
    fix: 'let the node agent enforce it (--enforcer nft), or install a Liqo that keeps named sets and ctstate (--liqo sets)',
  };
}

function choiceWithout(flags: string, description: string) {
  return choice(flags, description, ['stock', 'sets'], 'stock').default(undefined);
}
