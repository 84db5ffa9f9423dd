// What a door may let through for one subject, one kind of peer at a time.
import { type Cidr, containsCidr, type Endpoint, parseCidr, type Protocol } from '../../api/index.ts';
import type {
  BuiltinPeer,
  Exemptions,
  Link,
  Port,
  ServiceGraph,
  ServiceView,
  Waypoint,
  Workload,
} from '../../graph/index.ts';
import { isMember, isWorld, type Party, type PodParty, wearsLabelsOf } from './party.ts';

/** The port of HBONE, the mesh's tunnel (X2). */
export const HBONE = 15008;

/** What a door may let through for one subject: a peer test and the ports that go with it. */
export interface Grant {
  readonly matches: (peer: Party) => boolean;
  /** Where in the {@link PartyIndex} all matching parties are. */
  readonly who: Who;
  /** Undefined: every port of every protocol. */
  readonly ports: readonly PortOf[] | undefined;
}

/** A place in the index of parties: pods that wear a service's labels, pods of a namespace, or whatever is no pod. */
export type Who =
  | { readonly kind: 'service'; readonly key: string }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'accounts'; readonly namespace: string; readonly accounts: readonly string[] }
  /** Whoever has no identity in the mesh. */
  | { readonly kind: 'plaintext' }
  | { readonly kind: 'outside' };

const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10'].flatMap((text) => parseCidr(text) ?? []);

const OUTSIDE: Who = { kind: 'outside' };

export interface PortOf {
  readonly port: number;
  readonly protocol: Protocol;
}

export type EngineName = 'cilium' | 'istio' | 'kubernetes';

/** What the rows are computed from. */
export interface Guarantees {
  readonly graph: ServiceGraph;
  readonly clusterName: string;
  readonly sight: Sight;
  readonly engines: readonly EngineName[];
}

/** Whether the engine tells pods apart by account and cluster too (Cilium), or by namespace and labels alone (NetworkPolicy). */
export type Sight = 'identity' | 'labels';

/** Whether the pod is the service to this engine's doors. */
export function belongs({ clusterName, sight }: Guarantees, pod: PodParty, service: Workload): boolean {
  return sight === 'identity' ? isMember(pod, service, clusterName) : wearsLabelsOf(pod, service, clusterName);
}

/** Whether two ends speak HBONE for this protocol, so that the CNI sees port 15008 instead of the real one (X2, X6). */
function isTunnelled(caller: Workload, callee: Workload, protocol: Protocol): boolean {
  return protocol === 'TCP' && (caller.mesh === 'ambient' || caller.mesh === 'gateway') && callee.mesh === 'ambient';
}

export function outboundGrants(self: Workload, { peer, ports }: Link, guarantees: Guarantees): Grant[] {
  return tunnelGrants(self, peer, ports, peer.waypoint, peer.direct, peer, guarantees);
}

export function inboundGrants(self: Workload, { peer, ports }: Link, guarantees: Guarantees): Grant[] {
  return tunnelGrants(peer, self, ports, self.waypoint, self.direct, peer, guarantees);
}

/** `other` is the end that is not the subject. A waypoint stands in for it where the traffic goes through one (X3). */
function tunnelGrants(
  caller: Workload,
  callee: Workload,
  ports: readonly Port[],
  waypoint: Waypoint | undefined,
  direct: boolean,
  other: Workload,
  guarantees: Guarantees,
): Grant[] {
  const tunnelled = ports.some((port) => isTunnelled(caller, callee, port.protocol));
  const plain = realPorts(ports.filter((port) => !isTunnelled(caller, callee, port.protocol)));
  const hbone: PortOf[] = [{ port: HBONE, protocol: 'TCP' }];
  const grants: Grant[] = [];
  const past = caller.mesh === 'gateway';
  if (tunnelled && waypoint && !past) grants.push(waypointGrant(waypoint, hbone, guarantees));
  const own = [...(tunnelled && (!waypoint || direct || past) ? hbone : []), ...plain];
  if (own.length > 0) grants.push(memberGrant(other, own, guarantees));
  return grants;
}

export function endpointGrants(
  self: Workload,
  endpoint: Endpoint,
  gateway: Waypoint | undefined,
  guarantees: Guarantees,
): Grant[] {
  const { host, port, protocol } = endpoint;
  if (host.kind === 'cidr') {
    const matches = (peer: Party) =>
      within(peer, host) && (host.prefix > 0 ? isWorld(peer) : isOutside(guarantees, peer));
    return [{ matches, who: OUTSIDE, ports: [{ port, protocol }] }];
  }
  const byLabels = guarantees.sight === 'labels';
  if (self.mesh === 'ambient' && protocol === 'TCP' && (!byLabels || guarantees.engines.includes('istio'))) {
    return gateway ? [waypointGrant(gateway, [{ port: HBONE, protocol: 'TCP' }], guarantees)] : [];
  }
  if (byLabels) return [];
  const pattern = host.kind === 'name' ? host.name : `*.${host.suffix}`;
  return [
    {
      matches: (peer) => peer.kind === 'address' && peer.name !== undefined && coversName(pattern, peer.name),
      who: OUTSIDE,
      ports: [{ port, protocol }],
    },
  ];
}

/** `*.example.com` covers every name below example.com at the depth that both Istio and Cilium give it: one label. */
export function coversName(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name;
  const suffix = pattern.slice(1);
  return name.endsWith(suffix) && !name.slice(0, -suffix.length).includes('.') && name.length > suffix.length;
}

export function sourceGrant(
  sources: ServiceView['ingress'][number]['external']['sources'],
  ports: readonly PortOf[],
  guarantees: Guarantees,
): Grant {
  return {
    who: OUTSIDE,
    ports,
    matches: (peer) =>
      sources.some((source) => {
        switch (source.kind) {
          case 'world':
            return isOutside(guarantees, peer);
          case 'cidr':
            return isWorld(peer) && within(peer, source);
          case 'ingress':
            return wears(peer, 'ingress');
          case 'nodes':
            return wears(peer, 'host') || wears(peer, 'remote-node');
        }
      }),
  };
}

/**
 * What a door of the service grants a built-in peer. Where both are in the mesh TCP is HBONE (X2), and the peer calls the
 * pods themselves or, through the waypoint, their Services.
 */
export function builtinGrants(
  self: Workload,
  peer: BuiltinPeer,
  ports: readonly PortOf[],
  side: 'caller' | 'callee',
  guarantees: Guarantees,
): Grant[] {
  const both =
    peer.at.kind === 'pods' &&
    peer.at.mesh === 'ambient' &&
    (self.mesh === 'ambient' || (side === 'caller' && self.mesh === 'gateway'));
  const tcp = ports.filter(({ protocol }) => protocol === 'TCP');
  if (!both || tcp.length === 0) return [builtinGrant(peer, ports, guarantees)];
  const hbone: PortOf[] = [{ port: HBONE, protocol: 'TCP' }];
  const rest = ports.filter(({ protocol }) => protocol !== 'TCP');
  const own = builtinGrant(peer, [...hbone, ...rest], guarantees);
  return side === 'callee' && self.waypoint ? [own, waypointGrant(self.waypoint, hbone, guarantees)] : [own];
}

export function builtinGrant(peer: BuiltinPeer, ports: readonly PortOf[], guarantees: Guarantees): Grant {
  const { at } = peer;
  switch (at.kind) {
    case 'entity':
      return {
        matches: (party) =>
          guarantees.sight === 'identity' && (at.entity === 'world' ? isWorld(party) : wears(party, at.entity)),
        who: OUTSIDE,
        ports,
      };
    case 'cidrs':
      return {
        matches: (party) => isWorld(party) && at.cidrs.some((range) => within(party, range)),
        who: OUTSIDE,
        ports,
      };
    case 'pods':
      return {
        matches: (party) =>
          party.kind === 'pod' &&
          party.cluster === guarantees.clusterName &&
          party.namespace === at.namespace &&
          (at.account === undefined || guarantees.sight === 'labels' || party.account === at.account) &&
          Object.entries(at.labels).every(([key, value]) => party.labels[key] === value),
        who: { kind: 'namespace', namespace: at.namespace },
        ports,
      };
  }
}

export function dnsGrants(exemptions: Exemptions, guarantees: Guarantees): Grant[] {
  const ports = exemptions.dns.ports.flatMap((port): PortOf[] => [
    { port, protocol: 'UDP' },
    { port, protocol: 'TCP' },
  ]);
  const pods = exemptions.dns.resolvers.map(({ namespace, labels, account }) =>
    builtinGrant(
      { name: 'dns', at: { kind: 'pods', namespace, labels, ...(account === undefined ? {} : { account }) } },
      ports,
      guarantees,
    ),
  );
  const { cidrs } = exemptions.dns;
  // A node-local cache listens on a link-local address, which Cilium knows as the node itself (C14, C21).
  if (
    guarantees.sight === 'identity' &&
    cidrs.some((range) => LINK_LOCAL.some((local) => containsCidr(local, range)))
  ) {
    pods.push({ matches: (party) => wears(party, 'host'), who: OUTSIDE, ports });
  }
  return cidrs.length === 0
    ? pods
    : [...pods, builtinGrant({ name: 'dns', at: { kind: 'cidrs', cidrs } }, ports, guarantees)];
}

/** X4: kubelet's probes, and with them any process of the node that speaks as kubelet does. */
export function probeGrants(exemptions: Exemptions, mesh: Workload['mesh']): Grant[] {
  const { ambient, host } = exemptions.probes;
  if (mesh === 'ambient') {
    return ambient.length === 0
      ? []
      : [
          {
            matches: (peer) => isWorld(peer) && ambient.some((range) => within(peer, range)),
            who: OUTSIDE,
            ports: undefined,
          },
        ];
  }
  return host ? [{ matches: (peer) => wears(peer, 'host'), who: OUTSIDE, ports: undefined }] : [];
}

export function memberGrant(service: Workload, ports: readonly PortOf[], guarantees: Guarantees): Grant {
  return {
    matches: (peer) => peer.kind === 'pod' && belongs(guarantees, peer, service),
    who: { kind: 'service', key: service.key },
    ports,
  };
}

function waypointGrant(waypoint: Waypoint, ports: readonly PortOf[], guarantees: Guarantees): Grant {
  return {
    matches: (peer) => peer.kind === 'pod' && isWaypointPod(peer, waypoint, guarantees),
    who: { kind: 'namespace', namespace: waypoint.namespace },
    ports,
  };
}

/** Whether the pod is one of the Gateway's own. */
export function isWaypointPod(pod: PodParty, waypoint: Waypoint, guarantees: Guarantees): boolean {
  return (
    (guarantees.sight === 'labels' || pod.account === waypoint.account) && wearsGatewayLabel(pod, waypoint, guarantees)
  );
}

export function wearsGatewayLabel(pod: PodParty, waypoint: Waypoint, guarantees: Guarantees): boolean {
  return (
    pod.cluster === guarantees.clusterName &&
    pod.namespace === waypoint.namespace &&
    pod.labels['gateway.networking.k8s.io/gateway-name'] === waypoint.name
  );
}

export function realPorts(ports: readonly Port[]): PortOf[] {
  return ports.flatMap((port) => port.targetPorts.map((target) => ({ port: target, protocol: port.protocol })));
}

function wears(party: Party, label: string): boolean {
  return party.kind === 'reserved' && party.labels.includes(label);
}

/** Whether the party is known by an address, and that lies in the range. */
export function within(party: Party, range: Cidr): boolean {
  return party.kind !== 'pod' && party.address !== undefined && containsCidr(range, party.address);
}

/**
 * Whether the party is outside the cluster as far as the engine can say. NetworkPolicy knows addresses only, so the world
 * is every address but the cluster's own ranges, and nothing where those are not configured.
 */
function isOutside({ graph, sight }: Guarantees, party: Party): boolean {
  if (sight === 'identity') return isWorld(party);
  const { podCIDRs, serviceCIDRs, nodeCIDRs } = graph.state.settings.exemptions.network;
  if (podCIDRs.length === 0 || nodeCIDRs.length === 0) return false;
  return (
    party.kind === 'address' && ![...podCIDRs, ...serviceCIDRs, ...nodeCIDRs].some((range) => within(party, range))
  );
}
