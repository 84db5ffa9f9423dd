import { hostText } from '../../api/index.ts';
import { between, missingHalf, type Missing, type ServiceGraph, unguardedCallers } from '../../graph/index.ts';
import type { Claim } from '../prove/prove.ts';
import { shortestChain } from './chain.ts';
import { closedAmong, type JudgedEdge } from './closed-edges.ts';
import { type End, type FlowPort, flowPorts, hostEnd, resolveEnd } from './ends.ts';
import { type DoorAnswer, FlowJudge } from './judge-flow.ts';
import type { Operand, PortAsked } from './operand.ts';

/** What `explain` knows about one port of a flow. */
export interface PortExplanation {
  readonly port: FlowPort;
  readonly verdict: 'allowed' | 'denied' | 'undecided';
  readonly doors: readonly DoorAnswer[];
}

export interface Explanation {
  readonly from: string;
  readonly to: string;
  /** Allowed when one of the ports is; undecided when none is and one cannot be decided. */
  readonly verdict: 'allowed' | 'denied' | 'undecided';
  readonly ports: readonly PortExplanation[];
  /** Which half of the agreement is missing, when the two are services. */
  readonly missing?: Missing;
  /** What to write, or why an agreed edge stays closed. */
  readonly fix?: string;
  readonly note?: string;
  /** The shortest chain of agreements from one to the other, when they have none of their own. */
  readonly chain?: readonly string[];
}

/** A question that has no answer: an operand that is not among the inputs, a port that nothing names. */
export class UnanswerableError extends Error {
  override readonly name = 'UnanswerableError';
}

/**
 * Follows the flow through every door, and says what is missing, or why it is closed although both sides agree. Without a
 * port, every port of the callee is asked. `edges` are those of the graph, judged.
 */
export function explain(
  claim: Claim,
  edges: readonly JudgedEdge[],
  from: Operand,
  to: Operand,
  asked: PortAsked | undefined,
): Explanation {
  const { graph, clusterName } = claim;
  const caller = resolveEnd(from, graph, clusterName);
  const callee = resolveEnd(to, graph, clusterName);
  if (!caller || !callee) throw new UnanswerableError(`nothing is known of ${caller ? nameOf(to) : nameOf(from)}`);
  const judge = new FlowJudge(claim);
  const ports = portsAsked(graph, to, callee, asked).map(({ end, port }): PortExplanation => {
    const { verdict, doors } = judge.judge(caller, end, port);
    return { port, verdict, doors };
  });
  const verdict = ports.some((each) => each.verdict === 'allowed')
    ? 'allowed'
    : ports.some((each) => each.verdict === 'undecided')
      ? 'undecided'
      : 'denied';
  const closed = closures(edges, nameOf(from), nameOf(to), ports);
  const why =
    closed.length > 0
      ? closedNote(closed)
      : verdict === 'denied' && isAgreed(edges, nameOf(from), nameOf(to), ports)
        ? NOT_ENFORCED
        : verdict === 'allowed'
          ? unagreed(graph, from, to)
          : halves(graph, edges, from, to);
  return { from: nameOf(from), to: nameOf(to), verdict, ports, ...why };
}

/** Both sides agree and nothing was refused, so the objects are others than those that the declarations compile to. */
const NOT_ENFORCED = {
  note: 'both sides agree, but the objects that were judged do not let it through',
  fix: 'apply what "lattice compile" gives, and look at the object that denies it',
};

/** Why two services reach each other that have no agreement. */
function unagreed(graph: ServiceGraph, from: Operand, to: Operand): Pick<Explanation, 'note' | 'fix'> {
  if (from.kind !== 'service' || to.kind !== 'service') return {};
  if (between(graph, from.key, to.key)?.missing === undefined) return {};
  const callee = graph.state.workloads.get(to.key);
  const hidden = callee && unguardedCallers(graph.state, callee).find(({ caller }) => caller === from.key);
  if (!hidden) return { note: 'it is open although nobody agreed: see which doors stand above, and why they are open' };
  return {
    note: `nobody agreed, and no door closes it (UnagreedThroughWaypoint): ${to.key} is a shadow behind the waypoint that ${from.key} may use for ${hidden.via}`,
    fix: `label the Services of ${to.key} istio.io/use-waypoint: none, or with a waypoint of their own; or write mode: enforce there`,
  };
}

function isAgreed(edges: readonly JudgedEdge[], from: string, to: string, ports: readonly PortExplanation[]): boolean {
  return edges.some((edge) => edge.agreed && edge.from === from && edge.to === to && isAmong(edge, ports));
}

/** The edges among those asked that both sides agree on and that stay closed. */
function closures(edges: readonly JudgedEdge[], from: string, to: string, ports: readonly PortExplanation[]) {
  return closedAmong(edges).filter((edge) => edge.from === from && edge.to === to && isAmong(edge, ports));
}

function isAmong(edge: JudgedEdge, ports: readonly PortExplanation[]): boolean {
  return ports.some(({ port }) => port.service === edge.port?.port && (edge.host ?? port.host) === port.host);
}

function closedNote(closed: ReturnType<typeof closedAmong>): { readonly note: string; readonly fix?: string } {
  const reasons = new Map(closed.map((edge) => [edge.closed.code + edge.closed.message, edge.closed]));
  const notes = [...reasons.values()].map(
    ({ code, message }) => `both sides agree, but the edge stays closed (${code}): ${message}`,
  );
  const fixes = new Set([...reasons.values()].flatMap(({ fix }) => fix ?? []));
  return { note: notes.join('\n'), ...(fixes.size > 0 ? { fix: [...fixes].join('\n') } : {}) };
}

function portsAsked(
  graph: ServiceGraph,
  to: Operand,
  callee: End,
  asked: PortAsked | undefined,
): readonly { readonly end: End; readonly port: FlowPort }[] {
  if (to.kind === 'external') {
    const endpoints = graph.state.externals.get(to.key)?.node.endpoints ?? [];
    const chosen = endpoints.filter(
      (each) => asked === undefined || each.port === asked.port || each.name === asked.port,
    );
    return chosen.map(({ host, port, protocol, name }) => {
      const text = hostText(host);
      return { end: hostEnd(text), port: { service: port, target: port, protocol, name, host: text } };
    });
  }
  const known = flowPorts(callee.service?.ports ?? []);
  const chosen = known.filter(
    (each) =>
      asked === undefined ||
      ((each.name === asked.port || each.service === asked.port) &&
        (asked.protocol === undefined || each.protocol === asked.protocol)),
  );
  if (chosen.length > 0) return chosen.map((port) => ({ end: callee, port }));
  const targets = known.filter(
    (each) => each.target === asked?.port && (asked.protocol === undefined || each.protocol === asked.protocol),
  );
  if (targets.length > 0) return targets.map((port) => ({ end: callee, port }));
  if (asked === undefined && callee.service) return [];
  const number = asked?.port ?? 443;
  if (typeof number === 'string') {
    throw new UnanswerableError(
      `${nameOf(to)} has no port "${number}"${known.length > 0 ? `; its ports: ${known.map((each) => `${each.name ?? ''} (${each.service})`).join(', ')}` : ''}`,
    );
  }
  const host = to.kind === 'name' ? { host: to.name } : {};
  return [{ end: callee, port: { service: number, target: number, protocol: asked?.protocol ?? 'TCP', ...host } }];
}

function halves(
  graph: ServiceGraph,
  edges: readonly JudgedEdge[],
  from: Operand,
  to: Operand,
): Pick<Explanation, 'missing' | 'fix' | 'chain'> {
  if (from.kind === 'service' && to.kind === 'service') {
    const edge = between(graph, from.key, to.key);
    if (edge?.missing === undefined) return {};
    const chain = shortestChain(edges, from.key, to.key);
    return { missing: edge.missing, ...fixFor(graph, edge.missing, from.key, to.key), ...(chain ? { chain } : {}) };
  }
  if (from.kind === 'service' && to.kind === 'external') return externalHalves(graph, from.key, to.key, 'outbound');
  if (from.kind === 'external' && to.kind === 'service') return externalHalves(graph, to.key, from.key, 'inbound');
  return {};
}

function fixFor(graph: ServiceGraph, missing: Missing, from: string, to: string): { readonly fix?: string } {
  if (missing === 'ports') {
    const ports = graph.state.workloads.get(to)?.ports ?? [];
    const fix = ports.length === 0 ? `declare spec.service.ports on ${to}` : 'name the same ports on both sides';
    return { fix };
  }
  const fix =
    missing === 'both'
      ? [missingHalf('outbound', from, to), missingHalf('inbound', from, to)]
          .filter((each) => each !== undefined)
          .join('\n')
      : missingHalf(missing, from, to);
  return fix === undefined ? {} : { fix };
}

function externalHalves(
  graph: ServiceGraph,
  serviceKey: string,
  externalKey: string,
  direction: 'outbound' | 'inbound',
): Pick<Explanation, 'missing' | 'fix'> {
  const service = graph.state.services.get(serviceKey);
  const external = graph.state.externals.get(externalKey);
  if (!service || !external) return {};
  const declares = (direction === 'outbound' ? service.egress : service.ingress).has(externalKey);
  const members = direction === 'outbound' ? external.requesters : external.targets;
  const lists = members.everybody || members.keys.has(serviceKey) || members.namespaces.has(service.namespace);
  const list = direction === 'outbound' ? 'allowed_requesters' : 'allowed_targets';
  const { name, namespace } = external.node;
  const entry = `${name}: {type: external_service, direction: ${direction}, id: ${name}${namespace === service.namespace ? '' : `, namespace: ${namespace}`}}`;
  const ownHalf = `in LatticeService ${serviceKey}, under spec.resources, write "${entry}"`;
  const otherHalf = `in LatticeExternalService ${externalKey}, add "${namespace === service.namespace ? service.name : serviceKey}" to spec.${list}`;
  if (declares && lists) return {};
  const other = direction === 'outbound' ? 'inbound' : 'outbound';
  if (declares) return { missing: other, fix: otherHalf };
  if (lists) return { missing: direction, fix: ownHalf };
  return { missing: 'both', fix: `${ownHalf}\n${otherHalf}` };
}

/** An operand as people write it. */
export function nameOf(operand: Operand): string {
  switch (operand.kind) {
    case 'service':
      return operand.key;
    case 'external':
      return `external:${operand.key}`;
    case 'pod':
      return `pod:${operand.namespace}/${operand.name}`;
    case 'address':
      return operand.text;
    case 'name':
      return operand.name;
    case 'world':
    case 'host':
      return operand.kind;
  }
}
