import { type Command, InvalidArgumentError, Option } from 'commander';
import type { MeshMode } from '../graph/index.ts';
import type { EngineName } from '../policy/index.ts';

/** The flags that every command over a graph takes, as they are after parsing. */
export interface GraphFlags {
  /** Sorted, without duplicates. */
  readonly engine: readonly EngineName[];
  readonly mesh?: MeshMode;
  readonly trustDomain: string;
  readonly clusterName: string;
  readonly egressWaypoint?: { readonly namespace: string; readonly name: string };
  readonly namespace: string;
  readonly config?: string;
  /** A live cluster in place of PATHs. */
  readonly context?: string;
  readonly kubeconfig?: string;
}

export const DEFAULT_TRUST_DOMAIN = 'cluster.local';
export const DEFAULT_CLUSTER_NAME = 'default';

/** Declares the flags of {@link GraphFlags} on a command. */
export function withGraphFlags(command: Command): Command {
  return withFileFlags(command)
    .option('--context <name>', 'read a live cluster in place of PATHs: this context of the kubeconfig')
    .option('--kubeconfig <file>', 'read a live cluster: how to reach it (default: as kubectl does)');
}

/** Those of them that a command takes which reads files alone. */
export function withFileFlags(command: Command): Command {
  return withCompileFlags(command).addOption(
    new Option('-n, --namespace <ns>', 'namespace of objects that name none').default('default').argParser(namespace),
  );
}

/** Those of them that say what is compiled, without the one that is about files. */
export function withCompileFlags(command: Command): Command {
  return command
    .addOption(
      new Option('--engine <names>', 'engines that enforce: "cilium,istio", one of them, or "kubernetes"')
        .default(['cilium', 'istio'], 'cilium,istio')
        .argParser(engines),
    )
    .addOption(
      new Option(
        '--mesh <mode>',
        'mesh mode of namespaces that do not say: "ambient" or "none" (default: ambient with istio, else none)',
      ).choices(['ambient', 'none']),
    )
    .addOption(
      new Option('--trust-domain <domain>', "the mesh's trust domain")
        .default(DEFAULT_TRUST_DOMAIN)
        .argParser(trustDomain),
    )
    .addOption(
      new Option('--cluster-name <name>', "Cilium's name of the cluster")
        .default(DEFAULT_CLUSTER_NAME)
        .argParser(clusterName),
    )
    .addOption(
      new Option('--egress-waypoint <ns/name>', 'the Gateway that carries egress of meshed services').argParser(
        gateway,
      ),
    )
    .addOption(new Option('--config <file>', 'a LatticeConfig: exemptions and built-in peers'));
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

function engines(text: string): readonly EngineName[] {
  const known = { cilium: 'cilium', istio: 'istio', kubernetes: 'kubernetes' } as const;
  const names = new Set<EngineName>();
  for (const name of text.split(',')) {
    if (name !== 'cilium' && name !== 'istio' && name !== 'kubernetes') {
      throw new InvalidArgumentError(`"${name}" is not one of ${Object.keys(known).join(', ')}.`);
    }
    names.add(known[name]);
  }
  if (names.has('kubernetes') && names.size > 1) {
    throw new InvalidArgumentError(
      'kubernetes (NetworkPolicy) stands alone: it is for clusters without Cilium and Istio.',
    );
  }
  return [...names].sort();
}

function trustDomain(text: string): string {
  if (/^[a-z0-9]([-a-z0-9._]*[a-z0-9])?$/.test(text) && text.length <= 255) return text;
  throw new InvalidArgumentError('A trust domain is a lower-case DNS name without "spiffe://".');
}

function clusterName(text: string): string {
  if (text.length <= 32 && NAME.test(text)) return text;
  throw new InvalidArgumentError('At most 32 lower-case letters, digits and "-".');
}

function gateway(text: string): { namespace: string; name: string } {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (rest.length === 0 && NAME.test(namespace) && NAME.test(name)) return { namespace, name };
  throw new InvalidArgumentError('Write NAMESPACE/NAME.');
}

function namespace(text: string): string {
  if (NAME.test(text)) return text;
  throw new InvalidArgumentError('At most 63 lower-case letters, digits and "-".');
}
