import type { FirewallProgram, FirewallRule } from '../../api/index.ts';
import { type AddressClass, addressClasses, firstCommon, maskOf, numberParties } from '../program/classes.ts';

/** Two kinds of addresses between which a program can only be enforced by what knows replies from new connections. */
export interface NeedsState {
  /**
   * `one-way`: the way back is allowed. `node`: the destination may be a node's, whose own connections are answered there.
   * `many`: there are too many rules to say.
   */
  readonly why: 'one-way' | 'node' | 'many';
  /** An address, or the sets that hold it. */
  readonly source: string;
  readonly destination: string;
  /** The rule that denies. */
  readonly denies: FirewallRule;
}

/** Rules that differ: the search grows with their square. */
const MOST_RULES = 200;

/**
 * Looks for IPv4 addresses for which a program means something else where a reply is judged as a new connection: denied one
 * way only, or denied to an address that may be a node's own. A node's connections are outside of every program, and the
 * answers to its probes come in where new connections to it are denied. No node has an address of a pod, nor one of
 * `peers`, the ranges of the peer; any other may be a node's (a bridge for pods has one inside of the pod CIDR).
 *
 * Whoever is in a set counts, not who is in it now: what could be said of empty sets alone would have to be taken back with
 * the first pod. A rule that denies and one that allows the way back meet at two addresses of at most two sets each, so
 * that these are all that have to be tried.
 */
export function needsState(program: FirewallProgram, peers: readonly string[]): NeedsState | undefined {
  const { rules, places, at, mayBeNode } = tabulate(program, peers);
  const [any] = rules;
  if (any && rules.length > MOST_RULES) return { why: 'many', source: '', destination: '', denies: any.rule };
  const backs = [undefined, ...rules.filter(({ rule }) => rule.action === 'allow')];
  for (const deny of rules.filter(({ rule }) => rule.action === 'deny')) {
    for (const from of places) {
      for (const to of places) {
        for (const back of backs) {
          const one = at(from, deny.source, back?.destination);
          const other = at(to, deny.destination, back?.source);
          if (rules[firstCommon(one.asSource, other.asDestination)] !== deny) continue;
          const found = { source: one.name, destination: other.name, denies: deny.rule };
          if (rules[firstCommon(other.asSource, one.asDestination)]?.rule.action !== 'deny')
            return { why: 'one-way', ...found };
          if (mayBeNode(other)) return { why: 'node', ...found };
        }
      }
    }
  }
  return undefined;
}

interface Numbered {
  readonly rule: FirewallRule;
  readonly source: number | undefined;
  readonly destination: number | undefined;
}

/** An address as far as rules tell it from others. */
interface Kind {
  readonly name: string;
  readonly held: ReadonlySet<number>;
  /** A bit for each rule whose source, or destination, it is. */
  readonly asSource: Uint32Array;
  readonly asDestination: Uint32Array;
}

function tabulate(program: FirewallProgram, peers: readonly string[]) {
  const parties = numberParties(program);
  const elsewhere = parties.add('peers', { cidrs: peers });
  const rules = distinct(
    program.rules.map((rule) => ({
      rule,
      source: parties.of(rule.source),
      destination: parties.of(rule.destination),
    })),
  );
  // A range that nobody tells of now may be any, as a set may hold anybody.
  const isOpen = (party: number): boolean => parties.isSet(party) || parties.all[party]?.length === 0;
  const ranges = parties.all.map((cidrs, party) => (isOpen(party) ? [] : cidrs));
  const sources = rules.map(({ source }) => source);
  const destinations = rules.map(({ destination }) => destination);
  const known = new Map<string, Kind>();
  const names = new Map(
    program.rules.flatMap(({ source, destination }) =>
      [source, destination].flatMap((party) =>
        party && 'set' in party ? [[parties.of(party), party.set] as const] : [],
      ),
    ),
  );
  /** The addresses of a place that are in these sets besides. */
  const at = ({ address, held }: AddressClass, ...others: readonly (number | undefined)[]): Kind => {
    const sets = [...new Set(others.filter((party) => party !== undefined))].filter(isOpen).sort((a, b) => a - b);
    const key = `${address} ${sets.join()}`;
    const before = known.get(key);
    if (before) return before;
    const all = new Set([...held, ...sets]);
    const name = sets.map((party) => names.get(party) ?? 'a range that is not known').join(' and ') || address;
    const kind = { name, held: all, asSource: maskOf(sources, all), asDestination: maskOf(destinations, all) };
    known.set(key, kind);
    return kind;
  };
  const mayBeNode = ({ held }: Kind): boolean =>
    !held.has(elsewhere) && [...held].every((party) => !parties.isSet(party));
  return { rules, places: addressClasses(ranges, 4), at, mayBeNode };
}

/** The first of the rules that say the same. */
function distinct(rules: readonly Numbered[]): readonly Numbered[] {
  const seen = new Set<string>();
  return rules.filter(({ rule, source, destination }) => {
    const key = `${source} ${destination} ${rule.action} ${rule.protocol} ${JSON.stringify(rule.ports)}`;
    return !seen.has(key) && seen.add(key);
  });
}
