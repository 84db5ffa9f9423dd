// The table of guarantees: what each door alone must let through, from the agreements and the exemptions and nothing else.
import type { ServiceGraph, ServiceView, Workload } from '../../graph/index.ts';
import {
  belongs,
  builtinGrant,
  builtinGrants,
  coversName,
  dnsGrants,
  endpointGrants,
  type Grant,
  type Guarantees,
  HBONE,
  inboundGrants,
  isWaypointPod,
  memberGrant,
  outboundGrants,
  probeGrants,
  realPorts,
  sourceGrant,
  wearsGatewayLabel,
} from './grants.ts';
import { type PodParty, wearsLabelsOf } from './party.ts';

/**
 * What a door must do for one subject. `open`: Lattice leaves the pod alone, or it is a shadow. `closed`: default deny,
 * and the grants are all that passes.
 */
export type Row = { readonly kind: 'open' } | ClosedRow;

interface ClosedRow {
  readonly kind: 'closed';
  readonly grants: readonly Grant[];
}

const OPEN: Row = { kind: 'open' };

/** The row of the CNI's egress door for a pod. */
export function egressRow(guarantees: Guarantees, subject: PodParty): Row {
  const view = viewOf(guarantees, subject);
  return view
    ? withGateway(serviceEgress(guarantees, subject, view), guarantees, subject, 'egress')
    : undeclaredRow(guarantees, subject, 'egress');
}

function serviceEgress(guarantees: Guarantees, subject: PodParty, view: ServiceView): ClosedRow {
  const dns = dnsGrants(guarantees.graph.state.settings.exemptions, guarantees);
  if (!belongs(guarantees, subject, view.self)) return { kind: 'closed', grants: dns };
  const egressGateway = guarantees.graph.egressGateway();
  return {
    kind: 'closed',
    grants: [
      ...dns,
      ...view.outbound.flatMap((link) => outboundGrants(view.self, link, guarantees)),
      ...view.egress.flatMap(({ endpoints }) =>
        endpoints.flatMap((each) => endpointGrants(view.self, each, egressGateway, guarantees)),
      ),
      ...view.builtins.flatMap(({ peer, outbound }) =>
        outbound.length === 0 ? [] : builtinGrants(view.self, peer, outbound, 'caller', guarantees),
      ),
    ],
  };
}

/** The row of the CNI's ingress door for a pod. */
export function ingressRow(guarantees: Guarantees, subject: PodParty): Row {
  const view = viewOf(guarantees, subject);
  return view
    ? withGateway(serviceIngress(guarantees, subject, view), guarantees, subject, 'ingress')
    : undeclaredRow(guarantees, subject, 'ingress');
}

function serviceIngress(guarantees: Guarantees, subject: PodParty, view: ServiceView): ClosedRow {
  const probes = probesOf(guarantees, view.self, subject);
  if (!belongs(guarantees, subject, view.self)) return { kind: 'closed', grants: probes };
  return {
    kind: 'closed',
    grants: [
      ...probes,
      ...view.inbound.flatMap((link) => inboundGrants(view.self, link, guarantees)),
      ...view.ingress.map(({ external, ports }) => sourceGrant(external.sources, realPorts(ports), guarantees)),
      ...view.builtins.flatMap(({ peer, inbound }) =>
        inbound.length === 0 ? [] : builtinGrants(view.self, peer, realPorts(inbound), 'callee', guarantees),
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

function undeclaredRow(guarantees: Guarantees, subject: PodParty, direction: 'egress' | 'ingress'): Row {
  const gateway = gatewayRow(guarantees, subject, direction);
  if (gateway) return gateway;
  if (subject.cluster !== guarantees.clusterName || isShadow(guarantees, subject)) return OPEN;
  return homeRow(guarantees, subject.namespace, direction);
}

/** What the policy of the namespace itself does: default deny with the exemptions where it is managed. */
function homeRow(guarantees: Guarantees, namespace: string, direction: 'egress' | 'ingress'): Row {
  const { graph } = guarantees;
  const { exemptions } = graph.state.settings;
  const home = homeOf(graph, namespace);
  if (!home.managed) return OPEN;
  const grants = direction === 'egress' ? dnsGrants(exemptions, guarantees) : probeGrants(exemptions, home.mesh);
  return { kind: 'closed', grants };
}

/** A pod of a service that wears the egress Gateway's label too has what either is granted. */
function withGateway(row: ClosedRow, guarantees: Guarantees, subject: PodParty, direction: 'egress' | 'ingress'): Row {
  const gateway = gatewayRow(guarantees, subject, direction);
  if (gateway?.kind === 'closed') return { kind: 'closed', grants: [...row.grants, ...gateway.grants] };
  return gateway ?? row;
}

/** The row of the egress Gateway's pods; undefined for others, and while nobody calls a host through it. */
function gatewayRow(guarantees: Guarantees, subject: PodParty, direction: 'egress' | 'ingress'): Row | undefined {
  const { graph } = guarantees;
  const gateway = graph.egressGateway();
  if (!gateway || !graph.egressWaypoint() || !wearsGatewayLabel(subject, gateway, guarantees)) return undefined;
  // NetworkPolicy alone makes nothing of a Gateway: its pods are then like any other of the namespace.
  if (guarantees.sight === 'labels' && !guarantees.engines.includes('istio')) return undefined;
  const row = egressWaypointRow(guarantees, direction, isWaypointPod(subject, gateway, guarantees));
  // The policy of a managed namespace selects them too, and with its default deny come its exemptions.
  const home = homeRow(guarantees, subject.namespace, direction);
  return row.kind === 'open' || home.kind === 'open'
    ? row
    : { kind: 'closed', grants: [...row.grants, ...home.grants] };
}

/**
 * X7: the Gateway's pods reach the hosts, the mesh's control plane and DNS; its callers reach it on HBONE. A waypoint ends
 * the tunnel itself and is not redirected, so its probes come from the node as they do without a mesh.
 */
function egressWaypointRow(guarantees: Guarantees, direction: 'egress' | 'ingress', own: boolean): Row {
  const { graph } = guarantees;
  const { exemptions } = graph.state.settings;
  const view = graph.egressWaypoint();
  // NetworkPolicy knows no names: where the Gateway may go is then its authorization's business alone.
  const names = guarantees.sight === 'identity';
  if (!view || (!names && direction === 'egress')) return OPEN;
  if (!own) {
    const grants = direction === 'egress' ? dnsGrants(exemptions, guarantees) : probeGrants(exemptions, 'none');
    return { kind: 'closed', grants };
  }
  if (direction === 'ingress') {
    const callers = view.callers.map((caller) => memberGrant(caller, [{ port: HBONE, protocol: 'TCP' }], guarantees));
    return { kind: 'closed', grants: [...probeGrants(exemptions, 'none'), ...callers] };
  }
  const mesh = exemptions.peers.get('mesh');
  const hosts = view.hosts.map(
    ({ host, ports }): Grant => ({
      matches: (peer) => peer.kind === 'address' && peer.name !== undefined && coversName(host, peer.name),
      who: { kind: 'outside' },
      ports: ports.map(({ port }) => ({ port, protocol: 'TCP' })),
    }),
  );
  return {
    kind: 'closed',
    grants: [
      ...dnsGrants(exemptions, guarantees),
      ...hosts,
      ...(mesh ? [builtinGrant(mesh.peer, mesh.outbound, guarantees)] : []),
    ],
  };
}

/** The probes of the service's own mode; in a managed namespace those of the namespace's too, whose policy selects every pod. */
function probesOf(guarantees: Guarantees, self: Workload, subject: PodParty): Grant[] {
  const { graph } = guarantees;
  const { exemptions } = graph.state.settings;
  const home = homeOf(graph, self.namespace);
  const own = probeGrants(exemptions, self.mesh);
  const selected = home.managed && home.mesh !== self.mesh && !isShadow(guarantees, subject);
  return selected ? [...own, ...probeGrants(exemptions, home.mesh)] : own;
}

function homeOf(
  graph: ServiceGraph,
  namespace: string,
): { readonly managed: boolean; readonly mesh: Workload['mesh'] } {
  const fact = graph.state.namespaces.get(namespace);
  return { managed: fact?.managed ?? false, mesh: fact?.dataplane ?? graph.state.settings.mesh };
}

function isShadow(guarantees: Guarantees, subject: PodParty): boolean {
  const { graph, clusterName } = guarantees;
  if (isWaypoint(graph, subject)) return true;
  return graph.state.selectors.selecting(subject.namespace, subject.labels).some((key) => {
    const workload = graph.state.workloads.get(key);
    return workload?.mode === 'shadow' && wearsLabelsOf(subject, workload, clusterName);
  });
}

/** A waypoint's pod, by the label that Istio puts on it: agreed flows go through it, so it is left alone. */
function isWaypoint(graph: ServiceGraph, { namespace, labels }: PodParty): boolean {
  const key = `${namespace}/${labels['gateway.networking.k8s.io/gateway-name'] ?? ''}`;
  const gateway = graph.state.gateways.get(key);
  return gateway !== undefined && gateway.programmed !== false && graph.state.waypointUsers.has(key);
}
