// An edge of the graph as flows that the doors can be asked about.
import type { Edge, ServiceGraph } from '../../graph/index.ts';
import { builtinEnds, type End, endOf, hostEnd, sourceEnds } from './ends.ts';
import type { FlowAnswer, FlowJudge } from './judge-flow.ts';

/**
 * The doors on an edge's path, for the flow of it that fares worst: each source and each target port is one. Undefined
 * where no engine stands in the way, or an end is nobody that an engine could know.
 */
export function judgeEdge(
  edge: Edge,
  judge: FlowJudge,
  graph: ServiceGraph,
  clusterName: string,
): FlowAnswer | undefined {
  const { port, host } = edge;
  if (!port) return undefined;
  const callers = endsOf(edge.from, graph, clusterName);
  const callees = host === undefined ? endsOf(edge.to, graph, clusterName) : [hostEnd(host)];
  const outside = host === undefined ? {} : { host };
  const answers = callers.flatMap((from) =>
    callees.flatMap((to) =>
      port.targetPorts.map((target) =>
        judge.judge(from, to, { service: port.port, target, protocol: port.protocol, ...outside }),
      ),
    ),
  );
  const judged = answers.filter(({ doors }) => doors.length > 0);
  const worst = (['denied', 'undecided'] as const).map((each) => judged.find(({ verdict }) => verdict === each));
  return worst.find((answer) => answer !== undefined) ?? judged[0];
}

/** Who stands at an end of an edge: a service's pod, each source of an external service, a built-in peer. */
function endsOf(name: string, graph: ServiceGraph, clusterName: string): readonly End[] {
  const [, kind = '', key = ''] = /^(?:(external|builtin):)?(.*)$/.exec(name) ?? [];
  if (kind === 'external') return sourceEnds(graph, key);
  if (kind === 'builtin') return builtinEnds(graph, key, clusterName);
  const service = graph.state.workloads.get(key);
  return service ? [endOf(service, clusterName)] : [];
}
