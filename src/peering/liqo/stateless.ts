import {
  type Cidr,
  type FirewallParty,
  type FirewallProgram,
  type FirewallRule,
  formatAddress,
  parseCidr,
} from '../../api/index.ts';

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
  const sets = new Map(program.sets.map(({ name, members }) => [name, members]));
  const parties: Party[] = [];
  const numbers = new Map<string, number>();
  const number = (key: string, texts: readonly string[], isNode: boolean): number => {
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const cidrs = texts.flatMap((text) => parseCidr(text) ?? []).filter(({ family }) => family === 4);
    numbers.set(key, parties.length);
    return parties.push({ cidrs, isNode }) - 1;
  };
  const numberOf = (party: FirewallParty | undefined): number | undefined => {
    if (!party) return undefined;
    if ('set' in party) return number(`@${party.set}`, sets.get(party.set) ?? [], false);
    return number(party.cidrs.join(), party.cidrs, true);
  };
  number('peers', peers, false);
  const matches = (party: number | undefined): boolean =>
    party === undefined || (parties[party]?.cidrs.length ?? 0) > 0;
  const numbered = program.rules
    .map((rule) => ({ rule, source: numberOf(rule.source), destination: numberOf(rule.destination) }))
    .filter(({ source, destination }) => matches(source) && matches(destination));
  const bits = (held: ReadonlySet<number>, side: 'source' | 'destination'): Uint32Array => {
    const mask = new Uint32Array(Math.ceil(numbered.length / 32));
    for (const [index, rule] of numbered.entries()) {
      const party = rule[side];
      if (party === undefined || held.has(party)) mask[index >>> 5] = (mask[index >>> 5] ?? 0) | (1 << (index & 31));
    }
    return mask;
  };
  const classes = classesOf(parties).map(({ address, held }) => ({
    address,
    mayBeNode: [...held].every((party) => parties[party]?.isNode === true),
    asSource: bits(held, 'source'),
    asDestination: bits(held, 'destination'),
  }));
  return { rules: numbered.map(({ rule }) => rule), classes };
}

interface Party {
  readonly cidrs: readonly Cidr[];
  /** Whether nodes may be among its addresses. */
  readonly isNode: boolean;
}

/** The first rule that both masks have; -1 when there is none. */
function firstCommon(one: Uint32Array, other: Uint32Array): number {
  for (let word = 0; word < one.length; word++) {
    const common = (one[word] ?? 0) & (other[word] ?? 0);
    if (common !== 0) return word * 32 + 31 - Math.clz32(common & -common);
  }
  return -1;
}

/** Sweeps over the borders of all parties; between two borders every address is in the same parties. */
function classesOf(
  parties: readonly Party[],
): readonly { readonly address: string; readonly held: ReadonlySet<number> }[] {
  const borders = new Map<bigint, { readonly enter: number[]; readonly leave: number[] }>();
  const at = (address: bigint) => {
    const known = borders.get(address) ?? { enter: [], leave: [] };
    borders.set(address, known);
    return known;
  };
  at(0n);
  for (const [party, { cidrs }] of parties.entries()) {
    for (const { first, prefix } of cidrs) {
      at(first).enter.push(party);
      at(first + (1n << BigInt(32 - prefix))).leave.push(party);
    }
  }
  const depth = new Map<number, number>();
  const classes = new Map<string, { readonly address: string; readonly held: ReadonlySet<number> }>();
  for (const [address, { enter, leave }] of [...borders].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const party of leave) {
      const left = (depth.get(party) ?? 0) - 1;
      if (left > 0) depth.set(party, left);
      else depth.delete(party);
    }
    for (const party of enter) depth.set(party, (depth.get(party) ?? 0) + 1);
    if (address >= 1n << 32n) continue;
    const held = [...depth.keys()].sort((a, b) => a - b);
    const signature = held.join();
    if (!classes.has(signature)) classes.set(signature, { address: formatAddress(4, address), held: new Set(held) });
  }
  return [...classes.values()];
}
