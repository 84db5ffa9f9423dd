import { type ExternalDeclaration, names } from './declare-external.ts';
import { allows, type AnyHalf, type ServiceDeclaration } from './declare-service.ts';
import type { HalfList, PortFilter } from './half-list.ts';
import type { NamedEndpoint, Port } from './model.ts';

/** One side of an edge between two services: what it says by name, and by `*`. */
interface Side {
  readonly named: PortFilter | undefined;
  readonly any: readonly AnyHalf[];
}

const NO_PORTS: readonly Port[] = [];

/** Whether both sides speak of this pair, at least one of them by name; on which ports is another question. */
export function meet(caller: ServiceDeclaration, callee: ServiceDeclaration): boolean {
  const calls = caller.outbound.has(callee.self);
  const accepts = callee.inbound.has(caller.self);
  if (calls && accepts) return true;
  const self = caller.self === callee.self;
  return (
    (calls && wildcardsFor(callee.inboundAny, caller, self).length > 0) ||
    (accepts && wildcardsFor(caller.outboundAny, callee, self).length > 0)
  );
}

/**
 * The callee's ports that both sides declare for this pair: the same array as `ports` where that is all of them.
 * Two wildcards never agree, and a wildcard never means the service itself.
 */
export function agreedPorts(
  caller: ServiceDeclaration,
  callee: ServiceDeclaration,
  ports: readonly Port[],
): readonly Port[] {
  // Almost always neither side names ports.
  if (!caller.narrows && !callee.narrows) return meet(caller, callee) ? ports : NO_PORTS;
  const outbound = sideOf(caller.outbound, caller.outboundAny, callee, caller.self === callee.self);
  const inbound = sideOf(callee.inbound, callee.inboundAny, caller, caller.self === callee.self);
  if (outbound.named === undefined && inbound.named === undefined) return NO_PORTS;
  return ports.filter(
    (port) =>
      (says(outbound.named, port) && (says(inbound.named, port) || saysAny(inbound.any, port))) ||
      (saysAny(outbound.any, port) && says(inbound.named, port)),
  );
}

/** Endpoints that the service calls and the external service allows it to. */
export function agreedEndpoints(service: ServiceDeclaration, external: ExternalDeclaration): readonly NamedEndpoint[] {
  const filter = service.egress.get(external.key);
  if (filter === undefined || !names(external.requesters, service.key, service.namespace)) return [];
  return filter === 'all'
    ? external.node.endpoints
    : external.node.endpoints.filter((endpoint) => allows(filter, endpoint));
}

/** Ports that the external service's sources may call. */
export function agreedIngress(
  service: ServiceDeclaration,
  external: ExternalDeclaration,
  ports: readonly Port[],
): readonly Port[] {
  const filter = service.ingress.get(external.key);
  if (filter === undefined || external.node.sources.length === 0) return [];
  if (!names(external.targets, service.key, service.namespace)) return [];
  return filter === 'all' ? ports : ports.filter((port) => allows(filter, port));
}

const NO_HALVES: readonly AnyHalf[] = [];

function sideOf(halves: HalfList, wildcards: readonly AnyHalf[], peer: ServiceDeclaration, self: boolean): Side {
  return { named: halves.filterFor(peer.self), any: wildcardsFor(wildcards, peer, self) };
}

function wildcardsFor(wildcards: readonly AnyHalf[], peer: ServiceDeclaration, self: boolean): readonly AnyHalf[] {
  if (self || wildcards.length === 0) return NO_HALVES;
  return wildcards.filter((half) => half.namespace === '*' || half.namespace === peer.namespace);
}

function says(filter: PortFilter | undefined, port: Port): boolean {
  return filter !== undefined && allows(filter, port);
}

function saysAny(halves: readonly AnyHalf[], port: Port): boolean {
  return halves.some((half) => allows(half.ports, port));
}
