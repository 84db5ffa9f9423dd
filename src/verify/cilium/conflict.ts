// Rules that the engine cannot merge: it then computes no policy at all for the endpoint.
import { NO_PROXY, type Proxy, type Rule, type RulePort } from './rule.ts';
import type { Selector } from './selector.ts';

/** Two rules that cannot be merged for one subject; `rules` are all that select it in one direction, in order. */
export function findConflict(rules: readonly Rule[]): readonly [Rule, Rule] | undefined {
  if (!rules.some((rule) => rule.authentication !== '' || rule.ports?.some(({ proxy }) => proxy.parser !== 'none')))
    return undefined;
  const merged = mergeEntries(rules);
  return merged.kind === 'conflict' ? merged.between : undefined;
}

export type Merged =
  | { readonly kind: 'merged'; readonly entries: ReadonlyMap<string, Entry> }
  | { readonly kind: 'conflict'; readonly between: readonly [Rule, Rule] };

/** What is in force for each tier, filter and peer, by `tier filter peer`. */
export function mergeEntries(rules: readonly Rule[]): Merged {
  const merged = new Map<string, Entry>();
  for (const rule of rules) {
    if (rule.peers === 'nobody') continue;
    for (const { filter, proxy } of rule.ports ?? ALL_PORTS)
      for (const peer of rule.peers) {
        if (selectsNoneEntity(peer)) continue; // never selected, so never merged
        const key = `${rule.tier} ${filter} ${peer.text}`;
        const existing = merged.get(key);
        const entry = existing ? merge(existing, { rule, proxy, authentication: rule.authentication }) : undefined;
        if (existing && !entry) return { kind: 'conflict', between: [existing.rule, rule] };
        merged.set(key, entry ?? { rule, proxy, authentication: rule.authentication });
      }
  }
  return { kind: 'merged', entries: merged };
}

/** For an endpoint without a namespace: a rule that sends it to a listener of its namespace leaves it without any policy. */
export function findLostListener(rules: readonly Rule[]): readonly [Rule, Rule] | undefined {
  const lost = rules.find((rule) => rule.peers !== 'nobody' && rule.ports?.some(({ proxy }) => proxy.ofNamespace));
  return lost ? [lost, lost] : undefined;
}

/** Of a tier, a filter and a peer: the rule that was merged first, and what came of it. */
export interface Entry {
  readonly rule: Rule;
  readonly proxy: Proxy;
  readonly authentication: string;
}

/** A rule without ports is filed as one entry for everything. */
const ALL_PORTS: readonly Pick<RulePort, 'filter' | 'proxy'>[] = [{ filter: '0/ANY', proxy: NO_PROXY }];

const RANK = { deny: 0, allow: 1, pass: 2 } as const;

function selectsNoneEntity(peer: Selector): boolean {
  return peer.required.some(({ key }) => key.source === 'reserved' && key.key === 'none');
}

/** What is in force after `added`; undefined if the two contradict. */
function merge(existing: Entry, added: Entry): Entry | undefined {
  // What takes precedence replaces or ignores the other and is not merged with it.
  if (existing.rule.priority < added.rule.priority) return existing;
  const rank = RANK[existing.rule.action] - RANK[added.rule.action];
  if (rank !== 0) return rank < 0 ? existing : added;
  const proxy = mergeProxies(existing.proxy, added.proxy);
  const { authentication } = existing;
  if (!proxy || contradict(authentication, added.authentication)) return undefined;
  return { rule: existing.rule, proxy, authentication: authentication || added.authentication };
}

function mergeProxies(existing: Proxy, added: Proxy): Proxy | undefined {
  const parser = mergeParsers(existing.parser, added.parser);
  if (parser === undefined) return undefined;
  const listening = mergeListeners(parser === existing.parser ? existing : { ...existing, rank: added.rank }, added);
  if (!listening) return undefined;
  if (contradict(existing.terminatingTls, added.terminatingTls)) return undefined;
  if (contradict(existing.originatingTls, added.originatingTls)) return undefined;
  const serverNames = existing.serverNames || added.serverNames;
  const terminatingTls = existing.terminatingTls || added.terminatingTls;
  // Only what was there before is looked at: server names first and HTTP rules after them pass.
  const filtersAbove = existing.parser === 'http' || existing.parser === 'dns';
  if (serverNames && filtersAbove && terminatingTls === '') return undefined;
  const originatingTls = existing.originatingTls || added.originatingTls;
  return {
    parser,
    ...listening,
    serverNames,
    terminatingTls,
    originatingTls,
    ofNamespace: existing.ofNamespace || added.ofNamespace,
  };
}

/** The listener that is asked first; two of equal rank contradict. */
function mergeListeners(existing: Proxy, added: Proxy): Pick<Proxy, 'listener' | 'rank'> | undefined {
  const { listener, rank } = existing;
  if (added.listener === '' || (listener === added.listener && rank === added.rank)) return { listener, rank };
  if (listener !== '' && rank < added.rank) return { listener, rank };
  if (listener === '' || added.rank < rank) return { listener: added.listener, rank: added.rank };
  return undefined;
}

function contradict(a: string, b: string): boolean {
  return a !== '' && b !== '' && a !== b;
}

function mergeParsers(a: Proxy['parser'], b: Proxy['parser']): Proxy['parser'] | undefined {
  if (a === b || a === 'none') return b;
  if (b === 'none') return a;
  return (a === 'tls' && b === 'http') || (a === 'http' && b === 'tls') ? 'http' : undefined;
}
