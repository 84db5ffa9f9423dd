// NetworkPolicy as its documentation defines it: isolation per direction, and a union of allows.
import type { ObjectRef, Verdict } from '../verdict.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from './admit.ts';
import { covers, parseAddress, parsePrefix } from './cidr.ts';
import { selects } from './label.ts';
import type { KubernetesFlow, KubernetesPeer, KubernetesVerdicts, Unmanaged } from './model.ts';

/** Judges both sides; `policiesOf` gives the policies that select a pod. */
export function judgeFlow(
  flow: KubernetesFlow,
  policiesOf: (pod: KubernetesPeer) => readonly NetworkPolicy[],
): KubernetesVerdicts {
  return { egress: judgeSide(flow, 'Egress', policiesOf), ingress: judgeSide(flow, 'Ingress', policiesOf) };
}

type Match = 'yes' | 'no' | 'unknown';

const NOT_A_POD: Unmanaged = { verdict: 'unmanaged', reason: 'NotAPod', decidedBy: [] };

function judgeSide(
  flow: KubernetesFlow,
  direction: 'Ingress' | 'Egress',
  policiesOf: (pod: KubernetesPeer) => readonly NetworkPolicy[],
): Verdict | Unmanaged {
  const [subject, peer] = direction === 'Ingress' ? [flow.to, flow.from] : [flow.from, flow.to];
  if (subject.kind !== 'pod') return NOT_A_POD;
  // A section that policyTypes does not name is not enforced, unlike at Cilium (surprise 4).
  const isolating = policiesOf(subject).filter((policy) => policy.policyTypes.includes(direction));
  if (isolating.length === 0) return { verdict: 'allowed', reason: 'NoPolicy', decidedBy: [] };
  const allowing: ObjectRef[] = [];
  const doubtful: ObjectRef[] = [];
  for (const policy of isolating) {
    const rules = direction === 'Ingress' ? policy.ingress : policy.egress;
    for (const [index, rule] of rules.entries()) {
      const match = both(matchPeers(rule.peers, peer, policy.namespace), matchPorts(rule.ports, flow));
      const ref: ObjectRef = {
        ...refOf(policy),
        rule: `spec.${direction === 'Ingress' ? 'ingress' : 'egress'}[${index}]`,
      };
      if (match === 'yes') allowing.push(ref);
      else if (match === 'unknown') doubtful.push(ref);
    }
  }
  if (allowing.length > 0) return { verdict: 'allowed', reason: 'AllowRule', decidedBy: allowing };
  if (doubtful.length > 0) {
    const named = doubtful.map((ref) => `${ref.rule} of NetworkPolicy ${ref.namespace}/${ref.name}`).join(', ');
    return { verdict: 'undecided', reason: `PeerAddressUnknown: ${named}`, decidedBy: doubtful };
  }
  return { verdict: 'denied', reason: 'DefaultDeny', decidedBy: isolating.map(refOf) };
}

function matchPeers(peers: readonly NetworkPolicyPeer[], peer: KubernetesPeer, namespace: string): Match {
  if (peers.length === 0) return 'yes';
  const matches = peers.map((rule) =>
    rule.kind === 'ipBlock' ? matchBlock(rule, peer) : matchPods(rule, peer, namespace),
  );
  if (matches.includes('yes')) return 'yes';
  return matches.includes('unknown') ? 'unknown' : 'no';
}

function matchPods(rule: NetworkPolicyPeer & { kind: 'pods' }, peer: KubernetesPeer, namespace: string): Match {
  if (peer.kind !== 'pod') return 'no';
  const inNamespace = rule.namespaces
    ? selects(rule.namespaces, { ...peer.namespaceLabels, 'kubernetes.io/metadata.name': peer.namespace })
    : peer.namespace === namespace;
  return inNamespace && (!rule.pods || selects(rule.pods, peer.labels)) ? 'yes' : 'no';
}

function matchBlock(rule: NetworkPolicyPeer & { kind: 'ipBlock' }, peer: KubernetesPeer): Match {
  if (peer.address === undefined) return 'unknown';
  const address = parseAddress(peer.address);
  const block = parsePrefix(rule.cidr);
  if (!address || !block) return 'unknown';
  const excepted = rule.except.some((text) => {
    const except = parsePrefix(text);
    return except !== undefined && covers(except, address);
  });
  return covers(block, address) && !excepted ? 'yes' : 'no';
}

function matchPorts(ports: readonly NetworkPolicyPort[], flow: KubernetesFlow): Match {
  if (ports.length === 0) return 'yes';
  return ports.some((rule) => matchesPort(rule, flow)) ? 'yes' : 'no';
}

function matchesPort(rule: NetworkPolicyPort, flow: KubernetesFlow): boolean {
  if (rule.protocol !== flow.protocol) return false;
  if (rule.port === undefined) return true;
  if (typeof rule.port === 'number') return flow.port >= rule.port && flow.port <= (rule.endPort ?? rule.port);
  // A named port is one of the destination pod, on either side.
  const named =
    flow.to.kind === 'pod' && flow.to.namedPorts && Object.hasOwn(flow.to.namedPorts, rule.port)
      ? flow.to.namedPorts[rule.port]
      : undefined;
  return named !== undefined && named.port === flow.port && (named.protocol ?? 'TCP') === rule.protocol;
}

function both(a: Match, b: Match): Match {
  if (a === 'no' || b === 'no') return 'no';
  return a === 'unknown' || b === 'unknown' ? 'unknown' : 'yes';
}

function refOf(policy: NetworkPolicy): ObjectRef {
  return { kind: 'NetworkPolicy', namespace: policy.namespace, name: policy.name };
}
