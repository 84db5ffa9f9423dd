import { lostIn } from './survives.ts';
import type { Chain, FirewallConfiguration, FirewallTable } from './firewall-configuration.ts';

/** What to write next so that a FirewallConfiguration comes to mean `desired`, never opening what both deny. */
export type SwapStep =
  | { readonly kind: 'settled' }
  /** Both revisions are stored: ask again when the nodes have had time to apply them. */
  | { readonly kind: 'waiting' }
  /** The rules are the same; sets differ: replaced in one generation by Liqo. */
  | { readonly kind: 'members'; readonly table: FirewallTable }
  /** Both revisions at once: a packet has to pass both. Then wait, and ask again with `joined` true. */
  | { readonly kind: 'join'; readonly table: FirewallTable }
  /** Only the new revision. */
  | { readonly kind: 'finish'; readonly table: FirewallTable };

/**
 * The next write from what is stored to what is desired (V19). `joined`: the stored object has had both revisions long
 * enough for the nodes to have applied it. A table that never held rules is written at once.
 */
export function nextSwap(stored: FirewallConfiguration, desired: FirewallConfiguration, joined: boolean): SwapStep {
  const now = stored.spec.table;
  const next = desired.spec.table;
  const wanted = new Set(next.chains.map(chainKey));
  const leftover = now.chains.filter((chain) => !wanted.has(chainKey(chain)));
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
  const sets = unite(now, next, leftover);
  const table = { ...next, ...(next.sets ? { sets } : {}), chains: [...leftover, ...next.chains] };
  return same(now.sets, sets) && same(now.chains, table.chains) ? { kind: 'waiting' } : { kind: 'join', table };
}

/** Sets of the new revision, and those of the old one that it does not have: its rules still name them. */
function unite(
  now: FirewallTable,
  next: FirewallTable,
  leftover: readonly Chain[],
): NonNullable<FirewallTable['sets']> {
  const fresh = next.sets ?? [];
  const named = new Set(
    leftover.flatMap(({ rules }) =>
      rules.filterRules.flatMap(({ match }) =>
        match.flatMap(({ ip }) => (ip?.value.startsWith('@') ? ip.value.slice(1) : [])),
      ),
    ),
  );
  const old = (now.sets ?? []).filter(({ name }) => named.has(name) && !fresh.some((set) => set.name === name));
  return [...fresh, ...old].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function chainKey({ name, hook, priority, policy }: Chain): string {
  return `${name} ${hook} ${priority} ${policy}`;
}

/** Fields may be in another order: the API server sorts them. */
function same(stored: unknown, meant: unknown): boolean {
  return lostIn(meant ?? [], stored ?? []) === undefined;
}
