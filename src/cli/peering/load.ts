import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Finding } from '../../api/index.ts';
import { compilePeerings, type LiqoShape, type Peerings, readFact, shapeOf, Topology } from '../../peering/index.ts';
import { UsageError } from '../command.ts';
import { type OtherObject, understand } from '../declared.ts';
import { readInput } from '../io/index.ts';
import { hasErrors, printFindings } from '../report.ts';
import type { Terminal } from '../terminal.ts';

export interface PeeringFlags {
  readonly namespace: string;
  readonly liqoNamespace: string;
}

/** Everything that a command over peerings needs. */
export interface PeeringInput {
  readonly peerings: Peerings;
  readonly topology: Topology;
  readonly others: readonly OtherObject[];
  /** What the FirewallConfiguration CRD among the inputs keeps, if there is one. */
  readonly shape: LiqoShape | undefined;
  readonly findings: readonly Finding[];
  readonly placed: (finding: Finding) => Finding;
}

/** Declares PATHs and the flags of {@link PeeringFlags} on a command. */
export function withPeeringInput(command: Command): Command {
  return command
    .argument('<path...>', 'files, directories, globs, or "-": PeeringConnectivities, Liqo\'s objects, pods, nodes')
    .addOption(
      new Option('-n, --namespace <ns>', 'namespace of objects that name none').default('default').argParser(namespace),
    )
    .addOption(new Option('--liqo-namespace <ns>', 'where Liqo itself runs').default('liqo').argParser(namespace));
}

/** Reads PATHs. When the input is invalid every error is printed and the result is undefined: exit code 2. */
export async function loadPeerings(
  paths: readonly string[],
  flags: PeeringFlags,
  terminal: Terminal,
): Promise<PeeringInput | undefined> {
  const declared = understand(await readInput(paths, flags.namespace, terminal.stdin));
  if (hasErrors(declared.findings)) {
    printFindings(declared.findings, terminal);
    return undefined;
  }
  if (declared.peerings.length === 0) {
    throw new UsageError('no PeeringConnectivity among the inputs: give the file that declares one');
  }
  const facts = declared.others.flatMap(({ raw, namespace: own }) => {
    const fact = readFact(withNamespace(raw, own), false, flags);
    return fact ? [fact] : [];
  });
  const topology = Topology.of(facts);
  const crd = declared.others.find(({ kind, name }) => kind === 'CustomResourceDefinition' && name === CRD);
  return {
    peerings: compilePeerings(declared.peerings, topology),
    topology,
    others: declared.others,
    shape: crd && shapeOf(crd.raw),
    findings: declared.findings,
    placed: declared.placed,
  };
}

const CRD = 'firewallconfigurations.networking.liqo.io';

/** An object that names no namespace is in the default one. */
function withNamespace(raw: Readonly<Record<string, unknown>>, namespace: string): Readonly<Record<string, unknown>> {
  const metadata = raw['metadata'];
  return { ...raw, metadata: { ...(typeof metadata === 'object' ? metadata : {}), namespace } };
}

function namespace(text: string): string {
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(text)) return text;
  throw new InvalidArgumentError('At most 63 lower-case letters, digits and "-".');
}
