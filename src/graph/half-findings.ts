import { allows, type ServiceDeclaration } from './declare-service.ts';
import { between } from './edges.ts';
import type { ServiceGraph } from './graph.ts';
import type { PortFilter } from './half-list.ts';
import { missingHalf } from './missing-half.ts';
import { entryPath, type Report } from './report.ts';
import type { GraphState } from './state.ts';
import { suggestion } from './suggestion.ts';

/** What is missing or meaningless in the halves of a service towards other services. */
export function halfFindings(graph: ServiceGraph, service: ServiceDeclaration, own: Report): void {
  if (isAnswered(service)) return;
  const { outbound, inbound } = service;
  for (const peer of outbound.peers) outboundFindings(graph, service, peer.key, outbound.filterFor(peer) ?? 'all', own);
  for (const peer of inbound.peers) inboundFindings(graph, service, peer.key, inbound.filterFor(peer) ?? 'all', own);
}

/**
 * Whether each half has its answer and nobody names ports: then there is nothing to say, and no pair to look at. Without
 * wildcards of its own a service has only neighbours that it names, so that counting them tells whether one is missing.
 */
function isAnswered({ self, narrows, outbound, inbound, outboundAny, inboundAny }: ServiceDeclaration): boolean {
  return (
    !narrows &&
    outboundAny.length + inboundAny.length === 0 &&
    self.callees.length === outbound.peers.length &&
    self.callers.length === inbound.peers.length &&
    self.callees.every(
      ({ declaration, workload }) => declaration?.narrows === false && (workload?.ports.length ?? 0) > 0,
    )
  );
}

function outboundFindings(
  graph: ServiceGraph,
  service: ServiceDeclaration,
  callee: string,
  filter: PortFilter,
  own: Report,
): void {
  const { state } = graph;
  const path = entryPath(service, 'outbound', 'service', callee);
  const peer = state.services.get(callee);
  if (!peer)
    return own.add('UnknownPeer', 'warning', `calls ${callee}, which is not declared`, path, suggestion(state, callee));
  const edge = between(graph, service.key, callee);
  if (edge?.missing === 'inbound') {
    own.add(
      'HalfAgreement',
      'warning',
      `calls ${callee}, which does not accept it`,
      path,
      missingHalf('inbound', service.key, callee),
    );
  }
  portFindings(state, callee, filter, edge?.missing === 'ports', path, own);
}

function inboundFindings(
  graph: ServiceGraph,
  service: ServiceDeclaration,
  caller: string,
  filter: PortFilter,
  own: Report,
): void {
  const { state } = graph;
  const path = entryPath(service, 'inbound', 'service', caller);
  if (!state.services.has(caller)) {
    return own.add(
      'UnknownPeer',
      'warning',
      `accepts ${caller}, which is not declared`,
      path,
      suggestion(state, caller),
    );
  }
  const edge = between(graph, caller, service.key);
  if (edge?.missing === 'outbound') {
    own.add(
      'HalfAgreement',
      'warning',
      `accepts ${caller}, which does not call it`,
      path,
      missingHalf('outbound', caller, service.key),
    );
  }
  if (filter !== 'all') portFindings(state, service.key, filter, false, path, own);
}

function portFindings(
  state: GraphState,
  callee: string,
  filter: PortFilter,
  disjoint: boolean,
  path: readonly (string | number)[],
  own: Report,
): void {
  const ports = state.workloads.get(callee)?.ports ?? [];
  if (ports.length === 0) {
    if (disjoint)
      own.add(
        'NoPorts',
        'warning',
        `${callee} has no known port, so nothing opens`,
        path,
        `declare spec.service.ports on ${callee}`,
      );
    return;
  }
  const unknown = filter === 'all' ? [] : filter.filter((each) => !ports.some((port) => allows([each], port)));
  for (const each of unknown) {
    own.add(
      'UnknownPort',
      'warning',
      `${callee} has no port ${each}`,
      [...path, 'ports'],
      `its ports: ${ports.map((port) => `${port.name} (${port.port})`).join(', ')}`,
    );
  }
  if (disjoint && unknown.length === 0) {
    own.add(
      'NoCommonPort',
      'warning',
      `both sides agree with ${callee}, but on different ports`,
      path,
      'name the same ports on both sides',
    );
  }
}
