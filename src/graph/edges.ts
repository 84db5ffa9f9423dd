import type { Barred } from './barred.ts';
import { hostText } from '../api/index.ts';
import { agreedEndpoints, agreedIngress } from './agree.ts';
import type { ExternalDeclaration } from './declare-external.ts';
import type { ServiceDeclaration } from './declare-service.ts';
import type { ServiceGraph } from './graph.ts';
import { byText } from './key.ts';
import type { Port } from './model.ts';
import type { Party } from './party.ts';
import type { GraphState } from './state.ts';
import { agreed, edgeBarred, identityRefused, serviceView } from './views.ts';

/** Which half of an agreement nobody has written, or `ports`: both are there and have no port in common. */
export type Missing = 'outbound' | 'inbound' | 'both' | 'ports';

/** Where an edge is enforced: a shadow end leaves its own door open. */
export type EnforcedAt = 'both' | 'caller' | 'callee' | 'none';

/** One line of the graph: what two parties declare about one port, whether or not they agree. */
export interface Edge {
  /** `namespace/name`, `external:namespace/name` or `builtin:name`. */
  readonly from: string;
  readonly to: string;
  readonly agreed: boolean;
  /** Present on agreed edges. */
  readonly port?: Port;
  /** Present on edges to an external service: the endpoint's host. */
  readonly host?: string;
  readonly missing?: Missing;
  /** Why an agreed edge is closed all the same: a finding's code. */
  readonly barred?: Barred;
  readonly enforcedAt: EnforcedAt;
}

/** What is declared between two services, from caller to callee. */
export interface Between {
  readonly ports: readonly Port[];
  readonly missing: Missing | undefined;
  readonly barred: Barred | undefined;
}

/** What caller and callee say of each other; undefined when one of them is not declared. */
export function between(graph: ServiceGraph, callerKey: string, calleeKey: string): Between | undefined {
  const { state } = graph;
  const caller = state.services.get(callerKey);
  const callee = state.services.get(calleeKey);
  return caller && callee ? betweenServices(state, caller, callee) : undefined;
}

/** Every edge that somebody declares, agreed or half, sorted by from, to and port. */
export function edgesOf(graph: ServiceGraph): readonly Edge[] {
  const { state } = graph;
  const edges: Edge[] = [];
  for (const service of state.services.values()) {
    edges.push(...serviceEdges(state, service), ...externalEdges(state, service), ...builtinEdges(state, service));
  }
  for (const external of state.externals.values()) edges.push(...unansweredMembers(state, external));
  const text = (edge: Edge) =>
    `${edge.from}\n${edge.to}\n${edge.host ?? ''}\n${String(edge.port?.port ?? 0).padStart(5, '0')}\n${edge.port?.name ?? ''}`;
  return edges
    .map((edge) => [text(edge), edge] as const)
    .sort(([a], [b]) => byText(a, b))
    .map(([, edge]) => edge);
}

function serviceEdges(state: GraphState, service: ServiceDeclaration): Edge[] {
  const outbound = calleesOf(state, service).flatMap((callee): Edge[] => edgesTowards(state, service, callee));
  // Halves of a callee whose caller says nothing: nobody else's list has them.
  const unanswered = service.inbound.peers.filter(
    ({ declaration: caller }) => !caller || betweenServices(state, caller, service).missing === 'outbound',
  );
  const enforcedAt = enforcedBetween(state, undefined, service.key);
  return [
    ...outbound,
    ...unanswered.map(
      ({ key }): Edge => ({ from: key, to: service.key, agreed: false, missing: 'outbound', enforcedAt }),
    ),
  ];
}

function edgesTowards(state: GraphState, caller: ServiceDeclaration, { key, declaration: callee }: Party): Edge[] {
  const enforcedAt = enforcedBetween(state, caller.key, key);
  if (!callee) return [{ from: caller.key, to: key, agreed: false, missing: 'inbound', enforcedAt }];
  const { ports, missing, barred } = betweenServices(state, caller, callee);
  if (missing === 'outbound' || missing === 'both') return [];
  if (missing !== undefined) return [{ from: caller.key, to: key, agreed: false, missing, enforcedAt }];
  return ports.map((port) => ({
    from: caller.key,
    to: key,
    agreed: true,
    port,
    ...(barred === undefined ? {} : { barred }),
    enforcedAt,
  }));
}

/** Services that this one names, and those that name it where it says `*`. */
function calleesOf(state: GraphState, service: ServiceDeclaration): readonly Party[] {
  if (service.outboundAny.length === 0) return service.outbound.peers;
  return [...new Set([...service.outbound.peers, ...state.calleesNaming.get(service.self)])];
}

function betweenServices(state: GraphState, caller: ServiceDeclaration, callee: ServiceDeclaration): Between {
  const ports = agreed(caller, callee);
  const from = caller.self.workload;
  const to = callee.self.workload;
  const barred = from && to && ports.length > 0 ? edgeBarred(state, from, to) : undefined;
  return { ports, barred, missing: ports.length > 0 ? undefined : missingBetween(caller, callee) };
}

function missingBetween(caller: ServiceDeclaration, callee: ServiceDeclaration): Missing {
  const self = caller.key === callee.key;
  const out = caller.outbound.has(callee.self);
  const into = callee.inbound.has(caller.self);
  const anyOut =
    !self && caller.outboundAny.some((half) => half.namespace === '*' || half.namespace === callee.namespace);
  const anyIn =
    !self && callee.inboundAny.some((half) => half.namespace === '*' || half.namespace === caller.namespace);
  if (out && (into || anyIn)) return 'ports';
  if (into && anyOut) return 'ports';
  if (out) return 'inbound';
  if (into) return 'outbound';
  return 'both';
}

function externalEdges(state: GraphState, service: ServiceDeclaration): Edge[] {
  const workload = state.workloads.get(service.key);
  const enforcedAt: EnforcedAt = service.mode === 'shadow' ? 'none' : 'both';
  const edges: Edge[] = [];
  for (const key of service.egress.keys()) {
    const external = state.externals.get(key);
    const to = `external:${key}`;
    const endpoints = external ? agreedEndpoints(service, external) : [];
    if (endpoints.length === 0) edges.push({ from: service.key, to, agreed: false, missing: 'inbound', enforcedAt });
    for (const endpoint of endpoints) {
      const named = endpoint.host.kind !== 'cidr' && endpoint.protocol === 'TCP';
      const barred =
        workload?.barred ??
        (named && workload?.mesh === 'ambient' && identityRefused(state, workload) ? 'SharedIdentity' : undefined);
      const port: Port = {
        name: endpoint.name,
        port: endpoint.port,
        targetPorts: [endpoint.port],
        protocol: endpoint.protocol,
      };
      edges.push({
        from: service.key,
        to,
        agreed: true,
        port,
        host: hostText(endpoint.host),
        ...(barred === undefined ? {} : { barred }),
        enforcedAt: enforcedAt === 'none' ? 'none' : 'caller',
      });
    }
  }
  for (const key of service.ingress.keys()) {
    const external = state.externals.get(key);
    const from = `external:${key}`;
    const ports = external ? agreedIngress(service, external, workload?.ports ?? []) : [];
    const barred = workload?.barred;
    if (ports.length === 0) edges.push({ from, to: service.key, agreed: false, missing: 'outbound', enforcedAt });
    for (const port of ports) {
      edges.push({
        from,
        to: service.key,
        agreed: true,
        port,
        ...(barred === undefined ? {} : { barred }),
        enforcedAt: enforcedAt === 'none' ? 'none' : 'callee',
      });
    }
  }
  return edges;
}

function builtinEdges(state: GraphState, service: ServiceDeclaration): Edge[] {
  const view = serviceView(state, service.key);
  const enforcedAt: EnforcedAt = service.mode === 'shadow' ? 'none' : 'both';
  return (view?.builtins ?? []).flatMap(({ peer, outbound, inbound }): Edge[] => [
    ...outbound.map(({ port, protocol }) => ({
      from: service.key,
      to: `builtin:${peer.name}`,
      agreed: true,
      port: { name: String(port), port, targetPorts: [port], protocol },
      enforcedAt,
    })),
    ...inbound.map((port) => ({ from: `builtin:${peer.name}`, to: service.key, agreed: true, port, enforcedAt })),
  ]);
}

/** Services that an external service lists by name and that do not answer. */
function unansweredMembers(state: GraphState, external: ExternalDeclaration): Edge[] {
  const silent = (keys: ReadonlySet<string>, answers: (service: ServiceDeclaration) => ReadonlyMap<string, unknown>) =>
    [...keys].filter((key) => {
      const service = state.services.get(key);
      return !service || !answers(service).has(external.key);
    });
  const name = `external:${external.key}`;
  return [
    ...silent(external.requesters.keys, (service) => service.egress).map(
      (from): Edge => ({ from, to: name, agreed: false, missing: 'outbound', enforcedAt: 'none' }),
    ),
    ...silent(external.targets.keys, (service) => service.ingress).map(
      (to): Edge => ({ from: name, to, agreed: false, missing: 'inbound', enforcedAt: 'none' }),
    ),
  ];
}

function enforcedBetween(state: GraphState, callerKey: string | undefined, calleeKey: string): EnforcedAt {
  const enforces = (key: string | undefined) => key !== undefined && state.services.get(key)?.mode === 'enforce';
  const caller = enforces(callerKey);
  const callee = enforces(calleeKey);
  return caller ? (callee ? 'both' : 'caller') : callee ? 'callee' : 'none';
}
