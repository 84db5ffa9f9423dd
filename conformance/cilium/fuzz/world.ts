// Random endpoints: pods of two clusters with plain and odd labels, Cilium's own endpoints, nodes, addresses, names.
import type { Random } from '../random.ts';
import type { NamedPort } from '../scenario.ts';

export interface World {
  readonly endpoints: Readonly<Record<string, readonly string[]>>;
  readonly namedPorts: Readonly<Record<string, Readonly<Record<string, NamedPort>>>>;
}

export const NAMESPACES = ['shop', 'pay', 'kube-system'] as const;
export const APPS = ['web', 'cart', 'pay', 'db'] as const;
export const ACCOUNTS = ['default', 'web', 'cart'] as const;
export const PORT_NAMES = ['http', 'grpc', 'dns', 'HTTP-alt', 'x-1'] as const;
export const NAMES = ['api.stripe.com', 'files.stripe.com', 'a.b.example.org', 'example.org', 'stripe.com'] as const;
const ADDRESSES = [
  '1.2.3.4/32',
  '1.2.3.99/32',
  '1.2.3.0/24',
  '10.1.2.3/32',
  '10.1.9.9/32',
  '10.0.0.0/8',
  '169.254.7.127/32',
  '2001:db8::5/128',
  '2001:db8:1::5/128',
  'fd00::/8',
] as const;

const NAMESPACE_LABELS: Readonly<Record<string, readonly string[]>> = {
  shop: ['env=prod', 'team=a'],
  pay: ['env=prod', 'team=b'],
  'kube-system': ['env='],
};

/** A world of `pods` random pods and all the fixed parties that a policy can name. */
export function makeWorld(random: Random, pods: number): World {
  const endpoints: Record<string, readonly string[]> = { ...FIXED };
  const namedPorts: Record<string, Record<string, NamedPort>> = {};
  for (let number = 0; number < pods; number += 1) {
    const name = `pod-${number}`;
    endpoints[name] = podLabels(random);
    const ports = random.subset(PORT_NAMES, 0.3);
    if (ports.length > 0) {
      namedPorts[name] = Object.fromEntries(ports.map((port) => [port, makePort(random)] as const));
    }
  }
  for (const [index, address] of random.subset(ADDRESSES, 0.5).entries()) {
    const names = random.chance(0.3) ? random.subset(NAMES, 0.3).map((name) => `dns:${name}`) : [];
    const server = random.chance(0.1) ? ['reserved:kube-apiserver'] : [];
    endpoints[`address-${index}`] = [`cidr:${address}`, ...names, ...server];
  }
  return { endpoints, namedPorts };
}

const FIXED: Readonly<Record<string, readonly string[]>> = {
  host: ['reserved:host'],
  'remote-node': ['reserved:remote-node'],
  'apiserver-node': ['reserved:remote-node', 'reserved:kube-apiserver'],
  'apiserver-outside': ['cidr:10.99.0.1/32', 'reserved:kube-apiserver'],
  health: ['reserved:health'],
  init: ['reserved:init'],
  ingress: ['reserved:ingress'],
  unmanaged: ['reserved:unmanaged'],
  stripe: ['cidr:5.6.7.8/32', 'dns:api.stripe.com'],
  deep: ['cidr:5.6.8.1/32', 'dns:a.b.example.org'],
};

function podLabels(random: Random): string[] {
  const namespace = random.pick(NAMESPACES);
  const cluster = random.chance(0.15) ? 'c2' : 'c1';
  const labels = [
    `k8s:io.kubernetes.pod.namespace=${namespace}`,
    `k8s:io.cilium.k8s.policy.cluster=${cluster}`,
    `k8s:io.cilium.k8s.policy.serviceaccount=${random.pick(ACCOUNTS)}`,
    `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${namespace}`,
    ...(NAMESPACE_LABELS[namespace] ?? []).map((label) => `k8s:io.cilium.k8s.namespace.labels.${label}`),
  ];
  // The same key from another source: only a selector without a source prefix may see it.
  if (random.chance(0.9)) labels.push(`${random.chance(0.08) ? 'container' : 'k8s'}:app=${random.pick(APPS)}`);
  if (random.chance(0.4)) labels.push(`k8s:tier=${random.pick(['front', 'back', ''])}`);
  if (random.chance(0.2)) labels.push(`k8s:example.com/zone=${random.pick(['a', 'B', 'a.b_c-d'])}`);
  if (random.chance(0.1)) labels.push('k8s:any.key=1');
  return labels;
}

function makePort(random: Random): NamedPort {
  const port = random.pick([53, 80, 8080, 9090]);
  return random.chance(0.4) ? { port, protocol: random.pick(['TCP', 'UDP', 'SCTP']) } : { port };
}
