// The set of policies in force, and its answers.
import type { ObjectRef, Refusal, Verdict } from '../verdict.ts';
import { type Admission, admitObject } from './admit.ts';
import { type AddressFamilies, createIdentities, type Identity } from './identity.ts';
import { type EnforcementMode, type IdentityPolicy, resolveIdentityPolicy } from './identity-policy.ts';
import { judgeDirection, type Unmanaged } from './judge.ts';
import { type NamedPorts, type PortNumbers, portNumbers, type Protocol } from './port.ts';
import { buildRuleIndex } from './rule-index.ts';
import type { Rule } from './rule.ts';
import type { Selector } from './selector.ts';
import { wildcardListsIn } from './wildcard-key.ts';

/** How the agents are configured, and what is known of the cluster beside the policies. */
export interface CiliumConfig {
  /** The cluster whose agents enforce. */
  readonly localCluster: string;
  /** The cluster that selectors mean by default (1.19 and later: the local one); empty: every cluster (C10). */
  readonly clusterName: string;
  /** `policy-enforcement`; default `default`. */
  readonly enforcement?: EnforcementMode;
  /** Families enabled in the agents; default `dual`. It decides which world label addresses carry. */
  readonly families?: AddressFamilies;
  /** Named ports of endpoints, by their labels: what `toPorts` names resolve to. */
  readonly endpoints?: readonly { readonly labels: readonly string[]; readonly namedPorts: NamedPorts }[];
  /**
   * What the policy engine does not decide itself: whether Services, CIDR groups and cloud groups exist that policies
   * refer to, whether mutual authentication succeeds, whether TLS secrets and listeners exist. `unknown` (default)
   * makes what depends on them undecided; `disregarded` answers as the engine does without them: such references
   * select nothing, authentication and proxies let traffic through.
   */
  readonly outside?: 'disregarded' | 'unknown';
}

/** A flow between two peers, given by label lists (`k8s:..`, `reserved:..`, `cidr:A/len`, `dns:name`) or identities. */
interface CiliumFlow {
  readonly from: readonly string[] | Identity;
  readonly to: readonly string[] | Identity;
  /** The backend's port, never the Service's (C19); for ICMP the type. */
  readonly port: number;
  readonly protocol: Protocol;
  /** Ports of the very pod that receives, if it differs from others of its identity. */
  readonly namedPorts?: NamedPorts;
}

interface CiliumVerdicts {
  readonly egress: Verdict | Unmanaged;
  readonly ingress: Verdict | Unmanaged;
}

/** The policies in force. Answers are cached; the set itself never changes. */
export interface CiliumPolicySet {
  /** One per input object, in order. */
  readonly admissions: readonly Admission[];
  readonly refusals: readonly Refusal[];
  readonly pruned: readonly { readonly object: ObjectRef; readonly paths: readonly string[] }[];
  /** Interns a label list; the result makes repeated questions cheap. */
  identity(labels: readonly string[]): Identity;
  /** Every rule that selects the identity, for walking rules instead of pairs. */
  policyOf(labels: readonly string[] | Identity): IdentityPolicy;
  /** What the sender's and the receiver's agents do with the flow. */
  judge(flow: CiliumFlow): CiliumVerdicts;
}

/**
 * Loads raw objects as Cilium 1.20 would see them after the API server: CiliumNetworkPolicy,
 * CiliumClusterwideNetworkPolicy, NetworkPolicy, ClusterNetworkPolicy. Other kinds are ignored, what is no object is refused.
 * Never throws and never changes its inputs.
 */
export function loadCilium(objects: readonly unknown[], config: CiliumConfig): CiliumPolicySet {
  const { localCluster, clusterName, enforcement = 'default', families = 'dual', outside = 'unknown' } = config;
  const identities = createIdentities(families);
  const intern = createInterner();
  const admissions = objects.map((object) => admitObject(object, { clusterName, localCluster, outside, intern }));
  const rules = admissions.flatMap((admission) => admission.rules).toSorted(inEngineOrder);
  const index = buildRuleIndex(rules);
  const wildcard = outside === 'unknown' ? wildcardListsIn(rules) : 'first';
  const namedPorts = shareNamedPorts(config.endpoints ?? [], (labels) => identities.of(labels));
  const policies: IdentityPolicy[] = [];
  const identify = (peer: readonly string[] | Identity): Identity => ('byKey' in peer ? peer : identities.of(peer));
  const policyOf = (peer: readonly string[] | Identity): IdentityPolicy => {
    const identity = identify(peer);
    const known = policies[identity.id];
    if (known) return known;
    const policy = resolveIdentityPolicy(identity, index, { enforcement, localCluster, wildcard });
    policies[identity.id] = policy;
    return policy;
  };
  return {
    admissions,
    refusals: admissions.map(({ refusal }) => refusal).filter((refusal) => refusal !== undefined),
    pruned: admissions
      .filter(({ pruned }) => pruned.length > 0)
      .map(({ object, pruned }) => ({ object, paths: pruned })),
    identity: (labels) => identities.of(labels),
    policyOf,
    judge(flow) {
      const { port, protocol } = flow;
      const from = identify(flow.from);
      const to = identify(flow.to);
      const shared = namedPorts.get(to.id);
      const agreed = (): PortNumbers | undefined => shared?.agreed;
      const own = (): PortNumbers | undefined => (flow.namedPorts ? portNumbers(flow.namedPorts) : shared?.first);
      return {
        egress: judgeDirection(policyOf(from), 'egress', { peer: to, port, protocol, namedPorts: agreed }),
        ingress: judgeDirection(policyOf(to), 'ingress', { peer: from, port, protocol, namedPorts: own }),
      };
    },
  };
}

/** Sorts as the engine does: tier, priority, object; the sort is stable, so rules of one object keep their order. */
function inEngineOrder(a: Rule, b: Rule): number {
  return a.tier - b.tier || a.priority - b.priority || (a.order < b.order ? -1 : a.order > b.order ? 1 : 0);
}

function createInterner(): (selector: Selector) => Selector {
  const byText = new Map<string, Selector>();
  return (selector) => {
    const key = `${selector.lists ?? ''} ${selector.text}`;
    const known = byText.get(key);
    if (known) return known;
    byText.set(key, selector);
    return selector;
  };
}

interface SharedPorts {
  /** What the first endpoint of the identity declares. */
  readonly first: PortNumbers;
  /** Names on which all endpoints of the identity agree: of others, egress resolves none. */
  readonly agreed: PortNumbers;
}

function shareNamedPorts(
  endpoints: readonly { readonly labels: readonly string[]; readonly namedPorts: NamedPorts }[],
  identify: (labels: readonly string[]) => Identity,
): ReadonlyMap<number, SharedPorts> {
  const shared = new Map<number, SharedPorts>();
  for (const { labels, namedPorts } of endpoints) {
    const own = portNumbers(namedPorts);
    const { id } = identify(labels);
    const others = shared.get(id);
    shared.set(id, others ? { first: others.first, agreed: agree(others.agreed, own) } : { first: own, agreed: own });
  }
  return shared;
}

/** A name with two numbers becomes NaN, which no port equals. */
function agree(a: PortNumbers, b: PortNumbers): PortNumbers {
  const both = new Map(a);
  for (const [key, port] of b) both.set(key, (both.get(key) ?? port) === port ? port : Number.NaN);
  return both;
}
