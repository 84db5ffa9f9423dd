import { lostIn } from './survives.ts';
import type { Chain, FilterRule, FirewallConfiguration, FirewallTable, TableSet } from './firewall-configuration.ts';

/** What to write next so that a FirewallConfiguration comes to mean `desired`, never opening what both deny. */
export type SwapStep =
  | { readonly kind: 'settled' }
  /** Several revisions are stored: ask again when the nodes have had time to apply them. */
  | { readonly kind: 'waiting' }
  /** The rules are the same; sets differ: replaced in one generation by Liqo. */
  | { readonly kind: 'members'; readonly table: FirewallTable }
  /** Several revisions at once: a packet has to pass all of them. Then wait, and ask again with `joined` true. */
  | { readonly kind: 'join'; readonly table: FirewallTable }
  /** Only the new revision. */
  | { readonly kind: 'finish'; readonly table: FirewallTable };

/** Revisions of one object at a time: rules that change faster than nodes can be waited for are written one by one. */
const MOST_REVISIONS = 3;
/** Two revisions of the largest program that is printed. */
const MOST_BYTES = 1_400_000;
/** Of the names of sets, for revisions that are there at the same time. */
const SUFFIXES = ['', '.b', '.c'] as const satisfies { readonly length: typeof MOST_REVISIONS };

/**
 * The next write from what is stored to what is desired (V19). `joined`: the stored object has had the chains that it has
 * long enough for the nodes to have applied them. A table that never held rules is written at once.
 *
 * Each revision has sets of its own, and those of an old one stay as they are until it goes: a node replaces members in
 * one transaction and adds rules in the next, and in between old rules over new members may pass what both deny.
 */
export function nextSwap(stored: FirewallConfiguration, desired: FirewallConfiguration, joined: boolean): SwapStep {
  const now = stored.spec.table;
  const wanted = new Set(desired.spec.table.chains.map(chainKey));
  const leftover = now.chains.filter((chain) => !wanted.has(chainKey(chain)));
  const next = withOwnSets(desired.spec.table, now, leftover);
  const has = new Set(now.chains.map(chainKey));
  const complete = next.chains.every((chain) => has.has(chainKey(chain)));
  if (leftover.length === 0 && complete) {
    return same(now.sets, next.sets) && same(now.chains, next.chains)
      ? { kind: 'settled' }
      : { kind: 'members', table: next };
  }
  // Disarming, or arming an empty table: there is no other revision to hold on to.
  if (next.chains.length === 0 || now.chains.length === 0) return { kind: 'finish', table: next };
  if (complete && joined) return { kind: 'finish', table: next };
  const both = joinedTable(next, now, leftover);
  if (complete || hasRoom(both)) {
    return same(now.sets, both.sets) && same(now.chains, both.chains)
      ? { kind: 'waiting' }
      : { kind: 'join', table: both };
  }
  // The oldest makes room as soon as every node has a newer one.
  return joined ? { kind: 'join', table: withoutOldest(now) } : { kind: 'waiting' };
}

/** The table over sets of its own: under the suffix that it is stored with, or one that no other revision names. */
function withOwnSets(table: FirewallTable, now: FirewallTable, leftover: readonly Chain[]): FirewallTable {
  const names = (table.sets ?? []).map(({ name }) => name);
  const taken = namedBy(leftover);
  const own = namedBy(now.chains.filter((chain) => !leftover.includes(chain)));
  const known = (suffix: string): number => names.filter((name) => own.has(name + suffix)).length;
  const [best = ''] = SUFFIXES.toSorted((a, b) => known(b) - known(a));
  const free = SUFFIXES.find((suffix) => names.every((name) => !taken.has(name + suffix)));
  const suffix = known(best) > 0 ? best : (free ?? '');
  if (suffix === '') return table;
  return {
    ...table,
    sets: (table.sets ?? []).map((set): TableSet => ({ ...set, name: set.name + suffix })),
    chains: table.chains.map((chain) => ({
      ...chain,
      rules: { filterRules: chain.rules.filterRules.map((rule) => renamed(rule, suffix)) },
    })),
  };
}

function renamed(rule: FilterRule, suffix: string): FilterRule {
  return {
    ...rule,
    match: rule.match.map((each) =>
      each.ip?.value.startsWith('@') ? { ...each, ip: { ...each.ip, value: each.ip.value + suffix } } : each,
    ),
  };
}

/** The new revision, and what is left of old ones with the sets that they name. */
function joinedTable(next: FirewallTable, now: FirewallTable, leftover: readonly Chain[]): FirewallTable {
  const fresh = next.sets ?? [];
  const old = setsOf(leftover, now).filter(({ name }) => !fresh.some((set) => set.name === name));
  const sets = [...fresh, ...old].sort((a, b) => (a.name < b.name ? -1 : 1));
  return { ...next, ...(next.sets || now.sets ? { sets } : {}), chains: [...leftover, ...next.chains] };
}

function hasRoom(table: FirewallTable): boolean {
  const revisions = revisionsOf(table).length;
  return revisions <= 2 || (revisions <= MOST_REVISIONS && JSON.stringify(table).length <= MOST_BYTES);
}

/** New revisions are put behind old ones. */
function withoutOldest(now: FirewallTable): FirewallTable {
  const [oldest] = revisionsOf(now);
  const chains = now.chains.filter((chain) => revisionOf(chain) !== oldest);
  return { ...now, ...(now.sets ? { sets: setsOf(chains, now) } : {}), chains };
}

function revisionsOf({ chains }: FirewallTable): readonly string[] {
  return [...new Set(chains.map(revisionOf))];
}

function revisionOf({ name }: Chain): string {
  return name.slice(name.indexOf('-') + 1);
}

function setsOf(chains: readonly Chain[], { sets = [] }: FirewallTable): readonly TableSet[] {
  const named = namedBy(chains);
  return sets.filter(({ name }) => named.has(name));
}

/** The sets that rules look addresses up in. */
function namedBy(chains: readonly Chain[]): ReadonlySet<string> {
  return new Set(
    chains.flatMap(({ rules }) =>
      rules.filterRules.flatMap(({ match }) =>
        match.flatMap(({ ip }) => (ip?.value.startsWith('@') ? ip.value.slice(1) : [])),
      ),
    ),
  );
}

function chainKey({ name, hook, priority, policy }: Chain): string {
  return `${name} ${hook} ${priority} ${policy}`;
}

/** Fields may be in another order: the API server sorts them. */
function same(stored: unknown, meant: unknown): boolean {
  return lostIn(meant ?? [], stored ?? []) === undefined;
}
