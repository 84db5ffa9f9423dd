import type { FirewallProgram, FirewallRule } from '../../api/index.ts';
import { addressClasses, firstCommon, maskOf, numberParties } from '../program/classes.ts';

/** Two addresses between which a program can only be enforced by what knows replies from new connections. */
export interface NeedsState {
  /** `one-way`: the way back is allowed. `node`: the destination may be a node's, whose own connections are answered there. */
  readonly why: 'one-way' | 'node';
  readonly source: string;
  readonly destination: string;
  /** The rule that denies. */
  readonly denies: FirewallRule;
}

/**
 * Looks for IPv4 addresses for which a program means something else where a reply is judged as a new connection: denied one
 * way only, or denied to an address that may be a node's own. A node's connections are outside of every program, and the
 * answers to its probes come in where new connections to it are denied. No node has an address of a pod, nor one of
 * `peers`, the ranges of the peer; any other may be a node's (a bridge for pods has one inside of the pod CIDR).
 *
 * Exact but for that: all addresses fall into finitely many classes (which parties hold them), and each pair is tried.
 */
export function needsState(program: FirewallProgram, peers: readonly string[]): NeedsState | undefined {
  const { rules, classes } = tabulate(program, peers);
  for (const [index, one] of classes.entries()) {
    for (const other of classes.slice(index)) {
      const there = rules[firstCommon(one.asSource, other.asDestination)];
      const back = rules[firstCommon(other.asSource, one.asDestination)];
      const [denied, shut] = [there?.action === 'deny', back?.action === 'deny'];
      if (denied !== shut) {
        const denies = denied ? there : back;
        const [source, destination] = denied ? [one, other] : [other, one];
        if (denies) return { why: 'one-way', source: source.address, destination: destination.address, denies };
      }
      if (there && denied && (one.mayBeNode || other.mayBeNode)) {
        const [source, destination] = other.mayBeNode ? [one, other] : [other, one];
        const denies = other.mayBeNode ? there : (back ?? there);
        return { why: 'node', source: source.address, destination: destination.address, denies };
      }
    }
  }
  return undefined;
}

interface Class {
  /** One address of the class. */
  readonly address: string;
  readonly mayBeNode: boolean;
  /** A bit for each rule whose source, or destination, holds the class. */
  readonly asSource: Uint32Array;
  readonly asDestination: Uint32Array;
}

function tabulate(
  program: FirewallProgram,
  peers: readonly string[],
): { readonly rules: readonly FirewallRule[]; readonly classes: readonly Class[] } {
  const parties = numberParties(program);
  const elsewhere = parties.add('peers', { cidrs: peers });
  const holdsNodes = (party: number): boolean => party !== elsewhere && !parties.isSet(party);
  const matches = (party: number | undefined): boolean =>
    party === undefined || (parties.all[party]?.some(({ family }) => family === 4) ?? false);
  const numbered = program.rules
    .map((rule) => ({ rule, source: parties.of(rule.source), destination: parties.of(rule.destination) }))
    .filter(({ source, destination }) => matches(source) && matches(destination));
  const sources = numbered.map(({ source }) => source);
  const destinations = numbered.map(({ destination }) => destination);
  const classes = addressClasses(parties.all, 4).map(({ address, held }) => ({
    address,
    mayBeNode: [...held].every(holdsNodes),
    asSource: maskOf(sources, held),
    asDestination: maskOf(destinations, held),
  }));
  return { rules: numbered.map(({ rule }) => rule), classes };
}
