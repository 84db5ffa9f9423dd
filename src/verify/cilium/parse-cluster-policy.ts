// A ClusterNetworkPolicy as Cilium reads it: ordered rules in the tiers before and after all other policies (C31).
import { type LabelSelector, parsePrefix, readSelector } from '../kubernetes/index.ts';
import { CLUSTER_LABEL } from './identity.ts';
import { encode, type ParseContext, withLabel } from './parse-cilium.ts';
import { namespaceRequirements } from './parse-kubernetes.ts';
import { filterKey, isPortName, parsePortNumber, type PortMatch, portMatch, protocolsOf } from './port.ts';
import { type Fields, fieldsOf, itemsOf, textOf } from './read.ts';
import { type Direction, NO_PROXY, type Rule, type RulePort, TIERS } from './rule.ts';
import { cidrSelector, labelSelector, NOTHING, type Selector } from './selector.ts';

/** The rules of a stored ClusterNetworkPolicy. They isolate nobody. */
export function parseClusterPolicy(spec: Fields, context: ParseContext): Rule[] {
  const [subject = NOTHING] = peerSelectors(fieldsOf(spec.subject), '');
  const base = typeof spec.priority === 'number' ? spec.priority : 0;
  const rulesOf = (direction: Direction): Rule[] =>
    (itemsOf(spec[direction]) ?? []).flatMap((item, index) => {
      const rule = fieldsOf(item);
      const ports = itemsOf(rule.protocols)?.flatMap((protocol) => portsOf(fieldsOf(protocol)));
      const peers = (itemsOf(direction === 'ingress' ? rule.from : rule.to) ?? []).flatMap((peer) =>
        peerSelectors(fieldsOf(peer), context.clusterName),
      );
      return {
        ref: { ...context.object, rule: `spec.${direction}[${index}]` },
        order: context.order,
        direction,
        action: ACTIONS[textOf(rule.action) ?? ''] ?? 'allow',
        tier: spec.tier === 'Baseline' ? TIERS.baseline : TIERS.admin,
        priority: base + index / 100,
        defaultDeny: false,
        subject: context.intern(subject),
        peers: peers.map(context.intern),
        ports,
        authentication: '',
      };
    });
  return [...rulesOf('ingress'), ...rulesOf('egress')];
}

const ACTIONS: Readonly<Record<string, Rule['action']>> = { Accept: 'allow', Deny: 'deny', Pass: 'pass' };

/** Pods are limited to `podCluster`; whole namespaces are those of every cluster. */
function peerSelectors(peer: Fields, podCluster: string): readonly Selector[] {
  if (peer.namespaces !== undefined) return [labelSelector(namespaceRequirements(knownPart(peer.namespaces)))];
  if (peer.pods !== undefined) return [podsSelector(fieldsOf(peer.pods), podCluster)];
  return (itemsOf(peer.networks) ?? []).map((item) => {
    const text = textOf(item) ?? '';
    const block = parsePrefix(text);
    return block ? cidrSelector(text, block, []) : NOTHING;
  });
}

function podsSelector(pods: Fields, cluster: string): Selector {
  const own = encode(knownPart(pods.podSelector), 'k8s');
  const inNamespaces = namespaceRequirements(knownPart(pods.namespaceSelector));
  const both = {
    labels: [...inNamespaces.labels.filter(([key]) => !own.labels.some(([other]) => other === key)), ...own.labels],
    expressions: [...inNamespaces.expressions, ...own.expressions],
  };
  const clusterKey = `k8s:${CLUSTER_LABEL}`;
  const namesCluster =
    own.labels.some(([key, value]) => key === clusterKey && value !== '') ||
    own.expressions.some(({ key }) => key === clusterKey);
  return labelSelector(cluster === '' || namesCluster ? both : withLabel(both, clusterKey, cluster));
}

/** The selector without expressions of unknown operators: the agent drops them, which widens it. */
function knownPart(value: unknown): LabelSelector {
  const fields = fieldsOf(value);
  const matchExpressions = (itemsOf(fields.matchExpressions) ?? []).filter((item) =>
    ['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(textOf(fieldsOf(item).operator) ?? ''),
  );
  return readSelector({ ...fields, matchExpressions });
}

function portsOf(protocol: Fields): RulePort[] {
  for (const [field, transport] of [
    ['tcp', 'TCP'],
    ['udp', 'UDP'],
    ['sctp', 'SCTP'],
  ] as const) {
    if (protocol[field] === undefined) continue;
    const port = fieldsOf(fieldsOf(protocol[field]).destinationPort);
    const { start, end } = fieldsOf(port.range);
    const first = String(typeof start === 'number' ? start : typeof port.number === 'number' ? port.number : 0);
    const last = typeof end === 'number' ? end : 0;
    return [{ match: portMatch(transport, first, last), filter: filterKey(transport, first, last), proxy: NO_PROXY }];
  }
  return namedPorts(textOf(protocol.destinationNamedPort) ?? '');
}

/** Names are compared as written, so an upper-case one finds nothing; what is no name and no number is every port. */
function namedPorts(name: string): RulePort[] {
  if (isPortName(name) && name !== name.toLowerCase()) return [];
  return protocolsOf('ANY').map((protocol) => {
    const overflow = /^[1-9][0-9]*$/.test(name) && parsePortNumber(name) === undefined;
    const match: PortMatch = portMatch(protocol, overflow ? '65535' : name, 0);
    return { match, filter: filterKey(protocol, name, 0), proxy: NO_PROXY };
  });
}
