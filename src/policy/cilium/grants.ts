import type { PortSet, TargetPort } from '../kubernetes/port-set.ts';
import { portSet } from '../kubernetes/port-set.ts';
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
  readonly members: Member[];
}

/** What one direction of a service opens. */
export interface Grants {
  readonly groups: Map<string, Group>;
  /** Peers that several declarations name, with the ports of all of them. */
  readonly united: Map<string, { readonly member: Member; readonly ports: TargetPort[] }>;
}

export function noGrants(): Grants {
  return { groups: new Map(), united: new Map() };
}

/** Opens exactly `ports` for `member`, which nothing else of this direction names. */
export function grant({ groups }: Grants, member: Member, ports: PortSet): void {
  const key = `${member.kind} ${ports.key}`;
  const group = groups.get(key);
  if (group) group.members.push(member);
  else groups.set(key, { kind: member.kind, ports, members: [member] });
}

/** Opens `ports` for `member`, besides what other declarations open for it. */
export function unite({ united }: Grants, member: Member, ports: readonly TargetPort[]): void {
  const known = united.get(member.key);
  if (known) known.ports.push(...ports);
  else united.set(member.key, { member, ports: [...ports] });
}

/** All groups in a stable order, their members sorted by key, each once. */
export function groupsOf(grants: Grants): readonly Group[] {
  for (const { member, ports } of grants.united.values()) {
    const set = portSet(ports);
    if (set) grant(grants, member, set);
  }
  grants.united.clear();
  const groups = [...grants.groups].sort(([a], [b]) => (a < b ? -1 : 1));
  return groups.map(([, group]) => ({ ...group, members: distinct(group.members) }));
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

function distinct(members: readonly Member[]): Member[] {
  if (members.length < 2) return [...members];
  const sorted = members.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return sorted.filter((member, index) => index === 0 || member.key !== sorted[index - 1]?.key);
}
