import type { PortBook, PortSet, TargetPort } from '../kubernetes/port-set.ts';
import type { PodPeer } from './select-peer.ts';
import type { NameSelector } from './spec.ts';

/** The other end of a grant, one of the kinds that Cilium never mixes in a rule (C7). */
export type Member = PodPeer | EntityPeer | CidrPeer | NamePeer;
export type PeerKind = Member['kind'];

interface EntityPeer {
  readonly kind: 'entities';
  readonly key: string;
  readonly bytes: number;
  readonly entity: string;
}

interface CidrPeer {
  readonly kind: 'cidr';
  readonly key: string;
  readonly bytes: number;
  readonly cidr: string;
}

interface NamePeer {
  readonly kind: 'fqdns';
  readonly key: string;
  readonly bytes: number;
  readonly name: NameSelector;
}

/** Peers with the same ports: one rule. Peers and ports of different groups are never crossed. */
export interface Group {
  readonly kind: PeerKind;
  readonly ports: PortSet;
  /** Sorted by key, each once. */
  readonly members: readonly Member[];
}

/** What one direction of a service opens, while it is gathered. */
export interface Grants {
  readonly pods: Map<PortSet, Member[]>;
  /** Peers that several declarations may name, with the ports of all of them. */
  readonly united: Map<string, { readonly member: Member; readonly ports: TargetPort[] }>;
}

export function noGrants(): Grants {
  return { pods: new Map(), united: new Map() };
}

/** Opens exactly `ports` for pods that nothing else of this direction names, or names with the same ports. */
export function grant({ pods }: Grants, peer: PodPeer, ports: PortSet): void {
  const members = pods.get(ports);
  if (members) members.push(peer);
  else pods.set(ports, [peer]);
}

/** Opens `ports` for `member`, besides what other declarations open for it. */
export function unite({ united }: Grants, member: Member, ports: readonly TargetPort[]): void {
  const known = united.get(member.key);
  if (known) known.ports.push(...ports);
  else united.set(member.key, { member, ports: [...ports] });
}

/** All groups in a stable order. */
export function groupsOf({ pods, united }: Grants, book: PortBook): readonly Group[] {
  const groups = [...pods].map(([ports, members]): Group => ({ kind: 'endpoints', ports, members: distinct(members) }));
  if (united.size > 0) groups.push(...groupUnited(united, book));
  return groups.length < 2 ? groups : groups.sort(byKindThenPorts);
}

export function entityPeer(entity: string): EntityPeer {
  return { kind: 'entities', key: `entity ${entity}`, bytes: entity.length + 3, entity };
}

export function cidrPeer(cidr: string): CidrPeer {
  return { kind: 'cidr', key: `cidr ${cidr}`, bytes: cidr.length + 3, cidr };
}

export function namePeer(name: NameSelector): NamePeer {
  const text = 'matchName' in name ? name.matchName : name.matchPattern;
  return { kind: 'fqdns', key: `name ${text}`, bytes: text.length + 24, name };
}

function groupUnited(united: Grants['united'], book: PortBook): readonly Group[] {
  const groups = new Map<string, { kind: PeerKind; ports: PortSet; members: Member[] }>();
  for (const { member, ports } of united.values()) {
    const set = book.of(ports);
    if (!set) continue;
    const key = `${member.kind} ${set.key}`;
    const group = groups.get(key);
    if (group) group.members.push(member);
    else groups.set(key, { kind: member.kind, ports: set, members: [member] });
  }
  return [...groups.values()].map((group) => ({ ...group, members: distinct(group.members) }));
}

/** The views are sorted already: only what comes in between, such as a waypoint, makes it necessary to sort. */
function distinct(members: readonly Member[]): readonly Member[] {
  const ascending = members.every((member, index) => index === 0 || (members[index - 1]?.key ?? '') < member.key);
  if (ascending) return members;
  const byKey = new Map(members.map((member) => [member.key, member]));
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

function byKindThenPorts(a: Group, b: Group): number {
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.ports.key < b.ports.key ? -1 : 1;
}
