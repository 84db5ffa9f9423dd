import {
  type BuiltinPeerSpec,
  type Cidr,
  type LatticeConfig,
  type PodSelector,
  type Protocol,
  parseCidr,
} from '../api/index.ts';
import type { BuiltinPeer } from './model.ts';
import type { ConfiguredPeer, Exemptions, Resolver } from './settings.ts';

/** What holds without a configuration file: kubeadm's CoreDNS, Istio's probe addresses, and the five built-in peers. */
export const DEFAULT_CONFIG: LatticeConfig = {
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeConfig',
  dns: {
    resolvers: [
      { namespace: 'kube-system', matchLabels: { 'k8s-app': 'kube-dns' } },
      { namespace: 'kube-system', matchLabels: { 'k8s-app': 'node-local-dns' } },
    ],
    cidrs: [],
    ports: [53],
  },
  probes: { ambient: ['169.254.7.127/32', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128'], host: true },
  peers: {
    apiserver: { entity: 'kube-apiserver', direction: 'outbound', ports: [443, 6443] },
    ingress: { entity: 'ingress', direction: 'inbound' },
    mesh: {
      selector: { namespace: 'istio-system', matchLabels: { app: 'istiod' } },
      direction: 'outbound',
      ports: [15012],
    },
    scrapers: {
      selector: { namespace: 'monitoring', matchLabels: { 'app.kubernetes.io/name': 'prometheus' } },
      direction: 'inbound',
    },
    webhooks: { entity: 'kube-apiserver', direction: 'inbound' },
  },
  network: { clusterDomain: 'cluster.local', podCIDRs: [], serviceCIDRs: [], nodeCIDRs: [] },
};

/** The configuration in force: what the file says, field by field over the defaults; a peer of `null` removes a default. */
export function exemptionsOf(config: LatticeConfig = DEFAULT_CONFIG): Exemptions {
  const dns = { ...DEFAULT_CONFIG.dns, ...config.dns };
  const probes = { ...DEFAULT_CONFIG.probes, ...config.probes };
  const network = { ...DEFAULT_CONFIG.network, ...config.network };
  const peers = Object.entries({ ...DEFAULT_CONFIG.peers, ...config.peers })
    .flatMap(([name, spec]) => (spec ? [[name, configuredPeer(name, spec)] as const] : []))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    dns: { resolvers: (dns.resolvers ?? []).map(resolver), cidrs: cidrs(dns.cidrs), ports: dns.ports ?? [53] },
    probes: { ambient: cidrs(probes.ambient), host: probes.host ?? true },
    peers: new Map(peers),
    network: {
      clusterDomain: (network.clusterDomain ?? 'cluster.local').replace(/\.$/, ''),
      podCIDRs: cidrs(network.podCIDRs),
      serviceCIDRs: cidrs(network.serviceCIDRs),
      nodeCIDRs: cidrs(network.nodeCIDRs),
    },
  };
}

function configuredPeer(name: string, spec: BuiltinPeerSpec): ConfiguredPeer {
  const direction = spec.direction ?? 'both';
  const ports = (spec.ports ?? []).map(portOf);
  const inbound = spec.ports ? ports : 'declared';
  return {
    peer: { name, at: whereIs(spec) },
    outbound: direction === 'inbound' ? [] : ports,
    inbound: direction === 'outbound' ? 'none' : inbound,
  };
}

function whereIs(spec: BuiltinPeerSpec): BuiltinPeer['at'] {
  if (spec.entity !== undefined) return { kind: 'entity', entity: spec.entity };
  if (spec.selector) {
    const { namespace, labels, account } = resolver(spec.selector);
    const at = { kind: 'pods', namespace, labels } as const;
    if (account === undefined) return at;
    return spec.mesh === 'ambient' ? { ...at, account, mesh: 'ambient' } : { ...at, account };
  }
  return { kind: 'cidrs', cidrs: cidrs(spec.cidrs) };
}

function resolver(selector: PodSelector): Resolver {
  const { namespace, matchLabels, serviceAccount } = selector;
  return { namespace, labels: matchLabels, ...(serviceAccount === undefined ? {} : { account: serviceAccount }) };
}

function portOf(text: number | string): { port: number; protocol: Protocol } {
  const [port, protocol] = String(text).split('/');
  return { port: Number(port), protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP' };
}

function cidrs(texts: readonly string[] | undefined): Cidr[] {
  return (texts ?? []).flatMap((text) => parseCidr(text) ?? []);
}
