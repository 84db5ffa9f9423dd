// What a peering means, said once more from the objects themselves: no code of the compiler, no index, no sets.
import { BlockList } from 'node:net';
import type { RawObject } from './objects.ts';
import type { RawParty, RawRule } from './world.ts';

interface Pod {
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly node: string;
  readonly ip: string;
  readonly leaving: boolean;
}

/**
 * Whether a new connection is allowed by one peering with `cluster`. `last` has the CIDRs of the peer and of this
 * cluster that were last known; only denies use them.
 */
export function intends(
  rules: readonly RawRule[],
  objects: readonly RawObject[],
  cluster: string,
  last: { readonly local: readonly string[]; readonly remote: readonly string[] },
  source: string,
  destination: string,
): boolean {
  const world = read(objects);
  const deciding = rules.find(
    (rule) =>
      matches(rule.source, rule.action, source, world, cluster, last) &&
      matches(rule.destination, rule.action, destination, world, cluster, last),
  );
  return deciding?.action !== 'deny';
}

interface World {
  readonly pods: readonly Pod[];
  readonly offloading: readonly string[];
  readonly nodes: readonly { readonly name: string; readonly cluster: string | undefined }[];
  readonly local: readonly string[];
  readonly remote: Readonly<Record<string, readonly string[]>>;
}

function matches(
  party: RawParty | undefined,
  action: 'allow' | 'deny',
  address: string,
  world: World,
  cluster: string,
  last: { readonly local: readonly string[]; readonly remote: readonly string[] },
): boolean {
  if (!party) return true;
  const remote = world.remote[cluster] ?? [];
  if (party.group === 'private-subnets') return inside(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'], address);
  if (party.group === 'local-cluster')
    return inside(world.local.length === 0 && action === 'deny' ? last.local : world.local, address);
  if (party.group === 'remote-cluster')
    return inside(remote.length === 0 && action === 'deny' ? last.remote : remote, address);
  const belongs = (pod: Pod): boolean => {
    const shadow = pod.labels['liqo.io/shadowPod'] === 'true';
    if (party.namespace !== undefined) return pod.namespace === party.namespace;
    if (party.group === 'offloaded') return pod.labels['offloading.liqo.io/origin'] === cluster;
    if (party.group === 'vc-local') return !shadow && world.offloading.includes(pod.namespace);
    const known = world.nodes.find(({ name }) => name === pod.node);
    return shadow && pod.node !== '' && (known ? known.cluster : pod.node) === cluster;
  };
  const holders = world.pods.filter(({ ip }) => ip === address);
  if (action === 'deny') return holders.some(belongs);
  const alive = holders.filter(({ leaving }) => !leaving);
  const asked = alive.length > 0 ? alive : holders;
  return asked.length > 0 && asked.every(belongs);
}

function read(objects: readonly RawObject[]): World {
  const of = (kind: string): readonly Loose[] =>
    objects.filter((object): object is RawObject & Loose => object.kind === kind);
  const remote: Record<string, string[]> = {};
  const local: string[] = [];
  for (const { metadata, status } of of('Network')) {
    const peer = metadata.labels?.['liqo.io/remote-cluster-id'];
    if (peer === undefined) local.push(status?.cidr ?? '');
    else (remote[peer] ??= []).push(status?.cidr ?? '');
  }
  for (const { metadata, spec, status } of of('Configuration')) {
    local.push(...(spec?.local?.cidr.pod ?? []));
    (remote[metadata.labels?.['liqo.io/remote-cluster-id'] ?? ''] ??= []).push(...(status?.remote?.cidr.pod ?? []));
  }
  return {
    pods: of('Pod')
      .filter(({ spec, status }) => spec?.hostNetwork !== true && status?.phase !== 'Succeeded')
      .map(({ metadata, spec, status }) => ({
        namespace: metadata.namespace ?? '',
        labels: metadata.labels ?? {},
        node: spec?.nodeName ?? '',
        ip: status?.podIP ?? '',
        leaving: metadata.deletionTimestamp !== undefined,
      })),
    offloading: of('NamespaceOffloading').map(({ metadata }) => metadata.namespace ?? ''),
    nodes: of('Node').map(({ metadata }) => ({
      name: metadata.name,
      cluster: metadata.labels?.['liqo.io/remote-cluster-id'],
    })),
    local,
    remote,
  };
}

/** The fields of any of the objects that tests make. */
interface Loose {
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec?: {
    readonly hostNetwork?: boolean;
    readonly nodeName?: string;
    readonly local?: { readonly cidr: { readonly pod: readonly string[] } };
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly cidr?: string;
    readonly remote?: { readonly cidr: { readonly pod: readonly string[] } };
  };
}

function inside(cidrs: readonly string[], address: string): boolean {
  const list = new BlockList();
  for (const cidr of cidrs) list.addSubnet(cidr.split('/')[0] ?? '', Number(cidr.split('/')[1]), 'ipv4');
  return list.check(address, 'ipv4');
}
