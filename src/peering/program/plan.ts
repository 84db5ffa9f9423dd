import type { FirewallParty, FirewallRule, PeeringConnectivity, PeeringParty, PeeringRule } from '../../api/index.ts';
import { clusterIdOf } from '../tenant.ts';
import {
  LOCAL,
  namespaceSet,
  offloadedSet,
  peerRanges,
  type Ranges,
  type SetKey,
  VC_LOCAL,
  vcRemoteSet,
} from '../topology/index.ts';

/** RFC 1918, each range exact from its first address to its last. */
export const PRIVATE_SUBNETS = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'] as const;

/** A set of the program and the pods that it holds. */
export interface PlannedSet {
  readonly name: string;
  readonly key: SetKey;
  readonly part: 'sure' | 'contested';
}

/** A rule of the program and the rule of the peering that it stands for. */
export interface PlannedRule {
  readonly rule: FirewallRule;
  /** Index in `spec.rules`. */
  readonly from: number;
}

/** A range that a rule names and that no object of Liqo tells of now. */
export interface MissingRange {
  readonly group: 'local-cluster' | 'remote-cluster';
  /** The denies that go on with what was last known: nothing when nothing ever was. */
  readonly kept: readonly string[];
}

/** A peering as rules over named sets. It changes with the rules and with CIDRs, not with pods. */
export interface Plan {
  readonly kind: 'plan';
  /** `namespace/name` of the PeeringConnectivity. */
  readonly peering: string;
  readonly cluster: string;
  readonly rules: readonly PlannedRule[];
  readonly sets: readonly PlannedSet[];
  readonly missing: readonly MissingRange[];
}

/** Why there is no plan: nothing of the peering can be enforced. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: 'ClusterIDExtractionFailed' | 'TooManyRules';
  readonly message: string;
  readonly fix: string;
}

/** The most rules of a program: more than this is not loaded in one transaction by every kernel. */
const MOST_RULES = 10_000;

/** Where CIDRs come from: a topology, or what a test says. */
export type RangesOf = (owner: string) => Ranges;

/**
 * Compiles a peering. Groups of CIDRs become addresses: an allow matches what is known now, a deny also what was last
 * known, so that a Network that disappears opens nothing. Groups of pods become sets. A deny over a set has a second
 * rule over its contested addresses (see Membership), which an allow never trusts.
 */
export function planOf(peering: PeeringConnectivity, rangesOf: RangesOf): Plan | Refused {
  const { name, namespace = '' } = peering.metadata;
  const cluster = clusterIdOf(namespace);
  if (cluster === undefined) {
    return {
      kind: 'refused',
      code: 'ClusterIDExtractionFailed',
      message: `namespace "${namespace}" does not have the expected prefix: no cluster id can be read from it`,
      fix: "create the PeeringConnectivity in the peer's tenant namespace, liqo-tenant-<cluster-id>",
    };
  }
  const written = peering.spec.rules ?? [];
  const sets = new Map<string, PlannedSet>();
  const rules = written.flatMap((rule, from) => expand(rule, from, cluster, rangesOf, sets));
  if (rules.length > MOST_RULES) {
    return {
      kind: 'refused',
      code: 'TooManyRules',
      message: `${written.length} rules come to ${rules.length} of a firewall, and ${MOST_RULES} are the most`,
      fix: 'use groups and namespaces instead of many single rules, or another PeeringConnectivity beside this one',
    };
  }
  const parties = written.flatMap(({ source, destination }) => [source, destination]);
  return {
    kind: 'plan',
    peering: `${namespace}/${name}`,
    cluster,
    rules,
    sets: [...sets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    missing: missingRanges(parties, cluster, rangesOf),
  };
}

/** A party as it is written into rules: one form for what is sure, and one more for what a deny covers besides. */
interface Sides {
  readonly sure: FirewallParty | undefined;
  readonly contested: FirewallParty | undefined;
}

function expand(
  { action, source, destination }: PeeringRule,
  from: number,
  cluster: string,
  rangesOf: RangesOf,
  sets: Map<string, PlannedSet>,
): PlannedRule[] {
  const side = (party: PeeringParty | undefined): Sides => sidesOf(party, action, cluster, rangesOf, sets);
  const sources = side(source);
  const destinations = side(destination);
  const rule = (suffix: string, left: FirewallParty | undefined, right: FirewallParty | undefined): PlannedRule => ({
    rule: {
      name: `${action}-${from}${suffix}`,
      ...(left ? { source: left } : {}),
      ...(right ? { destination: right } : {}),
      action,
    },
    from,
  });
  const rules = [rule('', sources.sure, destinations.sure)];
  if (sources.contested) rules.push(rule('-contested-source', sources.contested, destinations.sure));
  if (destinations.contested) rules.push(rule('-contested-destination', sources.sure, destinations.contested));
  if (sources.contested && destinations.contested)
    rules.push(rule('-contested-both', sources.contested, destinations.contested));
  return rules;
}

function sidesOf(
  party: PeeringParty | undefined,
  action: 'allow' | 'deny',
  cluster: string,
  rangesOf: RangesOf,
  sets: Map<string, PlannedSet>,
): Sides {
  if (!party) return { sure: undefined, contested: undefined };
  const meaning = meaningOf(party, cluster);
  if (meaning.kind === 'cidrs') return { sure: { cidrs: meaning.cidrs }, contested: undefined };
  if (meaning.kind === 'ranges') {
    const { now, last } = rangesOf(meaning.owner);
    return { sure: { cidrs: action === 'allow' ? now : last }, contested: undefined };
  }
  const { name, key } = meaning;
  sets.set(name, { name, key, part: 'sure' });
  if (action === 'allow') return { sure: { set: name }, contested: undefined };
  const contested = `${name}.contested`;
  sets.set(contested, { name: contested, key, part: 'contested' });
  return { sure: { set: name }, contested: { set: contested } };
}

/** What a party of a peering stands for. */
export type PartyMeaning =
  | { readonly kind: 'cidrs'; readonly cidrs: readonly string[] }
  | { readonly kind: 'ranges'; readonly owner: string }
  | { readonly kind: 'set'; readonly name: string; readonly key: SetKey };

/** What a party of a rule of a peering with `cluster` stands for. */
export function meaningOf(party: PeeringParty, cluster: string): PartyMeaning {
  // A set's name holds no "-": the CRD of Liqo's named sets has none. A namespace has neither "_" nor ".".
  if (party.namespace !== undefined) {
    const name = `ns.${party.namespace.replaceAll('-', '_')}`;
    return { kind: 'set', name, key: namespaceSet(party.namespace) };
  }
  switch (party.group) {
    case 'local-cluster':
      return { kind: 'ranges', owner: LOCAL };
    case 'remote-cluster':
      return { kind: 'ranges', owner: peerRanges(cluster) };
    case 'offloaded':
      return { kind: 'set', name: 'offloaded', key: offloadedSet(cluster) };
    case 'vc-local':
      return { kind: 'set', name: 'vclocal', key: VC_LOCAL };
    case 'vc-remote':
      return { kind: 'set', name: 'vcremote', key: vcRemoteSet(cluster) };
    case 'private-subnets':
      return { kind: 'cidrs', cidrs: PRIVATE_SUBNETS };
    case undefined:
      throw new Error('a party without group and namespace passed validation');
  }
}

function missingRanges(
  parties: readonly (PeeringParty | undefined)[],
  cluster: string,
  rangesOf: RangesOf,
): MissingRange[] {
  const groups = [
    ['local-cluster', LOCAL],
    ['remote-cluster', peerRanges(cluster)],
  ] as const;
  return groups.flatMap(([group, owner]) => {
    if (!parties.some((party) => party?.group === group)) return [];
    const { now, last } = rangesOf(owner);
    return now.length > 0 ? [] : [{ group, kept: last }];
  });
}
