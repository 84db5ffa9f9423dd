import type { Sized } from './bucket.ts';
import type { PortBook, PortSet, TargetPort } from './port-set.ts';

/** The other end of a grant. Kinds are what an engine never mixes in a rule. */
export interface Grantee extends Sized {
  readonly kind: string;
}

/** Peers of one kind with the same ports: one rule. Peers and ports of different groups are never crossed. */
export interface Group<Member extends Grantee> {
  readonly kind: Member['kind'];
  readonly ports: PortSet;
  /** Sorted by key, each once. */
  readonly members: readonly Member[];
}

/** What one direction of a service opens, while it is gathered. */
export interface Grants<Member extends Grantee> {
  readonly pods: Map<PortSet, Member[]>;
  /** Peers that several declarations may name, with the ports of all of them. */
  readonly united: Map<string, { readonly member: Member; readonly ports: TargetPort[] }>;
  /** Whether each list of `pods` is sorted by key and names nobody twice. */
  sorted: boolean;
}

export function noGrants<Member extends Grantee>(): Grants<Member> {
  return { pods: new Map(), united: new Map(), sorted: true };
}

/** Opens exactly `ports` for pods (all of one kind) that nothing else of this direction names, or names with the same ports. */
export function grant<Member extends Grantee>(grants: Grants<Member>, peer: Member, ports: PortSet): void {
  grants.sorted = false;
  grantNext(grants, peer, ports);
}

/** The same for a peer whose key comes behind those of all that were granted so: to read their keys again is not needed. */
export function grantNext<Member extends Grantee>({ pods }: Grants<Member>, peer: Member, ports: PortSet): void {
  const members = pods.get(ports);
  if (members) members.push(peer);
  else pods.set(ports, [peer]);
}

/** Opens `ports` for `member`, besides what other declarations open for it. */
export function unite<Member extends Grantee>(
  { united }: Grants<Member>,
  member: Member,
  ports: readonly TargetPort[],
): void {
  const known = united.get(member.key);
  if (known) known.ports.push(...ports);
  else united.set(member.key, { member, ports: [...ports] });
}

/** All groups in a stable order. */
export function groupsOf<Member extends Grantee>(
  { pods, united, sorted }: Grants<Member>,
  book: PortBook,
): readonly Group<Member>[] {
  const ready = sorted && united.size === 0;
  if (united.size === 0 && pods.size < 2) {
    return [...pods].flatMap(([ports, members]) => groupOf(ports, ready ? members : distinct(members)));
  }
  const groups = new Map<string, Gathered<Member>>();
  for (const [ports, members] of pods) {
    const [first] = members;
    if (first) groups.set(`${first.kind} ${ports.key}`, { kind: first.kind, ports, members });
  }
  for (const { member, ports } of united.values()) {
    const set = book.of(ports);
    if (!set) continue;
    const key = `${member.kind} ${set.key}`;
    const group = groups.get(key);
    if (group) group.members.push(member);
    else groups.set(key, { kind: member.kind, ports: set, members: [member] });
  }
  return [...groups]
    .sort(([x], [y]) => (x < y ? -1 : 1))
    .map(([, { kind, ports, members }]) => ({ kind, ports, members: ready ? members : distinct(members) }));
}

/** Pods that are granted the same ports. */
function groupOf<Member extends Grantee>(ports: PortSet, members: readonly Member[]): Group<Member> | [] {
  const [first] = members;
  return first ? { kind: first.kind, ports, members } : [];
}

interface Gathered<Member extends Grantee> {
  readonly kind: Member['kind'];
  readonly ports: PortSet;
  readonly members: Member[];
}

/** The views are sorted already: only what comes in between, such as a waypoint, makes it necessary to sort. */
function distinct<Member extends Grantee>(members: readonly Member[]): readonly Member[] {
  const ascending = members.every((member, index) => index === 0 || (members[index - 1]?.key ?? '') < member.key);
  if (ascending) return members;
  const byKey = new Map(members.map((member) => [member.key, member]));
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
