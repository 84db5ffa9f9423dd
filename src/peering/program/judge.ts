import {
  type Cidr,
  containsCidr,
  formatAddress,
  type FirewallParty,
  type FirewallProgram,
  type FirewallRule,
  parseCidr,
} from '../../api/index.ts';

/** A new connection. Addresses as text; without protocol and port, rules that name them do not match. */
export interface Flow {
  readonly source: string;
  readonly destination: string;
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
  /** The destination's. */
  readonly port?: number;
}

/** What a program does with a new connection, and by which rule; no rule: nothing matched, which accepts. */
export interface Judgement {
  readonly allowed: boolean;
  readonly rule: FirewallRule | undefined;
}

export type Judge = (flow: Flow) => Judgement;

/** Judges new connections by a program: the first rule that matches decides, no match accepts, disarmed accepts. */
export function judgeOf(program: FirewallProgram): Judge {
  const sets = new Map(program.sets.map(({ name, members }) => [name, matcherOf(members)]));
  const party = (side: FirewallParty | undefined): Matcher | undefined => {
    if (!side) return undefined;
    if ('cidrs' in side) return matcherOf(side.cidrs);
    const set = sets.get(side.set);
    if (!set) throw new Error(`rule over the set ${side.set}, which the program of ${program.peering} does not have`);
    return set;
  };
  const rules = program.rules.map((rule) => ({
    rule,
    source: party(rule.source),
    destination: party(rule.destination),
  }));
  return (flow) => {
    if (program.disarmed) return { allowed: true, rule: undefined };
    const source = addressOf(flow.source);
    const destination = addressOf(flow.destination);
    const hit = rules.find(
      (each) =>
        (each.source?.(source) ?? true) && (each.destination?.(destination) ?? true) && portMatches(each.rule, flow),
    );
    return { allowed: hit?.rule.action !== 'deny', rule: hit?.rule };
  };
}

/** What every program of a node says, in their order: a connection passes when all allow it. */
export function judgeAll(
  judges: readonly Judge[],
  flow: Flow,
): { readonly allowed: boolean; readonly by: readonly Judgement[] } {
  const by = judges.map((judge) => judge(flow));
  return { allowed: by.every(({ allowed }) => allowed), by };
}

interface Address {
  /** Canonical, as members are. */
  readonly text: string;
  readonly cidr: Cidr;
}

type Matcher = (address: Address) => boolean;

function matcherOf(members: readonly string[]): Matcher {
  const single = new Set<string>();
  const ranges: Cidr[] = [];
  for (const member of members) {
    const cidr = parseCidr(member);
    if (!cidr) throw new Error(`${member} is no address`);
    if (member.includes('/')) ranges.push(cidr);
    else single.add(member);
  }
  return ({ text, cidr }) => single.has(text) || ranges.some((range) => containsCidr(range, cidr));
}

function portMatches({ protocol, ports }: FirewallRule, flow: Flow): boolean {
  if (protocol === undefined) return true;
  if (protocol !== flow.protocol) return false;
  if (!ports) return true;
  const { port } = flow;
  return port !== undefined && ports.some((range) => port >= range.port && port <= (range.endPort ?? range.port));
}

function addressOf(text: string): Address {
  const cidr = parseCidr(text);
  if (!cidr || text.includes('/')) throw new Error(`${text} is no address`);
  return { text: formatAddress(cidr.family, cidr.first), cidr };
}
