// The engine files peer selectors under their text, and an empty CIDR group selector has the text of the one that
// selects every peer. Whichever came first says whom the shared entry lists; only named ports at egress ask for the
// list, everything else takes the entry for every peer (selectorcache.go, l4.go: toMapState).
import { type Entry, mergeEntries } from './conflict.ts';
import type { Rule, RulePort } from './rule.ts';
import { EVERYTHING, type Selector, WORLD } from './selector.ts';

/** Whom the entry lists: every peer, only addresses, or either, depending on which selector an agent saw first. */
export type WildcardLists = 'everyone' | 'addresses' | 'either';

/** What can be said of the entry from all rules of a cluster: agents compute policies in any order. */
export function wildcardListsIn(rules: readonly Rule[]): WildcardLists {
  if (!rules.some((rule) => peersOf(rule).some(({ lists }) => lists === 'addresses'))) return 'everyone';
  // Without default deny the engine adds a rule of its own for every peer.
  const everyone = rules.some((rule) => !rule.defaultDeny || peersOf(rule).some(isPlainWildcard));
  return everyone ? 'either' : 'addresses';
}

/** Whom the entry lists when one identity's policy is the first to be computed: ingress comes before egress. */
export function wildcardListsFor(ingress: readonly Rule[], egress: readonly Rule[]): WildcardLists {
  for (const rules of [ingress, egress]) {
    for (const rule of rules) {
      if (rule.ports?.length === 0) continue; // never becomes a filter
      if (peersOf(rule).some(isPlainWildcard)) return 'everyone';
      if (peersOf(rule).some(({ lists }) => lists === 'addresses')) return 'addresses';
    }
    if (rules.length > 0 && !rules.some((rule) => rule.defaultDeny)) return 'everyone';
  }
  return 'everyone';
}

/**
 * Egress rules as they take effect when the shared entry lists addresses only: for a port name it then selects no pod,
 * and peers with the same verdict on that port are left out, as covered by it.
 */
export function withAddressesOnly(egress: readonly Rule[]): readonly Rule[] {
  const merged = mergeEntries(egress);
  if (merged.kind === 'conflict') return egress;
  return egress.flatMap((rule): readonly Rule[] => {
    const { peers, ports } = rule;
    if (peers === 'nobody' || !ports?.some(({ match }) => match.kind === 'named')) return [rule];
    const others = ports.filter(({ match }) => match.kind !== 'named');
    const named = ports.filter(({ match }) => match.kind === 'named');
    const narrowed = named.map((port): Rule => {
      const left = peersFor(peers, (peer) => merged.entries.get(entryKey(rule, port, peer)));
      return { ...rule, ports: [port], peers: left.length > 0 ? left : 'nobody' };
    });
    // A rule that is left without ports still isolates.
    return others.length > 0 ? [{ ...rule, ports: others }, ...narrowed] : narrowed;
  });
}

function peersFor(peers: readonly Selector[], entryOf: (peer: Selector) => Entry | undefined): readonly Selector[] {
  const wildcard = entryOf(EVERYTHING);
  if (!wildcard) return peers;
  return peers.flatMap((peer) => {
    if (peer.selectsAll) return [WORLD];
    const own = entryOf(peer);
    return own && isEquivalent(own, wildcard) ? [] : [peer];
  });
}

/** Whether two entries of one filter decide alike, so that the engine leaves out the one under the wildcard. */
function isEquivalent(a: Entry, b: Entry): boolean {
  return (
    a.rule.action === b.rule.action &&
    a.rule.priority === b.rule.priority &&
    a.authentication === b.authentication &&
    a.proxy.parser === b.proxy.parser &&
    a.proxy.listener === b.proxy.listener &&
    a.proxy.rank === b.proxy.rank
  );
}

function entryKey(rule: Rule, port: RulePort, peer: Selector): string {
  return `${rule.tier} ${port.filter} ${peer.text}`;
}

function peersOf({ peers }: Rule): readonly Selector[] {
  return peers === 'nobody' ? [] : peers;
}

function isPlainWildcard(peer: Selector): boolean {
  return peer.selectsAll && !peer.lists;
}
