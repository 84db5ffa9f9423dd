// The table of guarantees: what each door alone must let through, from the agreements and the exemptions and nothing else.
import { type Cidr, containsCidr, type Endpoint, type Protocol } from '../../api/index.ts';
import {
  type BuiltinPeer,
  type Exemptions,
  type Link,
  type Port,
  type ServiceGraph,
  type ServiceView,
  type Waypoint,
  type Workload,
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

const OUTSIDE: Who = { kind: 'outside' };

export interface PortOf {
  readonly port: number;
  readonly protocol: Protocol;
}

/**
 * What a door must do for one subject. `open`: Lattice leaves the pod alone, or it is a shadow. `closed`: default deny,
 * and the grants are all that passes.
 */
export type Row = { readonly kind: 'open' } | { readonly kind: 'closed'; readonly grants: readonly Grant[] };

const OPEN: Row = { kind: 'open' };

/** What the rows are computed from. */
export interface Guarantees {
  readonly graph: ServiceGraph;
  readonly clusterName: string;
}

/** Whether the engine tells pods apart by account and cluster too (Cilium), or by namespace and labels alone (NetworkPolicy). */
export type Sight = 'identity' | 'labels';

/** The row of the CNI's egress door for a pod. */
export function egressRow(guarantees: Guarantees, subject: PodParty): Row {
  const view = viewOf(guarantees, subject);
  if (!view) return undeclaredRow(guarantees, subject, 'egress');
  const { clusterName } = guarantees;
  const dns = dnsGrants(guarantees.graph.state.settings.exemptions, clusterName);
  if (!isMember(subject, view.self, clusterName)) return { kind: 'closed', grants: dns };
  const egressGateway = guarantees.graph.egressGateway();
  return {
    kind: 'closed',
    grants: [
      ...dns,
      ...view.outbound.flatMap((link) => outboundGrants(view.self, link, clusterName)),
      ...view.egress.flatMap(({ endpoints }) =>
        endpoints.flatMap((each) => endpointGrants(view.self, each, egressGateway, clusterName)),
      ),
      ...view.builtins.flatMap(({ peer, outbound }) =>
        outbound.length === 0 ? [] : [builtinGrant(peer, outbound, clusterName)],
      ),
    ],
  };
}

/** The row of the CNI's ingress door for a pod. */
export function ingressRow(guarantees: Guarantees, subject: PodParty): Row {
  const view = viewOf(guarantees, subject);
  if (!view) return undeclaredRow(guarantees, subject, 'ingress');
  const { clusterName } = guarantees;
  const probes = probesOf(guarantees, view.self);
  if (!isMember(subject, view.self, clusterName)) return { kind: 'closed', grants: probes };
  return {
    kind: 'closed',
    grants: [
      ...probes,
      ...view.inbound.flatMap((link) => inboundGrants(view.self, link, clusterName)),
      ...view.ingress.map(({ external, ports }) => sourceGrant(external.sources, realPorts(ports))),
      ...view.builtins.flatMap(({ peer, inbound }) =>
        inbound.length === 0 ? [] : [builtinGrant(peer, realPorts(inbound), clusterName)],
      ),
    ],
  };
}

/** The service whose door the pod stands behind: an enforced one whose labels it wears, whatever its account. */
export function viewOf({ graph, clusterName }: Guarantees, subject: PodParty): ServiceView | undefined {
  const key = graph.state.selectors.selecting(subject.namespace, subject.labels).find((each) => {
    const workload = graph.state.workloads.get(each);
    return (
      workload?.mode === 'enforce' && workload.barred === undefined && wearsLabelsOf(subject, workload, clusterName)
    );
  });
  return key === undefined ? undefined : graph.service(key);
}

/** Whether two ends speak HBONE for this protocol, so that the CNI sees port 15008 instead of the real one (X2, X6). */
export function isTunnelled(a: Workload, b: Workload, protocol: Protocol): boolean {
  return protocol === 'TCP' && a.mesh === 'ambient' && b.mesh === 'ambient';
}

function undeclaredRow(guarantees: Guarantees, subject: PodParty, direction: 'egress' | 'ingress'): Row {
  const { graph, clusterName } = guarantees;
  const { exemptions } = graph.state.settings;
  const gateway = graph.egressGateway();
  if (gateway && wearsGatewayLabel(subject, gateway, clusterName)) {
    return egressWaypointRow(guarantees, direction, subject.account === gateway.account);
  }
  const home = homeOf(graph, subject.namespace);
  if (!home.managed || subject.cluster !== clusterName || isShadow(guarantees, subject)) return OPEN;
  const grants = direction === 'egress' ? dnsGrants(exemptions, clusterName) : probeGrants(exemptions, home.mesh);
  return { kind: 'closed', grants };
}

/**
 * X7: the Gateway's pods reach the hosts, the mesh's control plane and DNS; its callers reach it on HBONE. A waypoint ends
 * the tunnel itself and is not redirected, so its probes come from the node as they do without a mesh.
 */
function egressWaypointRow(guarantees: Guarantees, direction: 'egress' | 'ingress', own: boolean): Row {
  const { graph, clusterName } = guarantees;
  const { exemptions } = graph.state.settings;
  const view = graph.egressWaypoint();
  if (!view) return OPEN;
  if (!own) {
    const grants = direction === 'egress' ? dnsGrants(exemptions, clusterName) : probeGrants(exemptions, 'none');
    return { kind: 'closed', grants };
  }
  if (direction === 'ingress') {
    const callers = view.callers.map((caller) => memberGrant(caller, [{ port: HBONE, protocol: 'TCP' }], clusterName));
    return { kind: 'closed', grants: [...probeGrants(exemptions, 'none'), ...callers] };
  }
  const mesh = exemptions.peers.get('mesh');
  const hosts = view.hosts.map(
    ({ host, ports }): Grant => ({
      matches: (peer) => peer.kind === 'address' && peer.name !== undefined && coversName(host, peer.name),
      who: OUTSIDE,
      ports: ports.map(({ port }) => ({ port, protocol: 'TCP' })),
    }),
  );
  return {
    kind: 'closed',
    grants: [
      ...dnsGrants(exemptions, clusterName),
      ...hosts,
      ...(mesh ? [builtinGrant(mesh.peer, mesh.outbound, clusterName)] : []),
    ],
  };
}

function outboundGrants(self: Workload, { peer, ports }: Link, cluster: string): Grant[] {
  return tunnelGrants(self, peer, ports, peer.waypoint, peer.direct, peer, cluster);
}

function inboundGrants(self: Workload, { peer, ports }: Link, cluster: string): Grant[] {
  return tunnelGrants(peer, self, ports, self.waypoint, self.direct, peer, cluster);
}

/** `other` is the end that is not the subject. A waypoint stands in for it where the traffic goes through one (X3). */
function tunnelGrants(
  caller: Workload,
  callee: Workload,
  ports: readonly Port[],
  waypoint: Waypoint | undefined,
  direct: boolean,
  other: Workload,
  cluster: string,
): Grant[] {
  const tunnelled = ports.some((port) => isTunnelled(caller, callee, port.protocol));
  const plain = realPorts(ports.filter((port) => !isTunnelled(caller, callee, port.protocol)));
  const hbone: PortOf[] = [{ port: HBONE, protocol: 'TCP' }];
  const grants: Grant[] = [];
  if (tunnelled && waypoint) grants.push(waypointGrant(waypoint, hbone, cluster));
  const own = [...(tunnelled && (!waypoint || direct) ? hbone : []), ...plain];
  if (own.length > 0) grants.push(memberGrant(other, own, cluster));
  return grants;
}

function endpointGrants(self: Workload, endpoint: Endpoint, gateway: Waypoint | undefined, cluster: string): Grant[] {
  const { host, port, protocol } = endpoint;
  if (host.kind === 'cidr') {
    return [{ matches: (peer) => isWorld(peer) && within(peer, host), who: OUTSIDE, ports: [{ port, protocol }] }];
  }
  if (self.mesh === 'ambient' && protocol === 'TCP') {
    return gateway ? [waypointGrant(gateway, [{ port: HBONE, protocol: 'TCP' }], cluster)] : [];
  }
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

function sourceGrant(sources: ServiceView['ingress'][number]['external']['sources'], ports: readonly PortOf[]): Grant {
  return {
    who: OUTSIDE,
    ports,
    matches: (peer) =>
      sources.some((source) => {
        switch (source.kind) {
          case 'world':
            return isWorld(peer);
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

function builtinGrant(peer: BuiltinPeer, ports: readonly PortOf[], cluster: string): Grant {
  const { at } = peer;
  switch (at.kind) {
    case 'entity':
      return {
        matches: (party) => (at.entity === 'world' ? isWorld(party) : wears(party, at.entity)),
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
          party.cluster === cluster &&
          party.namespace === at.namespace &&
          (at.account === undefined || party.account === at.account) &&
          Object.entries(at.labels).every(([key, value]) => party.labels[key] === value),
        who: { kind: 'namespace', namespace: at.namespace },
        ports,
      };
  }
}

function dnsGrants(exemptions: Exemptions, cluster: string): Grant[] {
  const ports = exemptions.dns.ports.flatMap((port): PortOf[] => [
    { port, protocol: 'UDP' },
    { port, protocol: 'TCP' },
  ]);
  const pods = exemptions.dns.resolvers.map(({ namespace, labels, account }) =>
    builtinGrant(
      { name: 'dns', at: { kind: 'pods', namespace, labels, ...(account === undefined ? {} : { account }) } },
      ports,
      cluster,
    ),
  );
  const { cidrs } = exemptions.dns;
  return cidrs.length === 0
    ? pods
    : [...pods, builtinGrant({ name: 'dns', at: { kind: 'cidrs', cidrs } }, ports, cluster)];
}

/** The probes of the service's own mode; in a managed namespace those of the namespace's too, whose policy selects every pod. */
function probesOf({ graph }: Guarantees, self: Workload): Grant[] {
  const { exemptions } = graph.state.settings;
  const home = homeOf(graph, self.namespace);
  const own = probeGrants(exemptions, self.mesh);
  return home.managed && home.mesh !== self.mesh ? [...own, ...probeGrants(exemptions, home.mesh)] : own;
}

function homeOf(graph: ServiceGraph, namespace: string): { readonly managed: boolean; readonly mesh: Workload['mesh'] } {
  const fact = graph.state.namespaces.get(namespace);
  return { managed: fact?.managed ?? false, mesh: fact?.dataplane ?? graph.state.settings.mesh };
}

function isShadow({ graph, clusterName }: Guarantees, subject: PodParty): boolean {
  return graph.state.selectors.selecting(subject.namespace, subject.labels).some((key) => {
    const workload = graph.state.workloads.get(key);
    return workload?.mode === 'shadow' && wearsLabelsOf(subject, workload, clusterName);
  });
}

/** X4: kubelet's probes, and with them any process of the node that speaks as kubelet does. */
function probeGrants(exemptions: Exemptions, mesh: Workload['mesh']): Grant[] {
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

function memberGrant(service: Workload, ports: readonly PortOf[], cluster: string): Grant {
  return {
    matches: (peer) => peer.kind === 'pod' && isMember(peer, service, cluster),
    who: { kind: 'service', key: service.key },
    ports,
  };
}

function waypointGrant(waypoint: Waypoint, ports: readonly PortOf[], cluster: string): Grant {
  return {
    matches: (peer) => peer.kind === 'pod' && isWaypointPod(peer, waypoint, cluster),
    who: { kind: 'namespace', namespace: waypoint.namespace },
    ports,
  };
}

/** Whether the pod is one of the Gateway's own. */
export function isWaypointPod(pod: PodParty, waypoint: Waypoint, cluster: string): boolean {
  return pod.account === waypoint.account && wearsGatewayLabel(pod, waypoint, cluster);
}

function wearsGatewayLabel(pod: PodParty, waypoint: Waypoint, cluster: string): boolean {
  return (
    pod.cluster === cluster &&
    pod.namespace === waypoint.namespace &&
    pod.labels['gateway.networking.k8s.io/gateway-name'] === waypoint.name
  );
}

function realPorts(ports: readonly Port[]): PortOf[] {
  return ports.flatMap((port) => port.targetPorts.map((target) => ({ port: target, protocol: port.protocol })));
}

function wears(party: Party, label: string): boolean {
  return party.kind === 'reserved' && party.labels.includes(label);
}

function within(party: Party, range: Cidr): boolean {
  return party.kind !== 'pod' && party.address !== undefined && containsCidr(range, party.address);
}
