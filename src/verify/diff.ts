import { byText, edgesOf, type ServiceGraph } from '../graph/index.ts';
import { isOpen } from './explain/chain.ts';
import { judgeEdge } from './explain/edge-flow.ts';
import { FlowJudge } from './explain/judge-flow.ts';
import type { Claim } from './prove/prove.ts';

/** A flow that is open in one state and not in the other. `*` stands for everybody, or for every port. */
export interface ChangedFlow {
  readonly from: string;
  readonly to: string;
  readonly port: number | '*';
  readonly protocol: string;
  /** The host, for something outside. */
  readonly host?: string;
  /** What the change is, where it is more than an agreement. */
  readonly why?: string;
}

export interface Difference {
  /** Sorted by from, to and port. */
  readonly opened: readonly ChangedFlow[];
  readonly closed: readonly ChangedFlow[];
}

/**
 * Compares what two sets of declarations let through, never how they are written: an agreed edge counts when every door
 * of its path lets it through. A pod that comes under default deny, or leaves it, changes everything that nobody agreed.
 */
export function diffFlows(before: Claim, after: Claim): Difference {
  const old = flowsOf(before);
  const now = flowsOf(after);
  const opened = [...now].filter(([id]) => !old.has(id)).map(([, flow]) => flow);
  const closed = [...old].filter(([id]) => !now.has(id)).map(([, flow]) => flow);
  const denied = [...closedDoors(before.graph)];
  const denies = [...closedDoors(after.graph)];
  return {
    opened: sorted([
      ...opened,
      ...denied.filter((key) => !denies.includes(key)).flatMap((key) => everything(key, 'no default deny any more')),
    ]),
    closed: sorted([
      ...closed,
      ...denies.filter((key) => !denied.includes(key)).flatMap((key) => everything(key, 'default deny begins')),
    ]),
  };
}

function flowsOf(claim: Claim): ReadonlyMap<string, ChangedFlow> {
  const judge = new FlowJudge(claim);
  const flows = new Map<string, ChangedFlow>();
  for (const edge of edgesOf(claim.graph)) {
    if (!isOpen(edge) || !edge.port) continue;
    // Where no door stands in the way, such as a NetworkPolicy's before a node, nothing keeps it closed.
    const answer = judgeEdge(edge, judge, claim.graph, claim.clusterName);
    if (answer && answer.verdict !== 'allowed') continue;
    const { from, to, host, port } = edge;
    const flow: ChangedFlow = {
      from,
      to,
      port: port.port,
      protocol: port.protocol,
      ...(host === undefined ? {} : { host }),
    };
    // A changed target port is another flow: the engines see nothing else (C19).
    flows.set(`${from}\n${to}\n${host ?? ''}\n${port.port}/${port.protocol}\n${port.targetPorts.join(',')}`, flow);
  }
  return flows;
}

/** Whose doors deny what nobody agreed: enforced services, and `ns/*` for managed namespaces. */
function closedDoors(graph: ServiceGraph): Set<string> {
  const doors = new Set<string>();
  for (const { key, mode, barred } of graph.state.workloads.values())
    if (mode === 'enforce' && barred === undefined) doors.add(key);
  for (const { name, managed } of graph.state.namespaces.values()) if (managed) doors.add(`${name}/*`);
  return doors;
}

function everything(key: string, why: string): ChangedFlow[] {
  return [
    { from: '*', to: key, port: '*', protocol: '*', why },
    { from: key, to: '*', port: '*', protocol: '*', why },
  ];
}

function sorted(flows: readonly ChangedFlow[]): readonly ChangedFlow[] {
  const text = (flow: ChangedFlow) =>
    [flow.from, flow.to, flow.host ?? '', String(flow.port).padStart(5, '0'), flow.protocol].join('\n');
  return flows
    .map((flow) => [text(flow), flow] as const)
    .sort(([a], [b]) => byText(a, b))
    .map(([, flow]) => flow);
}
