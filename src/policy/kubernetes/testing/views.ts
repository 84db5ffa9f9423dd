// Builders for views: a test names only what matters to it.
import { type Endpoint, parseCidr, parseEndpoint, parseSource, type Source } from '../../../api/index.ts';
import type {
  EgressLink,
  Exemptions,
  ExternalNode,
  IngressLink,
  Link,
  NamespaceView,
  Port,
  ServiceView,
  Waypoint,
  Workload,
} from '../../../graph/index.ts';
import type { CompileOptions } from '../../options.ts';

/** An enforced service outside the mesh that listens on 8080/TCP, with `app: <name>` and an account of its name. */
export function workload(key: string, fields: Partial<Workload> = {}): Workload {
  const [namespace = '', name = ''] = key.split('/');
  return {
    key,
    namespace,
    name,
    selectors: [{ app: name }],
    accounts: [name],
    mesh: 'none',
    mode: 'enforce',
    ports: [tcp(8080)],
    services: [name],
    direct: false,
    ...fields,
  };
}

export function tcp(port: number, ...targetPorts: readonly number[]): Port {
  return { name: `p${port}`, port, targetPorts: targetPorts.length > 0 ? targetPorts : [port], protocol: 'TCP' };
}

export function udp(port: number): Port {
  return { name: `u${port}`, port, targetPorts: [port], protocol: 'UDP' };
}

export function sctp(port: number): Port {
  return { name: `s${port}`, port, targetPorts: [port], protocol: 'SCTP' };
}

export function viewOf(self: Workload, links: Partial<ServiceView> = {}): ServiceView {
  return { self, inbound: [], outbound: [], egress: [], ingress: [], builtins: [], ...links };
}

export function managed(namespace: string, fields: Partial<NamespaceView> = {}): NamespaceView {
  return { namespace, managed: true, mesh: 'none', shadows: [], enforced: [], ...fields };
}

/** All ports of `peer`, or those given. */
export function link(peer: Workload, ports: readonly Port[] = peer.ports): Link {
  return { peer, ports };
}

/** An external service with these endpoints, all of them agreed. */
export function egressTo(key: string, ...urls: readonly string[]): EgressLink {
  const endpoints = urls.map((url, index) => ({ name: `e${index}`, ...endpoint(url) }));
  return { external: { ...external(key), endpoints }, endpoints };
}

/** Callers from outside, for these ports. */
export function ingressFrom(key: string, sources: readonly string[], ports: readonly Port[]): IngressLink {
  return { external: { ...external(key), sources: sources.map(source) }, ports };
}

export function waypoint(namespace: string, name: string): Waypoint {
  return { namespace, name, account: name };
}

/** The exemptions without a configuration file. */
export const EXEMPTIONS: Exemptions = {
  dns: { resolvers: [{ namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }], cidrs: [], ports: [53] },
  probes: { ambient: [cidr('169.254.7.127/32'), cidr('fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128')], host: true },
  peers: new Map([
    [
      'mesh',
      {
        peer: { name: 'mesh', at: { kind: 'pods', namespace: 'istio-system', labels: { app: 'istiod' } } },
        outbound: [{ port: 15012, protocol: 'TCP' }],
        inbound: 'none',
      },
    ],
  ]),
  network: { clusterDomain: 'cluster.local', podCIDRs: [], serviceCIDRs: [], nodeCIDRs: [] },
};

export function optionsOf(fields: Partial<CompileOptions> = {}): CompileOptions {
  return {
    engines: ['cilium', 'istio'],
    trustDomain: 'cluster.local',
    clusterName: 'c1',
    mesh: 'none',
    exemptions: EXEMPTIONS,
    ...fields,
  };
}

export function cidr(text: string): NonNullable<ReturnType<typeof parseCidr>> {
  const parsed = parseCidr(text);
  if (!parsed) throw new Error(`${text} is no CIDR`);
  return parsed;
}

function endpoint(url: string): Endpoint {
  const parsed = parseEndpoint(url);
  if (!parsed.ok) throw new Error(`${url} ${parsed.reason}`);
  return parsed.value;
}

function source(text: string): Source {
  const parsed = parseSource(text);
  if (!parsed.ok) throw new Error(`${text} ${parsed.reason}`);
  return parsed.value;
}

function external(key: string): ExternalNode {
  const [namespace = '', name = ''] = key.split('/');
  return { key, namespace, name, endpoints: [], sources: [] };
}
