import type { FirewallParty, FirewallRule } from '../api/index.ts';
import { type Cidr, containsCidr, parseCidr } from '../api/index.ts';

/** A connection as the program's chains see its first packet: after DNAT, before SNAT. */
export interface Flow {
  readonly family: 4 | 6;
  /** As the kernel names it: tcp, udp, sctp, icmp, ... */
  readonly protocol: string;
  readonly source: string;
  readonly sourcePort: number;
  readonly destination: string;
  /** 0 where the protocol has none. */
  readonly destinationPort: number;
}

/** Who is in a set, answered without reading the set. */
export interface Membership {
  has(set: string, address: string): boolean;
  prefixes(set: string): Iterable<string>;
}

/** Whether the first rule that matches denies a new connection. Ready-made for many flows. */
export function judgeOf(rules: readonly FirewallRule[], members: Membership): (flow: Flow) => boolean {
  const prepared = rules.map((rule) => ({
    denies: rule.action === 'deny',
    matches: matcherOf(rule, members),
  }));
  return (flow) => prepared.find(({ matches }) => matches(flow))?.denies ?? false;
}

function matcherOf(rule: FirewallRule, members: Membership): (flow: Flow) => boolean {
  const from = partyMatcher(rule.source, members);
  const to = partyMatcher(rule.destination, members);
  const protocol = rule.protocol?.toLowerCase();
  const { ports } = rule;
  return (flow) =>
    (protocol === undefined || flow.protocol === protocol) &&
    (ports === undefined ||
      ports.some(({ port, endPort }) => flow.destinationPort >= port && flow.destinationPort <= (endPort ?? port))) &&
    from(flow.source) &&
    to(flow.destination);
}

function partyMatcher(party: FirewallParty | undefined, members: Membership): (address: string) => boolean {
  if (party === undefined) return () => true;
  if ('cidrs' in party) {
    const ranges = party.cidrs.flatMap((text) => parseCidr(text) ?? []);
    return (address) => isWithin(ranges, address);
  }
  const { set } = party;
  return (address) => {
    if (members.has(set, address)) return true;
    const prefixes = [...members.prefixes(set)];
    return (
      prefixes.length > 0 &&
      isWithin(
        prefixes.flatMap((text) => parseCidr(text) ?? []),
        address,
      )
    );
  };
}

function isWithin(ranges: readonly Cidr[], address: string): boolean {
  if (ranges.length === 0) return false;
  const one = parseCidr(address);
  return one !== undefined && ranges.some((range) => containsCidr(range, one));
}
