import { formatAddress, parseCidr } from '../api/index.ts';
import type { Peerings } from './cluster.ts';
import { meaningOf } from './program/index.ts';
import {
  LOCAL,
  namespaceSet,
  offloadedSet,
  peerRanges,
  type Topology,
  VC_LOCAL,
  vcRemoteSet,
} from './topology/index.ts';

/** Someone that rules may tell from others: a group by one address that is its member. */
export interface Actor {
  readonly name: string;
  readonly address: string;
}

/**
 * One address for each kind of party that these peerings tell apart: a member of each group, an address of each range
 * that no pod has, a private address outside of all of them, and the Internet.
 */
export function actorsOf({ compiled }: Peerings, topology: Topology): readonly Actor[] {
  const clusters = [...new Set(compiled.map(({ plan }) => plan.cluster))];
  const spaces = new Set<string>();
  for (const { object, plan } of compiled) {
    for (const party of (object.spec.rules ?? []).flatMap(({ source, destination }) => [source, destination])) {
      const meaning = party?.namespace === undefined ? undefined : meaningOf(party, plan.cluster);
      if (meaning && party?.namespace !== undefined) spaces.add(party.namespace);
    }
  }
  const members: readonly (readonly [string, string])[] = [
    ...clusters.flatMap((cluster) => [
      [`offloaded by ${cluster}`, offloadedSet(cluster)] as const,
      [`vc-remote at ${cluster}`, vcRemoteSet(cluster)] as const,
    ]),
    ['vc-local', VC_LOCAL],
    ...[...spaces].sort().map((space) => [`namespace ${space}`, namespaceSet(space)] as const),
  ];
  const found = members.flatMap(([name, key]): Actor[] => {
    const [address] = topology.membersOf(key).sure.sorted();
    return address === undefined ? [] : [{ name, address }];
  });
  const ranges: readonly (readonly [string, readonly string[]])[] = [
    ...clusters.map((cluster) => [`other pod of ${cluster}`, topology.rangesOf(peerRanges(cluster)).now] as const),
    ['other local pod', topology.rangesOf(LOCAL).now],
    ['private address', ['192.168.0.0/16']],
    ['Internet', ['198.51.100.0/24']],
  ];
  return [
    ...found,
    ...ranges.flatMap(([name, cidrs]) => {
      const address = lastOf(cidrs[0]);
      return address === undefined ? [] : [{ name, address }];
    }),
  ];
}

/** The last address of a range: the one that no pod is given. */
function lastOf(text: string | undefined): string | undefined {
  const cidr = text === undefined ? undefined : parseCidr(text);
  if (!cidr) return undefined;
  const size = 1n << BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefix);
  return formatAddress(cidr.family, cidr.first + size - 1n);
}
