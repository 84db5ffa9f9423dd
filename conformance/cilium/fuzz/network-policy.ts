// Random NetworkPolicies that an API server accepts: the judge does not validate built-in kinds.
import type { Random } from '../random.ts';
import type { PolicyObject } from '../scenario.ts';
import { makePlainSelector, NAMESPACE_KEYS, POD_KEYS } from './selector.ts';
import { NAMESPACES } from './world.ts';

type Fields = Record<string, unknown>;

export function makeNetworkPolicy(random: Random, name: string): PolicyObject {
  const spec: Fields = { podSelector: makePlainSelector(random, POD_KEYS) };
  const sections = random.subset(['ingress', 'egress'] as const, 0.6);
  for (const section of sections) spec[section] = random.list(0, 2, () => makeRule(random, section));
  const types = random.subset(['Ingress', 'Egress'], 0.6);
  // An API server fills in the types when they are absent: always Ingress, and Egress where there are egress rules.
  const egress = spec['egress'];
  const filled = Array.isArray(egress) && egress.length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
  spec['policyTypes'] = types.length > 0 ? types : filled;
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: random.pick(NAMESPACES) },
    spec,
  };
}

function makeRule(random: Random, section: 'ingress' | 'egress'): Fields {
  const rule: Fields = {};
  if (random.chance(0.8)) {
    rule[section === 'ingress' ? 'from' : 'to'] = random.list(random.chance(0.1) ? 0 : 1, 2, () => makePeer(random));
  }
  if (random.chance(0.7)) rule['ports'] = random.list(random.chance(0.1) ? 0 : 1, 3, () => makePort(random));
  return rule;
}

function makePeer(random: Random): Fields {
  if (random.chance(0.25)) {
    const [cidr, except] = random.pick<readonly [string, readonly string[]]>([
      ['0.0.0.0/0', ['10.0.0.0/8', '1.2.3.4/32']],
      ['10.0.0.0/8', ['10.1.0.0/16', '10.1.2.3/32']],
      ['::/0', ['2001:db8::/32']],
      ['1.2.3.0/24', ['1.2.3.4/32']],
    ]);
    const left = random.subset(except, 0.5);
    return { ipBlock: left.length > 0 ? { cidr, except: left } : { cidr } };
  }
  const pods = { podSelector: makePlainSelector(random, POD_KEYS) };
  const namespaces = { namespaceSelector: makePlainSelector(random, NAMESPACE_KEYS) };
  return random.pick([pods, namespaces, { ...pods, ...namespaces }]);
}

function makePort(random: Random): Fields {
  const protocol = random.pick(['TCP', 'UDP', 'SCTP']);
  const rest: Fields = random.chance(0.2) ? {} : { protocol };
  if (random.chance(0.1)) return rest;
  if (random.chance(0.2)) return { port: random.pick(['http', 'dns', 'grpc', 'nope', 'x-1']), ...rest };
  const port = random.pick([53, 80, 443, 8080, 9090]);
  return random.chance(0.25) ? { port, endPort: port + random.below(200), ...rest } : { port, ...rest };
}
