// What the properties over whole graphs share: compiling one, and asking every pair of services about every port.
import type { Finding } from '../../src/api/index.ts';
import {
  callsThroughTunnel,
  exemptionsOf,
  findingsOf,
  type Input,
  type Port,
  ServiceGraph,
  type Settings,
  unguardedCallers,
  type Workload,
  type Link,
} from '../../src/graph/index.ts';
import { compileAll, type CompileOptions, type Draft, type EngineName, enginesFor } from '../../src/policy/index.ts';
import { type Claim, endOf, type FlowJudge, type FlowPort } from '../../src/verify/index.ts';

export interface Setup {
  readonly mesh: 'ambient' | 'none';
  readonly engines: readonly EngineName[];
}

export const SETUPS: readonly Setup[] = [
  { mesh: 'none', engines: ['cilium'] },
  { mesh: 'ambient', engines: ['cilium', 'istio'] },
  { mesh: 'none', engines: ['kubernetes'] },
  { mesh: 'ambient', engines: ['istio', 'kubernetes'] },
];

export const CLUSTER = 'default';
const EXEMPTIONS = exemptionsOf();

/** A compiled graph, and its objects as a claim for the evaluators. */
export interface World {
  readonly graph: ServiceGraph;
  readonly drafts: readonly Draft[];
  /** What the graph and the compilers say. */
  readonly findings: readonly Finding[];
  readonly claim: Claim;
}

export function settingsOf({ mesh }: Setup): Settings {
  return { mesh, exemptions: EXEMPTIONS, egressWaypoint: { namespace: 'mesh', name: 'egress', assumed: true } };
}

/** Compiles inputs as the command line would. */
export function worldOf(inputs: Iterable<Input>, setup: Setup): World {
  const graph = ServiceGraph.of(inputs, settingsOf(setup));
  const gateway = graph.egressGateway();
  const options: CompileOptions = {
    engines: setup.engines,
    trustDomain: 'cluster.local',
    clusterName: CLUSTER,
    mesh: setup.mesh,
    exemptions: EXEMPTIONS,
    ...(gateway ? { egressWaypoint: gateway } : {}),
  };
  const { drafts, findings } = compileAll(graph, enginesFor(options), options);
  return {
    graph,
    drafts,
    findings: [...findingsOf(graph), ...findings],
    claim: { graph, objects: drafts.map((draft) => draft.object), ...options },
  };
}

/** One flow between two services, at one port of the callee. */
export interface Flow {
  readonly id: string;
  readonly from: Workload;
  readonly to: Workload;
  readonly port: FlowPort;
  readonly agreed: boolean;
  /** Whether the engines cannot tell it from one that is agreed: the same ServiceAccount, or the same waypoint before a shadow. */
  readonly blurred: boolean;
}

/** Every ordered pair of services that the engines can tell apart, at every port of the callee. */
export function flowsOf(graph: ServiceGraph, { engines }: Setup): Flow[] {
  const services = [...graph.state.workloads.values()].filter(({ barred }) => barred === undefined);
  const flows = services.flatMap((to) => {
    const unguarded = new Set(unguardedCallers(graph.state, to).map(({ caller }) => caller));
    return services.flatMap((from) => flowsBetween(graph, from, to, unguarded));
  });
  return flows.filter(({ from, to, agreed, blurred }) => {
    // Inside the mesh a CNI alone sees tunnels only: compiling then warns of MeshDoorMissing.
    if (!engines.includes('istio') && callsThroughTunnel(from.mesh) && to.mesh === 'ambient') return false;
    return agreed || !blurred;
  });
}

function flowsBetween(graph: ServiceGraph, from: Workload, to: Workload, unguarded: ReadonlySet<string>): Flow[] {
  const links = graph.service(to.key)?.inbound ?? [];
  // allowSharedIdentity: to the mesh all sharers are the caller that accepted it, so what one may all may.
  const sharers = callsThroughTunnel(from.mesh)
    ? links.filter(({ peer }) => peer.key !== from.key && sharesAccount(peer, from))
    : [];
  const own = links.filter(({ peer }) => peer.key === from.key);
  const says = (some: readonly Link[], port: Port, target: number) =>
    some.some((link) =>
      link.ports.some((each) => each.protocol === port.protocol && covers(from, to, each, port.port, target)),
    );
  return to.ports.flatMap((port) =>
    port.targetPorts.map((target) => ({
      id: `${from.key} -> ${to.key}:${port.name}/${target}`,
      from,
      to,
      port: { service: port.port, target, protocol: port.protocol },
      agreed: says(own, port, target),
      blurred:
        says(sharers, port, target) ||
        sharesServicePort(from, to, own, port) ||
        (port.protocol === 'TCP' && unguarded.has(from.key)),
    })),
  );
}

function sharesAccount(a: Workload, b: Workload): boolean {
  return a.namespace === b.namespace && a.accounts.some((account) => b.accounts.includes(account));
}

/**
 * Whether an agreement on `agreed` lets a flow through: engines see target ports (C19), a waypoint sees Service ports
 * (I12), and where the callee is a shadow the only door left is the caller's, which in the mesh sees the tunnel (X2).
 */
function covers(from: Workload, to: Workload, agreed: Port, port: number, target: number): boolean {
  const tunnelled = callsThroughTunnel(from.mesh) && to.mesh === 'ambient' && agreed.protocol === 'TCP';
  if (tunnelled && to.mode === 'shadow') return true;
  const fronted = tunnelled && to.waypoint && from.mesh === 'ambient';
  return agreed.targetPorts.includes(target) && (!fronted || agreed.port === port);
}

/** Two Services may lead one Service port to different pods' ports: the waypoint then cannot tell which of them is agreed. */
function sharesServicePort(from: Workload, to: Workload, own: readonly Link[], port: Port): boolean {
  const fronted = to.waypoint !== undefined && from.mesh === 'ambient' && port.protocol === 'TCP';
  return fronted && own.some((link) => link.ports.some((each) => each.port === port.port && each.protocol === 'TCP'));
}

/** What all doors together say to a flow. */
export function verdictOf(judge: FlowJudge, flow: Flow): 'allowed' | 'denied' | 'undecided' {
  return judge.judge(endOf(flow.from, CLUSTER), endOf(flow.to, CLUSTER), flow.port).verdict;
}
