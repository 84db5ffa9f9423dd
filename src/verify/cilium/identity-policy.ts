// Everything that holds for one identity: which rules select it, and whether it is isolated.
import type { ObjectRef } from '../verdict.ts';
import { findConflict, findLostListener } from './conflict.ts';
import { hasBareKey, type Identity, isManaged, NAMESPACE_LABEL } from './identity.ts';
import { buildLabelIndex, type LabelIndex } from './label-index.ts';
import type { RuleIndex } from './rule-index.ts';
import type { Direction, Rule } from './rule.ts';
import { type WildcardLists, wildcardListsFor, withAddressesOnly } from './wildcard-key.ts';

export type EnforcementMode = 'default' | 'always' | 'never';

/** Rules of one tier and priority, found by peer; denies are asked before allows, passes last. */
interface Level {
  readonly tier: number;
  readonly denies: LabelIndex<Rule>;
  readonly allows: LabelIndex<Rule>;
  readonly passes: LabelIndex<Rule>;
}

/** What one identity's agent enforces in one direction. */
export interface DirectionPolicy {
  /** Why traffic is denied (or not) where no rule matches. */
  readonly otherwise:
    | 'NoPolicy'
    | 'NoDefaultDeny'
    | 'NeverEnforced'
    | 'HostLabel'
    | 'DefaultDeny'
    | 'AlwaysEnforced'
    | 'InitIdentity';
  /** The objects that isolate. */
  readonly isolating: readonly ObjectRef[];
  /** In the order in which they are asked. */
  readonly levels: readonly Level[];
  readonly rules: readonly Rule[];
  /** The levels as they would be if agents had seen selectors in another order (wildcard-key.ts). */
  readonly otherLevels?: readonly Level[];
}

export interface IdentityPolicy {
  readonly identity: Identity;
  /** False: this cluster's agents enforce nothing for it. */
  readonly managed: boolean;
  readonly egress: DirectionPolicy;
  readonly ingress: DirectionPolicy;
  /** Two rules that the engine cannot merge, so that it computes no policy for the identity. */
  readonly conflict: readonly [Rule, Rule] | undefined;
}

/** Resolves an identity's policy from the rules that select it. */
export function resolveIdentityPolicy(
  identity: Identity,
  index: RuleIndex,
  config: {
    readonly enforcement: EnforcementMode;
    readonly localCluster: string;
    /** `first`: this identity's policy is the first to be computed, so its own rules decide. */
    readonly wildcard: WildcardLists | 'first';
  },
): IdentityPolicy {
  const managed = isManaged(identity, config.localCluster);
  // Cilium looks for a key `host` of any source: a pod label of that name switches its policy off.
  const exempt = hasBareKey(identity, 'host')
    ? 'HostLabel'
    : config.enforcement === 'never'
      ? 'NeverEnforced'
      : undefined;
  const rules = managed && !exempt ? index.rulesOf(identity) : [];
  const forced = hasBareKey(identity, 'init')
    ? 'InitIdentity'
    : config.enforcement === 'always'
      ? 'AlwaysEnforced'
      : undefined;
  const inDirection = (direction: Direction): DirectionPolicy => {
    const own = withFirstEnds(rules.filter((rule) => rule.direction === direction));
    const isolating = own.filter((rule) => rule.defaultDeny).map((rule) => rule.ref);
    const whenDenied = isolating.length > 0 ? 'DefaultDeny' : forced;
    const otherwise = exempt ?? whenDenied ?? (own.length > 0 ? 'NoDefaultDeny' : 'NoPolicy');
    return { otherwise, isolating, levels: levelsOf(own), rules: own };
  };
  const ingress = inDirection('ingress');
  const filed = inDirection('egress');
  const conflict = findConflict(filed.rules) ?? findConflict(ingress.rules);
  const lists = config.wildcard === 'first' ? wildcardListsFor(ingress.rules, filed.rules) : config.wildcard;
  const egress = withLists(filed, lists);
  const homeless = identity.byKey.get(NAMESPACE_LABEL)?.source !== 'k8s';
  return {
    identity,
    managed,
    egress,
    ingress,
    conflict: conflict ?? (homeless ? findLostListener(egress.rules) : undefined),
  };
}

function withLists(policy: DirectionPolicy, lists: WildcardLists): DirectionPolicy {
  if (lists === 'everyone') return policy;
  const narrowed = levelsOf(withAddressesOnly(policy.rules));
  return lists === 'addresses' ? { ...policy, levels: narrowed } : { ...policy, otherLevels: narrowed };
}

function levelsOf(rules: readonly Rule[]): Level[] {
  const groups = Map.groupBy(rules, (rule) => `${rule.tier} ${rule.priority}`);
  const byPeers = (group: readonly Rule[], action: Rule['action']): LabelIndex<Rule> =>
    buildLabelIndex(
      group.filter((rule) => rule.action === action && rule.peers !== 'nobody'),
      (rule) => (rule.peers === 'nobody' ? [] : rule.peers),
    );
  return [...groups.values()].map((group) => ({
    tier: group[0]?.tier ?? 0,
    denies: byPeers(group, 'deny'),
    allows: byPeers(group, 'allow'),
    passes: byPeers(group, 'pass'),
  }));
}

/** Entries for one port name are merged, and the first one's endPort holds for all (surprise 10). */
function withFirstEnds(rules: readonly Rule[]): readonly Rule[] {
  if (!rules.some((rule) => rule.ports?.some(({ match }) => match.kind === 'named' && match.last > 0))) return rules;
  const ends = new Map<string, number>();
  return rules.map((rule) => {
    if (rule.peers === 'nobody' || !rule.ports) return rule;
    const ports = rule.ports.map((port) => {
      if (port.match.kind !== 'named') return port;
      const key = `${rule.tier} ${port.filter}`;
      const last = ends.get(key) ?? port.match.last;
      ends.set(key, last);
      return { ...port, match: { ...port.match, last } };
    });
    return { ...rule, ports };
  });
}
