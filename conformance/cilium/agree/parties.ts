// Who may try to talk: the pods of an estate, their near-doubles, and everything outside that policy can tell apart.
import { EGRESS_GATEWAY, type Estate, type Mesh, meshOf, NAMESPACES, type Workload } from './estate.ts';

export interface Pod {
  readonly kind: 'pod';
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly account: string;
  readonly cluster: string;
  readonly mesh: Mesh;
  /** A waypoint of its namespace's services, or the Gateway for egress. */
  readonly role?: 'waypoint' | 'egress-gateway';
}

export interface Address {
  readonly kind: 'address';
  readonly name: string;
  readonly address: string;
  readonly names: readonly string[];
}

/** One of Cilium's own identities; `labels` are the reserved ones. */
interface Entity {
  readonly kind: 'entity';
  readonly name: string;
  readonly labels: readonly string[];
}

export type Party = Pod | Address | Entity;

export const CLUSTER = 'c1';

/** All parties of an estate. Doubles differ from a real pod in exactly one thing that a peer must be told apart by. */
export function partiesOf(estate: Estate): Party[] {
  const doubles = estate.doubled.flatMap((workload) => doublesOf(estate, workload));
  return [
    ...estate.workloads.map((workload) => podOf(estate, workload)),
    ...doubles,
    ...PLATFORM.map((pod) => ({ ...pod, mesh: meshOf(estate, pod.namespace) })),
    ...NAMESPACES.map((namespace) => gatewayPod(namespace, 'waypoint', 'waypoint')),
    gatewayPod(EGRESS_GATEWAY.namespace, EGRESS_GATEWAY.name, 'egress-gateway'),
    ...OUTSIDE,
    ...ENTITIES,
  ];
}

/** The labels that an endpoint of this party carries in Cilium. */
export function endpointLabels(estate: Estate, party: Party): string[] {
  switch (party.kind) {
    case 'entity':
      return [...party.labels];
    case 'address':
      return [`cidr:${party.address}`, ...party.names.map((name) => `dns:${name}`)];
    case 'pod': {
      const manifest = estate.namespaces.find(({ metadata }) => metadata.name === party.namespace);
      const namespaceLabels = manifest?.metadata.labels ?? { 'kubernetes.io/metadata.name': party.namespace };
      return [
        `k8s:io.kubernetes.pod.namespace=${party.namespace}`,
        `k8s:io.cilium.k8s.policy.cluster=${party.cluster}`,
        `k8s:io.cilium.k8s.policy.serviceaccount=${party.account}`,
        ...Object.entries(namespaceLabels).map(([key, value]) => `k8s:io.cilium.k8s.namespace.labels.${key}=${value}`),
        ...Object.entries(party.labels).map(([key, value]) => `k8s:${key}=${value}`),
      ];
    }
  }
}

function podOf(estate: Estate, { key, namespace, labels, account }: Workload): Pod {
  return {
    kind: 'pod',
    name: key,
    namespace,
    labels,
    account,
    cluster: CLUSTER,
    mesh: meshOf(estate, namespace),
  };
}

function doublesOf(estate: Estate, workload: Workload): Pod[] {
  const pod = podOf(estate, workload);
  // NetworkPolicy knows no accounts: to it this double is the service.
  const stranger =
    estate.engine === 'cilium' ? [{ ...pod, name: `${pod.name} other account`, account: 'intruder' }] : [];
  return [
    ...stranger,
    { ...pod, name: `${pod.name} other labels`, labels: { app: 'intruder' } },
    { ...pod, name: `${pod.name} other cluster`, cluster: 'c2' },
    {
      ...pod,
      name: `${pod.name} other namespace`,
      namespace: 'elsewhere',
      mesh: meshOf(estate, 'elsewhere'),
    },
  ];
}

function gatewayPod(namespace: string, name: string, role: 'waypoint' | 'egress-gateway'): Pod {
  const labels = { 'gateway.networking.k8s.io/gateway-name': name };
  return {
    kind: 'pod',
    name: `${namespace}/${name}`,
    namespace,
    labels,
    account: name,
    cluster: CLUSTER,
    mesh: 'none',
    role,
  };
}

function platform(namespace: string, name: string, labels: Readonly<Record<string, string>>): Omit<Pod, 'mesh'> {
  return { kind: 'pod', name: `${namespace}/${name}`, namespace, labels, account: name, cluster: CLUSTER };
}

const PLATFORM: readonly Omit<Pod, 'mesh'>[] = [
  platform('kube-system', 'dns', { 'k8s-app': 'kube-dns' }),
  platform('istio-system', 'istiod', { app: 'istiod' }),
  platform('monitoring', 'prometheus', { 'app.kubernetes.io/name': 'prometheus' }),
];

const OUTSIDE: readonly Address[] = [
  at('198.51.100.7/32'),
  at('198.51.100.200/32'),
  at('198.51.101.1/32'),
  at('192.0.2.52/32'),
  at('192.0.2.53/32'),
  at('192.0.2.54/32'),
  at('203.0.113.9/32'),
  at('203.0.114.9/32'),
  at('2001:db8:77::1/128'),
  at('2001:db8:78::1/128'),
  at('2001:db8:88::1/128'),
  at('10.99.0.1/32'),
  at('169.254.7.127/32'),
  at('5.6.7.8/32', 'api.stripe.com'),
  at('5.6.7.9/32', 'www.stripe.com'),
  at('5.6.8.1/32', 'db.example.com'),
  at('5.6.8.2/32', 'ntp.example.com'),
  at('5.6.9.1/32', 'a.example.net'),
  at('5.6.9.2/32', 'example.net'),
  at('5.6.9.3/32', 'a.b.example.net'),
];

const ENTITIES: readonly Entity[] = [
  entity('host', 'host'),
  entity('remote-node', 'remote-node'),
  entity('apiserver-node', 'remote-node', 'kube-apiserver'),
  {
    kind: 'entity',
    name: 'apiserver-outside',
    labels: ['cidr:10.98.0.1/32', 'reserved:kube-apiserver'],
  },
  entity('health', 'health'),
  entity('ingress', 'ingress'),
  entity('unmanaged', 'unmanaged'),
  entity('init', 'init'),
];

function at(address: string, ...names: string[]): Address {
  return { kind: 'address', name: [address, ...names].join(' '), address, names };
}

function entity(name: string, ...labels: string[]): Entity {
  return { kind: 'entity', name, labels: labels.map((label) => `reserved:${label}`) };
}
