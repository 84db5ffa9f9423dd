// Random ClusterNetworkPolicies that an API server accepts (standard channel): tiers, priorities, pass.
import type { Random } from '../random.ts';
import type { PolicyObject } from '../scenario.ts';
import { makePlainSelector, NAMESPACE_KEYS, POD_KEYS } from './selector.ts';

type Fields = Record<string, unknown>;

export function makeClusterPolicy(random: Random, name: string): PolicyObject {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name },
    spec: {
      tier: random.pick(['Admin', 'Baseline']),
      priority: random.pick([0, 1, 10, 1000]),
      subject: makeSubject(random),
      ingress: random.list(0, 2, () => makeRule(random, 'from')),
      egress: random.list(0, 2, () => makeRule(random, 'to')),
    },
  };
}

function makeRule(random: Random, side: 'from' | 'to'): Fields {
  const action = random.pick(['Accept', 'Deny', 'Pass']);
  const rule: Fields = { action, [side]: random.list(1, 2, () => makePeer(random, side)) };
  if (random.chance(0.7)) rule['protocols'] = random.list(1, 3, () => makeProtocol(random));
  return rule;
}

function makePeer(random: Random, side: 'from' | 'to'): Fields {
  if (side === 'from' || random.chance(0.5)) return makeSubject(random);
  const networks = random.subset(['0.0.0.0/0', '10.0.0.0/8', '1.2.3.0/24', '2001:db8::/32'], 0.4);
  return { networks: networks.length > 0 ? networks : ['10.1.0.0/16'] };
}

function makeSubject(random: Random): Fields {
  const namespaceSelector = makePlainSelector(random, NAMESPACE_KEYS);
  if (random.chance(0.5)) return { namespaces: namespaceSelector };
  return { pods: { namespaceSelector, podSelector: makePlainSelector(random, POD_KEYS) } };
}

function makeProtocol(random: Random): Fields {
  if (random.chance(0.15)) return { destinationNamedPort: random.pick(['http', 'grpc', 'dns', 'nope']) };
  const protocol = random.pick(['tcp', 'udp', 'sctp']);
  const number = random.pick([53, 80, 443, 8080, 9090]);
  const destinationPort = random.chance(0.3)
    ? { range: { start: number, end: number + 1 + random.below(50) } }
    : { number };
  return { [protocol]: { destinationPort } };
}
