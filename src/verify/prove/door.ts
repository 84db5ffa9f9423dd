import type { Protocol } from '../../api/index.ts';
import type { ObjectRef, Verdict } from '../verdict.ts';
import type { Party } from './party.ts';
import type { PartyIndex } from './party-index.ts';
import type { Grant, PortOf } from './grants.ts';
import type { Row } from './rows.ts';

/** ICMP has types instead of ports; an echo request stands for all of them. */
export type AnyProtocol = Protocol | 'ICMP' | 'ICMPv6';

export type DoorName =
  | 'cilium-egress'
  | 'cilium-ingress'
  | 'kubernetes-egress'
  | 'kubernetes-ingress'
  | 'ztunnel'
  | 'waypoint';

/** One question that a door answers otherwise than its row of the table says. */
export interface Counterexample {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: AnyProtocol;
  readonly expected: 'allowed' | 'denied' | 'accepted';
  readonly actual: 'allowed' | 'denied' | 'undecided' | 'refused';
  readonly door: DoorName;
  readonly reason: string;
  readonly object?: ObjectRef;
}

/** One door as a proof sees it: whom it stands in front of, what its row says, and what its engine answers. */
export interface Door {
  readonly name: DoorName;
  /** Whether the subject is the caller (egress) or the callee. */
  readonly side: 'caller' | 'callee';
  readonly subjects: readonly Party[];
  readonly row: (subject: Party) => Row;
  /** Parties that the engine's objects may admit at this subject's door. */
  readonly named: (subject: Party) => Iterable<Party>;
  /** Ports at which the engine's answer for this peer may change. */
  readonly edges: (subject: Party, peer: Party) => Iterable<{ readonly port: number; readonly protocol: AnyProtocol }>;
  /** Ports that no declaration and no object mentions. */
  readonly fresh: readonly { readonly port: number; readonly protocol: AnyProtocol }[];
  readonly ask: (subject: Party, peer: Party, port: number, protocol: AnyProtocol) => Verdict;
  /** Whether Lattice wrote the object, so that it must leave undeclared pods alone. */
  readonly ours: (object: ObjectRef) => boolean;
}

/** Compares a door with its row for every subject, every party that either names, and every port that either tells apart. */
export function proveDoor(door: Door, index: PartyIndex, report: (found: Counterexample) => void): number {
  let asked = 0;
  for (const subject of door.subjects) {
    const row = door.row(subject);
    asked +=
      row.kind === 'open'
        ? proveOpen(door, subject, index, report)
        : proveClosed(door, subject, row.grants, index, report);
  }
  return asked;
}

/** An open door may be closed by somebody else's policy, never by ours. */
function proveOpen(door: Door, subject: Party, index: PartyIndex, report: (found: Counterexample) => void): number {
  let asked = 0;
  for (const peer of index.strangers) {
    for (const { port, protocol } of door.fresh) {
      asked++;
      const verdict = door.ask(subject, peer, port, protocol);
      const culprit = verdict.verdict === 'denied' ? verdict.decidedBy.find(door.ours) : undefined;
      if (culprit)
        report(counterexample(door, subject, peer, port, protocol, 'allowed', { ...verdict, decidedBy: [culprit] }));
    }
  }
  return asked;
}

function proveClosed(
  door: Door,
  subject: Party,
  grants: readonly Grant[],
  index: PartyIndex,
  report: (found: Counterexample) => void,
): number {
  const expected = new Map<Party, Grant[]>();
  for (const grant of grants) {
    for (const party of index.at(grant.who)) {
      if (!grant.matches(party)) continue;
      const known = expected.get(party);
      if (known) known.push(grant);
      else expected.set(party, [grant]);
    }
  }
  let asked = 0;
  for (const peer of new Set([...expected.keys(), ...door.named(subject), ...index.strangers])) {
    const mine = expected.get(peer) ?? [];
    const ports = new Map<string, { readonly port: number; readonly protocol: AnyProtocol }>();
    const add = (each: { readonly port: number; readonly protocol: AnyProtocol }) =>
      ports.set(`${each.port}/${each.protocol}`, each);
    for (const each of door.fresh) add(each);
    for (const grant of mine) for (const each of grant.ports ?? []) add(each);
    for (const each of door.edges(subject, peer)) add(each);
    for (const { port, protocol } of ports.values()) {
      asked++;
      const wanted = mine.some((grant) => covers(grant.ports, port, protocol)) ? 'allowed' : 'denied';
      const verdict = door.ask(subject, peer, port, protocol);
      if (verdict.verdict !== wanted) report(counterexample(door, subject, peer, port, protocol, wanted, verdict));
    }
  }
  return asked;
}

function covers(ports: readonly PortOf[] | undefined, port: number, protocol: AnyProtocol): boolean {
  return ports === undefined || ports.some((each) => each.port === port && each.protocol === protocol);
}

function counterexample(
  door: Door,
  subject: Party,
  peer: Party,
  port: number,
  protocol: AnyProtocol,
  expected: 'allowed' | 'denied',
  verdict: Verdict,
): Counterexample {
  const [from, to] = door.side === 'caller' ? [subject.id, peer.id] : [peer.id, subject.id];
  const [object] = verdict.decidedBy;
  return {
    from,
    to,
    port,
    protocol,
    expected,
    actual: verdict.verdict,
    door: door.name,
    reason: verdict.reason,
    ...(object ? { object } : {}),
  };
}
