import type { Barred } from './barred.ts';
import { hostText } from '../api/index.ts';
import { agreedEndpoints, agreedIngress, agreedPorts } from './agree.ts';
import { allows, type ServiceDeclaration } from './declare-service.ts';
import type { PortFilter } from './half-list.ts';
import { byText } from './key.ts';
import { callsThroughTunnel, meshedBuiltin } from './model.ts';
import type {
  BuiltinLink,
  EgressLink,
  EgressWaypointView,
  HostView,
  IngressLink,
  Link,
  NamespaceView,
  Port,
  ServiceView,
  Waypoint,
  Workload,
} from './model.ts';
import type { Party } from './party.ts';
import type { ConfiguredPeer } from './settings.ts';
import { type GraphState, sharesIdentity } from './state.ts';

/** Everything a compiler may know about one service; undefined when it is not declared. A barred service has no links. */
export function serviceView(state: GraphState, key: string): ServiceView | undefined {
  const declaration = state.services.get(key);
  const self = declaration?.self.workload;
  if (!self) return undefined;
  const party = declaration.self;
  if (self.barred !== undefined) return { self, inbound: [], outbound: [], egress: [], ingress: [], builtins: [] };
  return {
    self,
    inbound: inboundLinks(state, party, self),
    outbound: outboundLinks(state, party, self),
    egress: egressOf(state, declaration, self),
    ingress: ingressOf(state, declaration, self),
    builtins: builtinsOf(state, declaration, self),
  };
}

/** What both declare for caller -> callee, whether or not a door can be written for it. */
export function agreed(caller: ServiceDeclaration, callee: ServiceDeclaration): readonly Port[] {
  return agreedPorts(caller, callee, callee.self.workload?.ports ?? NO_PORTS);
}

/** The same for two that meet, as neighbours do. A declaration is looked at only where it says more than who. */
export function portsBetween(from: Party, to: Party): readonly Port[] {
  const { workload } = to;
  if (workload && !from.narrows && !to.narrows) return workload.ports;
  const { declaration: caller } = from;
  const { declaration: callee } = to;
  if (!caller || !callee || !workload) return NO_PORTS;
  return agreedPorts(caller, callee, workload.ports);
}

const NO_PORTS: readonly Port[] = [];

/** Why an agreed edge is not compiled: an end is barred, or the mesh cannot tell the caller from another workload. */
export function edgeBarred(state: GraphState, caller: Workload, callee: Workload): Barred | undefined {
  if (caller.barred !== undefined) return caller.barred;
  if (callee.barred !== undefined) return callee.barred;
  if (caller.mesh === 'ambient' && sharesService(state, callee)) return 'ServiceShared';
  const told = callsThroughTunnel(caller.mesh) && callee.mesh === 'ambient';
  return told && identityRefused(state, caller) ? 'SharedIdentity' : undefined;
}

/**
 * Whether a Service of this one, behind a waypoint, leads to another service's pods too: the waypoint sees the Service alone,
 * and the pods of both admit the waypoint, so that who may call one would reach the other.
 */
export function sharesService(state: GraphState, { namespace, services, waypoint }: Workload): boolean {
  return waypoint !== undefined && services.some((name) => state.frontedBy.count(`${namespace}/${name}`) > 1);
}

/** Whether a mesh must refuse this caller: its principal is shared and nobody accepted that. */
export function identityRefused(state: GraphState, caller: Workload): boolean {
  return sharesIdentity(state, caller) && state.services.get(caller.key)?.allowSharedIdentity !== true;
}

/** Everything about one host behind the egress waypoint; undefined when no meshed service calls it. */
export function hostView(state: GraphState, host: string): HostView | undefined {
  const ports = new Map<
    string,
    { port: number; scheme: HostView['ports'][number]['scheme']; callers: Map<string, Workload> }
  >();
  for (const externalKey of state.hosts.get(host)) {
    const external = state.externals.get(externalKey);
    if (!external) continue;
    for (const serviceKey of state.externalUsers.get(externalKey)) {
      const service = state.services.get(serviceKey);
      const caller = state.workloads.get(serviceKey);
      if (!service || !caller || !isMeshed(state, caller)) continue;
      for (const endpoint of agreedEndpoints(service, external)) {
        if (endpoint.protocol !== 'TCP' || endpoint.host.kind === 'cidr' || hostText(endpoint.host) !== host) continue;
        const id = `${String(endpoint.port).padStart(5, '0')} ${endpoint.scheme}`;
        const entry = ports.get(id) ?? {
          port: endpoint.port,
          scheme: endpoint.scheme,
          callers: new Map<string, Workload>(),
        };
        entry.callers.set(serviceKey, caller);
        ports.set(id, entry);
      }
    }
  }
  if (ports.size === 0) return undefined;
  const sorted = [...ports].sort(([a], [b]) => byText(a, b));
  return {
    host,
    ports: sorted.map(([, { port, scheme, callers }]) => ({
      port,
      scheme,
      callers: [...callers.values()].sort((a, b) => byText(a.key, b.key)),
    })),
  };
}

/** The namespace as default deny sees it. */
export function namespaceView(state: GraphState, namespace: string): NamespaceView {
  const fact = state.namespaces.get(namespace);
  const keys = [...state.members.get(namespace)].sort();
  const workloads = keys.flatMap((key) => state.workloads.get(key) ?? []);
  return {
    namespace,
    managed: fact?.managed ?? false,
    mesh: fact?.dataplane ?? state.settings.mesh,
    shadows: [...workloads.filter((workload) => workload.mode === 'shadow'), ...waypointsIn(state, namespace)],
    enforced: workloads.filter((workload) => workload.mode === 'enforce'),
  };
}

/**
 * Waypoints that live in the namespace, as shadows: their pods are nobody's service, and agreed flows go through them.
 * The egress waypoint is none of them, it has a policy of its own.
 */
function waypointsIn(state: GraphState, namespace: string): Workload[] {
  const egress = state.settings.egressWaypoint;
  return [...state.waypointUsers.keys()].sort().flatMap((key): Workload[] => {
    const gateway = state.gateways.get(key);
    const own = egress && key === `${egress.namespace}/${egress.name}`;
    if (!gateway || gateway.namespace !== namespace || gateway.programmed === false || own) return [];
    return [
      {
        key: `Gateway ${key}`,
        namespace,
        name: gateway.name,
        selectors: [{ 'gateway.networking.k8s.io/gateway-name': gateway.name }],
        accounts: [gateway.name],
        mesh: 'none',
        mode: 'shadow',
        ports: [],
        services: [],
        direct: true,
      },
    ];
  });
}

/** The Gateway for egress, when there is one and it is programmed. A Gateway of which nothing is known counts if `assumed`. */
export function egressWaypoint(state: GraphState): Waypoint | undefined {
  const named = state.settings.egressWaypoint;
  if (!named) return undefined;
  const gateway = state.gateways.get(`${named.namespace}/${named.name}`);
  const ready = gateway ? gateway.programmed !== false : named.assumed;
  return ready ? { namespace: named.namespace, name: named.name, account: named.name } : undefined;
}

/** The egress waypoint with everything behind it; undefined when there is none, or nobody uses it. */
export function egressWaypointView(state: GraphState): EgressWaypointView | undefined {
  const waypoint = egressWaypoint(state);
  if (!waypoint) return undefined;
  const hosts = [...state.hosts.keys()].sort().flatMap((host) => hostView(state, host) ?? []);
  if (hosts.length === 0) return undefined;
  const callers = new Map(
    hosts.flatMap((host) => host.ports.flatMap((port) => port.callers.map((caller) => [caller.key, caller] as const))),
  );
  return { waypoint, hosts, callers: [...callers.values()].sort((a, b) => byText(a.key, b.key)) };
}

function inboundLinks(state: GraphState, party: Party, self: Workload): readonly Link[] {
  const links: Link[] = [];
  for (const caller of party.callers) {
    const peer = caller.workload;
    const ports = portsBetween(caller, party);
    if (peer && ports.length > 0 && edgeBarred(state, peer, self) === undefined) links.push({ peer, ports });
  }
  return links;
}

function outboundLinks(state: GraphState, party: Party, self: Workload): readonly Link[] {
  const links: Link[] = [];
  for (const callee of party.callees) {
    const peer = callee.workload;
    const ports = portsBetween(party, callee);
    if (peer && ports.length > 0 && edgeBarred(state, self, peer) === undefined) links.push({ peer, ports });
  }
  return links;
}

function egressOf(state: GraphState, service: ServiceDeclaration, self: Workload): readonly EgressLink[] {
  if (service.egress.size === 0) return [];
  return [...service.egress.keys()].sort().flatMap((key): EgressLink[] => {
    const external = state.externals.get(key);
    if (!external) return [];
    const all = agreedEndpoints(service, external);
    const endpoints =
      isMeshed(state, self) || self.mesh !== 'ambient'
        ? all
        : all.filter((each) => each.host.kind === 'cidr' || each.protocol !== 'TCP');
    return endpoints.length === 0 ? [] : [{ external: external.node, endpoints }];
  });
}

function ingressOf(state: GraphState, service: ServiceDeclaration, self: Workload): readonly IngressLink[] {
  if (service.ingress.size === 0) return [];
  return [...service.ingress.keys()].sort().flatMap((key): IngressLink[] => {
    const external = state.externals.get(key);
    const ports = external ? agreedIngress(service, external, self.ports) : [];
    return external && ports.length > 0 ? [{ external: external.node, ports }] : [];
  });
}

function builtinsOf(state: GraphState, service: ServiceDeclaration, self: Workload): readonly BuiltinLink[] {
  if (service.builtinOutbound.size === 0 && service.builtinInbound.size === 0) return [];
  const names = new Set([...service.builtinOutbound.keys(), ...service.builtinInbound.keys()]);
  return [...names].sort().flatMap((name): BuiltinLink[] => {
    const configured = state.settings.exemptions.peers.get(name);
    if (!configured) return [];
    const outbound = builtinOutbound(configured, service.builtinOutbound.get(name));
    const closed = meshedBuiltin(configured.peer) !== undefined && sharesService(state, self);
    const inbound = closed ? [] : builtinInbound(configured, service.builtinInbound.get(name), self.ports);
    return outbound.length + inbound.length === 0 ? [] : [{ peer: configured.peer, outbound, inbound }];
  });
}

function builtinOutbound(configured: ConfiguredPeer, filter: PortFilter | undefined): BuiltinLink['outbound'] {
  if (filter === undefined) return [];
  return filter === 'all' ? configured.outbound : configured.outbound.filter(({ port }) => filter.includes(port));
}

function builtinInbound(
  configured: ConfiguredPeer,
  filter: PortFilter | undefined,
  ports: readonly Port[],
): readonly Port[] {
  const { inbound } = configured;
  if (filter === undefined || inbound === 'none') return [];
  return ports.filter(
    (port) =>
      allows(filter, port) &&
      (inbound === 'declared' || inbound.some((each) => each.port === port.port && each.protocol === port.protocol)),
  );
}

/** Whether the service's egress goes through the mesh under an identity that can be told apart. */
function isMeshed(state: GraphState, workload: Workload): boolean {
  return workload.mesh === 'ambient' && workload.barred === undefined && !identityRefused(state, workload);
}
