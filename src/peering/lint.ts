import { type Finding, overlapsCidr, parseCidr, type PeeringParty, type PeeringRule } from '../api/index.ts';
import type { Compiled, Peerings } from './cluster.ts';
import { decidersOf, meaningOf } from './program/index.ts';
import { peerRanges, type Topology } from './topology/index.ts';

/** What a reader of the rules may not expect of them. Errors are refusals, warnings doors that are open or shut by surprise. */
export function lintPeerings(peerings: Peerings, topology: Topology): readonly Finding[] {
  return [
    ...refusals(peerings),
    ...peerings.compiled.flatMap((each) => [
      ...missingNetworks(each),
      ...shadowed(each),
      ...clusterWide(each),
      ...externalHole(each),
      ...cutsDns(each),
      ...emptyGroups(each, topology),
      ...sharedAddresses(each, topology),
    ]),
    ...overlaps(peerings.compiled, topology),
  ];
}

/** What keeps a peering, or a part of it, from being enforced as written. */
export function compileFindings(peerings: Peerings): readonly Finding[] {
  return [...refusals(peerings), ...peerings.compiled.flatMap(missingNetworks)];
}

function refusals({ refused }: Peerings): Finding[] {
  return refused.map(({ object, why }) => ({
    code: why.code,
    severity: 'error',
    message: why.message,
    object: nameOf(object),
    path: why.code === 'ClusterIDExtractionFailed' ? ['metadata', 'namespace'] : ['spec', 'rules'],
    fix: why.fix,
  }));
}

function missingNetworks({ object, plan }: Compiled): Finding[] {
  return plan.missing.map(({ group, kept }) => ({
    code: 'NetworkMissing',
    severity: 'warning',
    message:
      kept.length > 0
        ? `no Network or Configuration of Liqo tells the CIDRs of ${group} any more: denies go on with ${kept.join(', ')}, allows match nothing`
        : `no Network or Configuration of Liqo tells the CIDRs of ${group}: rules over it match nothing yet`,
    object: nameOf(object),
    fix:
      group === 'remote-cluster'
        ? `give the Network of liqo-tenant-${plan.cluster} with its status.cidr, or wait until Liqo has set the network up`
        : 'give the Network pod-cidr of the namespace liqo, or the Configuration of the peer',
  }));
}

/** A rule that an earlier one covers on both sides is never asked, whoever is in them. */
function shadowed(compiled: Compiled): Finding[] {
  const { object, plan } = compiled;
  const rules = object.spec.rules ?? [];
  const covers = (wide: PeeringParty | undefined, narrow: PeeringParty | undefined, allow: boolean): boolean =>
    wide === undefined || (narrow !== undefined && includes(wide, narrow, plan.cluster, allow));
  const found = new Map<number, Finding>();
  for (const [index, rule] of rules.entries()) {
    const before = rules.findIndex(
      (earlier, at) =>
        at < index &&
        covers(earlier.source, rule.source, earlier.action === 'allow' && rule.action === 'deny') &&
        covers(earlier.destination, rule.destination, earlier.action === 'allow' && rule.action === 'deny'),
    );
    if (before >= 0) found.set(index, shadow(object, index, [before], 'matches everything that it matches'));
  }
  for (const [index, before] of decidedBefore(compiled))
    if (!found.has(index)) found.set(index, shadow(object, index, before, 'now matches everything that it matches'));
  return [...found].sort(([a], [b]) => a - b).map(([, finding]) => finding);
}

/** Rules of the peering that match somebody and decide about nobody as the cluster is now, and those that decide instead. */
function decidedBefore({ plan, program }: Compiled): ReadonlyMap<number, readonly number[]> {
  const ruleOf = (index: number): number => plan.rules[index]?.from ?? 0;
  const instead = new Map<number, Set<number>>();
  for (const [index, deciders] of decidersOf(program) ?? []) {
    const known = instead.get(ruleOf(index)) ?? new Set();
    instead.set(ruleOf(index), known);
    for (const each of deciders) known.add(ruleOf(each));
  }
  return new Map(
    [...instead]
      .filter(([rule, others]) => !others.has(rule))
      .map(([rule, others]) => [rule, [...others].sort((a, b) => a - b)]),
  );
}

function shadow(object: Compiled['object'], index: number, before: readonly number[], why: string): Finding {
  const rules = object.spec.rules ?? [];
  const same = before.every((each) => rules[each]?.action === rules[index]?.action);
  const [first = 0, ...others] = before;
  const who = before.map((each) => `rule ${each} (${ruleText(rules[each])})`).join(' or ');
  return about(object, index, same ? 'info' : 'warning', 'RuleShadowed', {
    message: `never decides: ${who} ${why}${same ? `, and ${others.length > 0 ? 'they do' : 'does'} the same` : ''}`,
    fix: same ? 'remove it' : `move it before rule ${first}, or remove it`,
  });
}

/** Whether `wide` holds whatever `narrow` does, by what they are and not by who is in them now. */
function includes(wide: PeeringParty, narrow: PeeringParty, cluster: string, contestedCounts: boolean): boolean {
  const [a, b] = [meaningOf(wide, cluster), meaningOf(narrow, cluster)];
  // A deny also covers contested addresses, which an allow of the same set does not.
  if (a.kind === 'set' && b.kind === 'set') return a.key === b.key && !contestedCounts;
  if (a.kind === 'ranges' && b.kind === 'ranges') return a.owner === b.owner;
  return a.kind === 'cidrs' && b.kind === 'cidrs';
}

const LOCAL_GROUPS: readonly (string | undefined)[] = ['local-cluster', 'vc-local', 'private-subnets'];

function clusterWide({ object }: Compiled): Finding[] {
  const isLocal = (party: PeeringParty | undefined): boolean =>
    party === undefined || party.namespace !== undefined || LOCAL_GROUPS.includes(party.group);
  return (object.spec.rules ?? []).flatMap((rule, index) => {
    if (rule.action === 'allow' || !isLocal(rule.source) || !isLocal(rule.destination)) return [];
    return [
      about(object, index, 'warning', 'RuleClusterWide', {
        message: `touches traffic that has nothing to do with this peering: neither side (${ruleText(rule)}) is the peer's`,
        fix: 'name remote-cluster, offloaded or vc-remote on one side, or keep it if the whole cluster is meant',
      }),
    ];
  });
}

function externalHole({ object }: Compiled): Finding[] {
  const rules = object.spec.rules ?? [];
  const index = rules.findIndex(({ action, source }) => action === 'deny' && source?.group === 'remote-cluster');
  if (index < 0) return [];
  return [
    about(object, index, 'info', 'DenyMissesExternal', {
      message:
        "covers the peer's pods alone: what comes from its nodes and NodePorts has the first address of its external CIDR, and no group names that",
      fix: 'deny by destination instead (leave source out) where these must be kept out too',
    }),
  ];
}

function cutsDns({ object, plan }: Compiled): Finding[] {
  const rules = object.spec.rules ?? [];
  return rules.flatMap((rule, index) => {
    const guests = rule.source?.group === 'offloaded';
    if (rule.action !== 'deny' || !guests || rule.destination) return [];
    const opens = rules.slice(0, index).some(({ action, source, destination }) => {
      const reaches =
        destination === undefined || destination.namespace === 'kube-system' || destination.group === 'local-cluster';
      return (
        action === 'allow' && reaches && (!source || includes(source, { group: 'offloaded' }, plan.cluster, false))
      );
    });
    if (opens) return [];
    return [
      about(object, index, 'warning', 'DenyCutsDns', {
        message: "cuts the peer's pods off from this cluster's DNS, so that they find nobody by name",
        fix: 'put before it: {source: {group: offloaded}, destination: {namespace: kube-system}, action: allow}',
      }),
    ];
  });
}

function emptyGroups({ object, plan }: Compiled, topology: Topology): Finding[] {
  const named = new Map<string, { readonly index: number; readonly side: string }>();
  for (const [index, rule] of (object.spec.rules ?? []).entries()) {
    for (const side of ['source', 'destination'] as const) {
      const party = rule[side];
      const meaning = party && meaningOf(party, plan.cluster);
      if (meaning?.kind !== 'set' || topology.membersOf(meaning.key).sure.size > 0) continue;
      const text = partyText(party);
      if (!named.has(text)) named.set(text, { index, side });
    }
  }
  return [...named].map(([text, { index, side }]) => ({
    code: 'GroupEmpty',
    severity: 'info',
    message: `nobody is in ${text} on this cluster: ${WHERE[text] ?? 'it has no pods with an address'}`,
    object: nameOf(object),
    path: ['spec', 'rules', index, side],
    fix: 'nothing, if its pods are still to come; else use the group of this side of the peering',
  }));
}

const WHERE: Readonly<Record<string, string>> = {
  offloaded: 'it fills where the pods of a peer run (at the provider)',
  'vc-local': 'it fills where namespaces are offloaded (at the consumer)',
  'vc-remote': 'it fills where pods are offloaded from (at the consumer)',
};

function sharedAddresses({ object, plan }: Compiled, topology: Topology): Finding[] {
  const keys = [...new Set(plan.sets.map(({ key }) => key))];
  const contested = keys.flatMap((key) => topology.membersOf(key).contested.sorted());
  if (contested.length === 0) return [];
  return [
    {
      code: 'AddressShared',
      severity: 'info',
      message: `${[...new Set(contested)].sort().join(', ')}: held by several pods that are not all in the same groups; denies cover it, allows do not`,
      object: nameOf(object),
      fix: 'nothing: it passes when the pod that is ending has gone',
    },
  ];
}

function overlaps(compiled: readonly Compiled[], topology: Topology): Finding[] {
  const clusters = [...new Map(compiled.map((each) => [each.plan.cluster, each])).values()];
  return clusters.flatMap((one, index) =>
    clusters.slice(index + 1).flatMap((other): Finding[] => {
      const ranges = [one, other].map(({ plan }) => topology.rangesOf(peerRanges(plan.cluster)).now);
      const shared = (ranges[0] ?? []).filter((a) => (ranges[1] ?? []).some((b) => overlap(a, b)));
      if (shared.length === 0) return [];
      return [
        {
          code: 'PeersOverlap',
          severity: 'warning',
          message: `${shared.join(', ')} of ${one.plan.cluster} is also a range of ${other.plan.cluster}: rules over remote-cluster of either touch both`,
          object: nameOf(other.object),
          fix: "let Liqo's IPAM remap one of the two peers",
        },
      ];
    }),
  );
}

function overlap(a: string, b: string): boolean {
  const [one, other] = [parseCidr(a), parseCidr(b)];
  return one !== undefined && other !== undefined && overlapsCidr(one, other);
}

/** `source offloaded, destination remote-cluster: deny`, as messages and answers show a rule. */
export function ruleText(rule: PeeringRule | undefined): string {
  if (!rule) return 'no rule';
  return `${partyText(rule.source)} -> ${partyText(rule.destination)}: ${rule.action}`;
}

function partyText(party: PeeringParty | undefined): string {
  if (!party) return 'any';
  return party.namespace === undefined ? String(party.group) : `namespace ${party.namespace}`;
}

function about(
  object: Compiled['object'],
  index: number,
  severity: Finding['severity'],
  code: string,
  said: { readonly message: string; readonly fix: string },
): Finding {
  return { code, severity, ...said, object: nameOf(object), path: ['spec', 'rules', index] };
}

function nameOf({ kind, metadata }: Compiled['object']): { kind: string; namespace: string; name: string } {
  return { kind, namespace: metadata.namespace ?? '', name: metadata.name };
}
