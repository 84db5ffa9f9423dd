// Random CiliumNetworkPolicies and CiliumClusterwideNetworkPolicies: every field that decides an L3/L4 verdict.
import type { Random } from '../random.ts';
import type { PolicyObject } from '../scenario.ts';
import { makeSelector } from './selector.ts';
import { NAMES, NAMESPACES, PORT_NAMES } from './world.ts';

type Fields = Record<string, unknown>;
type Direction = 'ingress' | 'egress';

/** One policy that is well-formed most of the time; `oddities` are made by changing it afterwards. */
export function makeCiliumPolicy(random: Random, name: string): PolicyObject {
  const wide = random.chance(0.25);
  const body = random.chance(0.06) ? { specs: random.list(1, 3, () => makeRule(random)) } : { spec: makeRule(random) };
  return {
    apiVersion: 'cilium.io/v2',
    kind: wide ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
    metadata: wide ? { name } : { name, namespace: random.pick(NAMESPACES) },
    ...body,
  };
}

function makeRule(random: Random): Fields {
  const rule: Fields = { endpointSelector: makeSelector(random) };
  const sections = random.subset(['ingress', 'ingressDeny', 'egress', 'egressDeny'] as const, 0.45);
  for (const section of sections.length > 0 ? sections : (['ingress'] as const)) {
    const direction = section.startsWith('ingress') ? 'ingress' : 'egress';
    rule[section] = random.list(random.chance(0.05) ? 0 : 1, 3, () =>
      makeEntry(random, direction, section.endsWith('Deny')),
    );
  }
  if (random.chance(0.12)) {
    rule['enableDefaultDeny'] = Object.fromEntries(
      random.subset(['ingress', 'egress'], 0.7).map((direction) => [direction, random.chance(0.5)]),
    );
  }
  if (random.chance(0.05)) rule['description'] = 'text';
  return rule;
}

function makeEntry(random: Random, direction: Direction, deny: boolean): Fields {
  const entry: Fields = {};
  if (random.chance(0.85)) Object.assign(entry, makePeers(random, direction, deny));
  const names = 'toFQDNs' in entry;
  if (random.chance(0.1) && !names) {
    entry['icmps'] = random.list(1, 2, () => ({ fields: random.list(0, 3, () => makeIcmp(random)) }));
  } else if (names || random.chance(0.75)) {
    entry['toPorts'] = random.list(random.chance(0.05) ? 0 : 1, 2, () => makePortRule(random, direction, deny));
  }
  if (!deny && random.chance(0.02)) entry['authentication'] = { mode: random.pick(['disabled', 'required']) };
  return entry;
}

function makePeers(random: Random, direction: Direction, deny: boolean): Fields {
  const prefix = direction === 'ingress' ? 'from' : 'to';
  const empty = random.chance(0.05);
  const some = <T>(make: () => T): T[] => (empty ? [] : random.list(1, 3, make));
  if (random.chance(0.04)) return random.pick(direction === 'egress' ? OUTSIDE_EGRESS : OUTSIDE_INGRESS);
  // The engine files these under one text, and what it lists then depends on the rules before.
  if (random.chance(0.03)) return { [`${prefix}CIDRSet`]: [{ cidrGroupSelector: {} }] };
  if (random.chance(0.02)) return { [`${prefix}Entities`]: ['all'] };
  const choice = random.below(direction === 'egress' && !deny ? 12 : 10);
  if (choice < 5) return { [`${prefix}Endpoints`]: some(() => makeSelector(random)) };
  if (choice < 7) return { [`${prefix}Entities`]: some(() => random.pick(ENTITIES)) };
  if (choice < 8) return { [`${prefix}CIDR`]: some(() => random.pick(CIDRS)) };
  if (choice < 10) return { [`${prefix}CIDRSet`]: some(() => makeCidrSet(random)) };
  return { toFQDNs: some(() => makeName(random)) };
}

/** Peers that depend on objects which neither side knows: they select nothing here. */
const OUTSIDE_INGRESS: readonly Fields[] = [
  { fromCIDRSet: [{ cidrGroupRef: 'group' }] },
  { fromCIDRSet: [{ cidrGroupSelector: { matchLabels: { app: 'web' } } }, { cidr: '10.0.0.0/8' }] },
  { fromGroups: [{ aws: { securityGroupsIds: ['sg-1'] } }] },
  { fromNodes: [{ matchLabels: { zone: 'a' } }] },
];

const OUTSIDE_EGRESS: readonly Fields[] = [
  { toServices: [{ k8sService: { serviceName: 'web', namespace: 'shop' } }] },
  { toServices: [] },
  { toServices: [{ k8sServiceSelector: { selector: { matchLabels: { app: 'web' } }, namespace: 'shop' } }] },
  { toCIDRSet: [{ cidrGroupRef: 'group' }, { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] }] },
  { toCIDRSet: [{ cidrGroupSelector: {} }] },
  { toGroups: [] },
  { toGroups: [{ aws: { region: 'eu', labels: { a: 'b' } } }] },
  { toNodes: [{}] },
];

const ENTITIES = [
  'all',
  'world',
  'cluster',
  'cluster-mesh',
  'host',
  'init',
  'ingress',
  'unmanaged',
  'remote-node',
  'health',
  'none',
  'kube-apiserver',
] as const;

const CIDRS = [
  '0.0.0.0/0',
  '::/0',
  '1.2.3.4/32',
  '1.2.3.99/24',
  '10.0.0.0/8',
  '10.1.0.0/16',
  '2001:db8::/32',
  'fd00::/8',
];

function makeCidrSet(random: Random): Fields {
  const [cidr, inside] = random.pick<readonly [string, readonly string[]]>([
    ['0.0.0.0/0', ['10.0.0.0/8', '1.2.3.0/24', '5.6.7.8/32']],
    ['10.0.0.0/8', ['10.1.0.0/16', '10.1.2.3/32', '10.99.0.1/32', '10.0.0.0/8']],
    ['1.2.3.0/24', ['1.2.3.4/32', '1.2.3.0/25']],
    ['::/0', ['2001:db8::/32', '2001:db8:1::/48']],
    ['5.6.0.0/16', ['5.6.8.0/24']],
  ]);
  return random.chance(0.5) ? { cidr, except: random.subset(inside, 0.5) } : { cidr };
}

function makeName(random: Random): Fields {
  if (random.chance(0.5)) return { matchName: random.pick([...NAMES, 'API.Stripe.com', 'absent.example.org']) };
  return {
    matchPattern: random.pick([
      '*',
      '*.stripe.com',
      '**.example.org',
      '*.example.org',
      'a*.stripe.com',
      'stripe.com',
      '*.*.example.org',
    ]),
  };
}

function makeIcmp(random: Random): Fields {
  const version6 = random.chance(0.4);
  const type = random.chance(0.3)
    ? random.pick(version6 ? ['EchoRequest', 'PacketTooBig'] : ['EchoRequest', 'Echo', 'Redirect'])
    : random.pick(version6 ? [128, 129, 1] : [8, 3, 5, 42]);
  return version6 ? { family: 'IPv6', type } : random.chance(0.5) ? { family: 'IPv4', type } : { type };
}

function makePortRule(random: Random, direction: Direction, deny: boolean): Fields {
  const rule: Fields = { ports: random.list(random.chance(0.04) ? 0 : 1, 3, () => makePort(random)) };
  if (deny || random.chance(0.88)) return rule;
  if (direction === 'egress' && random.chance(0.4)) {
    return {
      ports: [{ port: '53', protocol: random.pick(['ANY', 'UDP', 'TCP']) }],
      rules: { dns: [makeName(random)] },
    };
  }
  if (random.chance(0.25)) return { ...rule, ...random.pick(EXTRAS) };
  const http = random.chance(0.2) ? [] : [{ method: 'GET', path: random.pick(['/api/.*', '/']) }];
  return { ports: [{ port: random.pick(['80', '8080', 'http']), protocol: 'TCP' }], rules: { http } };
}

const EXTRAS: readonly Fields[] = [
  { serverNames: ['example.org'] },
  { serverNames: ['*.example.org', 'example.org'] },
  { terminatingTLS: { secret: { name: 'tls', namespace: 'shop' } } },
  { originatingTLS: { secret: { name: 'tls' } }, terminatingTLS: { secret: { name: 'tls' } } },
  { listener: { envoyConfig: { kind: 'CiliumEnvoyConfig', name: 'proxy' }, name: 'main' } },
  { listener: { envoyConfig: { name: 'proxy' }, name: 'main', priority: 10 }, rules: { http: [{}] } },
  { listener: { envoyConfig: { name: 'proxy' }, name: 'other', priority: 10 } },
  { listener: { envoyConfig: { kind: 'CiliumClusterwideEnvoyConfig', name: 'proxy' }, name: 'main', priority: 20 } },
  { listener: { envoyConfig: { kind: 'CiliumClusterwideEnvoyConfig', name: 'proxy' }, name: 'main' } },
  { rules: { http: [{ path: '[' }] } },
  { rules: { http: [{ host: 'example.org', headers: ['X-A: b'] }] } },
  { rules: { dns: [{ matchPattern: '*.example.org' }, { matchName: 'example.org' }] } },
  { rules: { http: [{ headerMatches: [{ name: 'X-A', value: 'b', mismatch: 'LOG' }] }] } },
];

function makePort(random: Random): Fields {
  const protocol = random.pick(['TCP', 'TCP', 'UDP', 'SCTP', 'ANY', '']);
  const rest: Fields = protocol === '' ? {} : { protocol };
  if (random.chance(0.15)) return { port: random.pick([...PORT_NAMES, 'nope', 'HTTP']), ...rest };
  if (random.chance(0.05)) return { port: '0', ...rest };
  const port = random.pick([1, 53, 80, 100, 443, 8080, 9090, 15008, 65535]);
  if (random.chance(0.2)) {
    return {
      port: String(port),
      endPort: Math.min(65535, random.pick([0, port - 1, port, port + 1, port + 10, 1000, 65535])),
      ...rest,
    };
  }
  return { port: String(port), ...rest };
}
