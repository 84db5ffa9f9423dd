import { formatAddress, formatCidr, parseCidr } from '../../api/index.ts';
import { clusterIdOf } from '../tenant.ts';
import type { CidrClaim, Fact, PodFact } from './fact.ts';

/** Names and labels of Liqo: the same from v1.0 to v1.2 and on master. */
const REMOTE_CLUSTER = 'liqo.io/remote-cluster-id';
const SHADOW_POD = 'liqo.io/shadowPod';
const ORIGIN = 'offloading.liqo.io/origin';
const NODE_TYPE = 'liqo.io/type';
const NETWORK_TYPE = 'ipam.liqo.io/network-type';
const CIDR_TYPE = 'configuration.liqo.io/cidr-type';

export interface ReadOptions {
  /** Where Liqo itself runs: its Networks without labels are read by name. Default `liqo`. */
  readonly liqoNamespace?: string;
}

/**
 * What an object of the cluster tells about peerings, or undefined when its kind tells nothing. Reads Pods, Nodes, and
 * Liqo's Network, Configuration, VirtualNode and NamespaceOffloading of v1.0 to v1.2. `gone`: the object was deleted.
 */
export function readFact(raw: unknown, gone = false, options: ReadOptions = {}): Fact | undefined {
  const group = text(raw, 'apiVersion')?.split('/')[0];
  const kind = text(raw, 'kind');
  const name = text(raw, 'metadata', 'name');
  if (name === undefined) return undefined;
  const namespace = text(raw, 'metadata', 'namespace') ?? '';
  const key = `${kind} ${namespace}/${name}`;
  switch (`${group}/${kind}`) {
    case 'v1/Pod':
      return { kind: 'pod', key: `${namespace}/${name}`, pod: gone ? undefined : podOf(raw, namespace) };
    case 'v1/Node':
      return { kind: 'node', key, name, cluster: gone ? undefined : clusterOfNode(raw) };
    case 'offloading.liqo.io/VirtualNode':
      return { kind: 'node', key, name, cluster: gone ? undefined : clusterOfVirtualNode(raw, namespace) };
    case 'offloading.liqo.io/NamespaceOffloading':
      return { kind: 'offloading', key, namespace: gone ? undefined : namespace };
    case 'ipam.liqo.io/Network':
      return { kind: 'cidrs', key, claims: gone ? [] : networkClaims(raw, namespace, name, options) };
    case 'networking.liqo.io/Configuration':
      return { kind: 'cidrs', key, claims: gone ? [] : configurationClaims(raw, namespace) };
    default:
      return undefined;
  }
}

function podOf(raw: unknown, namespace: string): PodFact {
  const phase = text(raw, 'status', 'phase');
  // The node's own address is not the pod's, and what has ended sends nothing: its address may be another's already.
  const absent = at(raw, 'spec', 'hostNetwork') === true || phase === 'Succeeded' || phase === 'Failed';
  return {
    namespace,
    addresses: absent ? [] : addressesOf(raw),
    node: text(raw, 'spec', 'nodeName'),
    shadow: text(raw, 'metadata', 'labels', SHADOW_POD) === 'true',
    origin: nonEmpty(text(raw, 'metadata', 'labels', ORIGIN)),
    leaving: text(raw, 'metadata', 'deletionTimestamp') !== undefined,
  };
}

function addressesOf(raw: unknown): string[] {
  const list = at(raw, 'status', 'podIPs');
  const written = Array.isArray(list) ? list.map((entry: unknown) => text(entry, 'ip')) : [];
  const found = [text(raw, 'status', 'podIP'), ...written].flatMap((address) => {
    const cidr = address === undefined ? undefined : parseCidr(address);
    if (!cidr || cidr.prefix !== (cidr.family === 4 ? 32 : 128)) return [];
    return [formatAddress(cidr.family, cidr.first)];
  });
  return found.length < 2 ? found : [...new Set(found)].sort();
}

/** A name alone makes no node virtual: anybody could name a machine after a cluster. */
function clusterOfNode(raw: unknown): string | null {
  if (text(raw, 'metadata', 'labels', NODE_TYPE) !== 'virtual-node') return null;
  return nonEmpty(text(raw, 'metadata', 'labels', REMOTE_CLUSTER)) ?? null;
}

function clusterOfVirtualNode(raw: unknown, namespace: string): string | undefined {
  return (
    nonEmpty(text(raw, 'spec', 'clusterID')) ??
    nonEmpty(text(raw, 'metadata', 'labels', REMOTE_CLUSTER)) ??
    clusterIdOf(namespace)
  );
}

/**
 * A Network of the peer is read where `status.cidr` is the peer's range as this cluster sees it (remapped); its own
 * pod CIDR in `spec.cidr` may be anybody's here. This cluster's own is never remapped.
 */
function networkClaims(raw: unknown, namespace: string, name: string, options: ReadOptions): CidrClaim[] {
  const mapped = cidrsOf([text(raw, 'status', 'cidr')]);
  const cluster = clusterIdOf(namespace);
  const type = text(raw, 'metadata', 'labels', CIDR_TYPE);
  if (cluster !== undefined) {
    // v1.0, v1.1: <configuration>-pod; v1.2: <configuration>-pod-10-200-0-0-16.
    const isPod = type === undefined ? /-pod(-[\d-]+)?$/.test(name) : type === 'pod';
    const remote = nonEmpty(text(raw, 'metadata', 'labels', REMOTE_CLUSTER)) ?? cluster;
    return isPod && mapped.length > 0 ? [{ owner: { of: 'remote', cluster: remote }, cidrs: mapped }] : [];
  }
  const network = text(raw, 'metadata', 'labels', NETWORK_TYPE);
  const named = namespace === (options.liqoNamespace ?? 'liqo') && /^pod-cidr(-[\d-]+)?$/.test(name);
  if (network === undefined ? !named : network !== 'pod-cidr') return [];
  const own = mapped.length > 0 ? mapped : cidrsOf([text(raw, 'spec', 'cidr')]);
  return own.length > 0 ? [{ owner: { of: 'local' }, cidrs: own }] : [];
}

/** `status.remote` is remapped, `spec.remote` is the peer's own view and no range of this cluster. */
function configurationClaims(raw: unknown, namespace: string): CidrClaim[] {
  const cluster = nonEmpty(text(raw, 'metadata', 'labels', REMOTE_CLUSTER)) ?? clusterIdOf(namespace);
  const local = cidrsOf(listOf(at(raw, 'spec', 'local', 'cidr', 'pod')));
  const remote = cidrsOf(listOf(at(raw, 'status', 'remote', 'cidr', 'pod')));
  return [
    ...(local.length > 0 ? [{ owner: { of: 'local' }, cidrs: local } as const] : []),
    ...(remote.length > 0 && cluster !== undefined
      ? [{ owner: { of: 'remote', cluster }, cidrs: remote } as const]
      : []),
  ];
}

/** Normalised: with host bits set nftables would take the text and match nothing (V17). */
function cidrsOf(texts: readonly unknown[]): string[] {
  const found = texts.flatMap((each) => {
    const cidr = typeof each === 'string' ? parseCidr(each) : undefined;
    return cidr ? [formatCidr(cidr)] : [];
  });
  return [...new Set(found)].sort();
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

function text(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : undefined;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const step of path) {
    if (!isRecord(here) || !Object.hasOwn(here, step)) return undefined;
    here = here[step];
  }
  return here;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
