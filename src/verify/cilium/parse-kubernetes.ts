// A Kubernetes NetworkPolicy as Cilium reads it, which is not quite as Kubernetes defines it (surprise 4).
import type {
  LabelSelector,
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
  NetworkPolicyRule,
} from '../kubernetes/index.ts';
import { parsePrefix } from '../kubernetes/index.ts';
import { CLUSTER_LABEL, NAMESPACE_LABEL, NAMESPACE_LABELS } from './identity.ts';
import { encode, type ParseContext, withLabel } from './parse-cilium.ts';
import { filterKey, portMatch } from './port.ts';
import { type Direction, NO_PROXY, type Rule, type RulePort, TIERS } from './rule.ts';
import { cidrSelector, EVERYTHING, type LabelRequirements, labelSelector, NOTHING, type Selector } from './selector.ts';

/** The rules of a NetworkPolicy. Both sections are enforced whatever policyTypes says. */
export function parseNetworkPolicy(policy: NetworkPolicy, context: ParseContext): Rule[] {
  const subject = context.intern(labelSelector(inNamespace(encode(policy.podSelector, 'k8s'), policy.namespace)));
  return [...sectionRules(policy, 'ingress', subject, context), ...sectionRules(policy, 'egress', subject, context)];
}

function sectionRules(policy: NetworkPolicy, direction: Direction, subject: Selector, context: ParseContext): Rule[] {
  const common = {
    direction,
    order: context.order,
    action: 'allow',
    tier: TIERS.normal,
    priority: 0,
    defaultDeny: true,
    subject,
    authentication: '',
  } as const;
  const rules = policy[direction];
  if (rules.length > 0)
    return rules.map((rule, index) => ({
      ...common,
      ref: { ...context.object, rule: `spec.${direction}[${index}]` },
      peers: peersOf(rule, policy.namespace, context),
      ports: rule.ports.length > 0 ? rule.ports.map(rulePort) : undefined,
    }));
  const isolates = policy.policyTypes.includes(direction === 'ingress' ? 'Ingress' : 'Egress');
  return isolates ? [{ ...common, ref: { ...context.object, rule: 'spec' }, peers: 'nobody', ports: undefined }] : [];
}

function peersOf(rule: NetworkPolicyRule, namespace: string, context: ParseContext): readonly Selector[] {
  if (rule.peers.length === 0) return [EVERYTHING];
  return rule.peers.map((peer) => context.intern(peerSelector(peer, namespace, context.clusterName)));
}

function peerSelector(peer: NetworkPolicyPeer, namespace: string, clusterName: string): Selector {
  if (peer.kind === 'ipBlock') return blockSelector(peer.cidr, peer.except);
  let pods = encode(peer.pods ?? { labels: [], expressions: [] }, 'k8s');
  const namesCluster =
    pods.labels.some(([key, value]) => key === `k8s:${CLUSTER_LABEL}` && value !== '') ||
    pods.expressions.some(({ key }) => key === `k8s:${CLUSTER_LABEL}`);
  if (clusterName !== '' && !namesCluster) pods = withLabel(pods, `k8s:${CLUSTER_LABEL}`, clusterName); // surprise 16
  if (!peer.namespaces) return labelSelector(inNamespace(pods, namespace));
  const namespaces = namespaceRequirements(peer.namespaces);
  return labelSelector({
    labels: [...namespaces.labels, ...pods.labels],
    expressions: [...namespaces.expressions, ...pods.expressions],
  });
}

/** A namespace selector as requirements on pods, which carry their namespace's labels; an empty one wants any namespace. */
export function namespaceRequirements(selector: LabelSelector): LabelRequirements {
  const metaKey = (key: string): string => `k8s:${NAMESPACE_LABELS}${key}`;
  const labels = selector.labels.map(([key, value]) => [metaKey(key), value] as const);
  const expressions = selector.expressions.map((expression) => ({ ...expression, key: metaKey(expression.key) }));
  const anyNamespace = { key: `k8s:${NAMESPACE_LABEL}`, operator: 'Exists', values: [] } as const;
  return { labels, expressions: labels.length + expressions.length > 0 ? expressions : [anyNamespace] };
}

function blockSelector(cidr: string, except: readonly string[]): Selector {
  const block = parsePrefix(cidr);
  if (!block) return NOTHING;
  const exceptions = except.map(parsePrefix).filter((prefix) => prefix !== undefined);
  const text = except.length > 0 ? `${cidr}-[${except.join(',')}]` : cidr;
  return cidrSelector(text, block, exceptions);
}

function inNamespace(requirements: LabelRequirements, namespace: string): LabelRequirements {
  return withLabel(requirements, `k8s:${NAMESPACE_LABEL}`, namespace);
}

function rulePort(port: NetworkPolicyPort): RulePort {
  // Without a number: every port of the protocol, and never ICMP (surprise 7).
  const text = String(port.port ?? 0);
  const endPort = port.endPort ?? 0;
  return {
    match: portMatch(port.protocol, text, endPort),
    filter: filterKey(port.protocol, text, endPort),
    proxy: NO_PROXY,
  };
}
