// Builders of views for tests: a test names only what it is about.
import type {
  BuiltinPeer,
  HostView,
  IngressLink,
  Labels,
  Link,
  MeshMode,
  Port,
  ServiceView,
  Waypoint,
  Workload,
} from '../../../graph/index.ts';
import { type Protocol, parseSource } from '../../../api/index.ts';
import type { CompileOptions } from '../../options.ts';

export const OPTIONS: CompileOptions = {
  engines: ['cilium', 'istio'],
  trustDomain: 'cluster.local',
  clusterName: 'default',
  mesh: 'ambient',
  exemptions: {
    dns: { resolvers: [], cidrs: [], ports: [53] },
    probes: { ambient: [], host: true },
    peers: new Map(),
    network: { clusterDomain: 'cluster.local', podCIDRs: [], serviceCIDRs: [], nodeCIDRs: [] },
  },
};

export const WAYPOINT: Waypoint = { namespace: 'shop', name: 'waypoint', account: 'waypoint' };
export const EGRESS: Waypoint = { namespace: 'egress', name: 'way-out', account: 'way-out' };

/** `shop/cart` by default reads as namespace and name, with labels `app: <name>` and the account `<name>`. */
export function workload(key: string, more: Partial<Workload> = {}): Workload {
  const [namespace = '', name = ''] = key.split('/');
  return {
    key,
    namespace,
    name,
    selectors: [{ app: name }],
    accounts: [name],
    mesh: 'ambient',
    mode: 'enforce',
    ports: [],
    services: [name],
    direct: false,
    ...more,
  };
}

/** `80:8080`, `80:8080+8081` while a target port rolls out, `8080` for both, `53/UDP`. */
export function port(text: string): Port {
  const [numbers = '', protocol = 'TCP'] = text.split('/');
  const [service = '', targets = service] = numbers.split(':');
  return {
    name: `p${service}`,
    port: Number(service),
    targetPorts: targets.split('+').map(Number),
    protocol: readProtocol(protocol),
  };
}

export function link(peer: Workload | string, ...ports: readonly string[]): Link {
  return { peer: typeof peer === 'string' ? workload(peer) : peer, ports: ports.map(port) };
}

export function fromOutside(key: string, sources: readonly string[], ...ports: readonly string[]): IngressLink {
  const [namespace = '', name = ''] = key.split('/');
  const parsed = sources.map((text) => {
    const source = parseSource(text);
    if (!source.ok) throw new Error(`${text} ${source.reason}`);
    return source.value;
  });
  return { external: { key, namespace, name, endpoints: [], sources: parsed }, ports: ports.map(port) };
}

export function fromBuiltin(
  name: string,
  at: BuiltinPeer['at'],
  ...ports: readonly string[]
): ServiceView['builtins'][0] {
  return { peer: { name, at }, outbound: [], inbound: ports.map(port) };
}

export function view(self: Workload, more: Partial<Omit<ServiceView, 'self'>> = {}): ServiceView {
  return { self, inbound: [], outbound: [], egress: [], ingress: [], builtins: [], ...more };
}

/** `https:443` with its callers. */
export function host(name: string, ports: Readonly<Record<string, readonly Workload[]>>): HostView {
  return {
    host: name,
    ports: Object.entries(ports).map(([text, callers]) => {
      const [scheme = '', number = ''] = text.split(':');
      return { port: Number(number), scheme: readScheme(scheme), callers };
    }),
  };
}

export function meshed(key: string, mesh: MeshMode): Workload {
  return workload(key, { mesh });
}

export function labelled(...selectors: readonly Labels[]): { readonly selectors: readonly Labels[] } {
  return { selectors };
}

function readProtocol(text: string): Protocol {
  if (text === 'TCP' || text === 'UDP' || text === 'SCTP') return text;
  throw new Error(`no protocol: ${text}`);
}

function readScheme(text: string): HostView['ports'][number]['scheme'] {
  const schemes = ['https', 'http', 'grpc', 'tcp', 'udp', 'sctp'] as const;
  const known = schemes.find((scheme) => scheme === text);
  if (!known) throw new Error(`no scheme: ${text}`);
  return known;
}
