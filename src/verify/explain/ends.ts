import { type Cidr, hostText, parseCidr, type Source } from '../../api/index.ts';
import { meshModeOf, type Port, type ServiceGraph, type Waypoint, type Workload } from '../../graph/index.ts';
import type { AddressParty, Party, PodParty } from '../prove/party.ts';
import type { Operand } from './operand.ts';

/** One end of a flow: who the engines see, and the service that it is, if any. */
export interface End {
  readonly party: Party;
  readonly service?: Workload;
}

/** A flow's port at both of its depths: what the caller names, and what reaches the pod. */
export interface FlowPort {
  readonly service: number;
  readonly target: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly name?: string;
  /** For something outside: the host that is called. */
  readonly host?: string;
}

/** A representative pod of a service. */
export function endOf(service: Workload, clusterName: string): End {
  const [labels = {}] = service.selectors;
  const [account = 'default'] = service.accounts;
  const { namespace, mesh } = service;
  return {
    service,
    party: { kind: 'pod', id: service.key, namespace, labels, account, cluster: clusterName, mesh, namedPorts: {} },
  };
}

/** The pod of a Gateway. */
export function waypointEnd(waypoint: Waypoint, clusterName: string): End {
  const { namespace, name, account } = waypoint;
  const labels = { 'gateway.networking.k8s.io/gateway-name': name };
  return {
    party: {
      kind: 'pod',
      id: `${namespace}/${name}`,
      namespace,
      labels,
      account,
      cluster: clusterName,
      mesh: 'ambient',
      namedPorts: {},
    },
  };
}

/** Who an operand is; undefined when it names a pod that is not among the inputs. */
export function resolveEnd(operand: Operand, graph: ServiceGraph, clusterName: string): End | undefined {
  switch (operand.kind) {
    case 'service': {
      const service = graph.state.workloads.get(operand.key);
      return service ? endOf(service, clusterName) : undefined;
    }
    case 'external':
      return externalEnd(graph, operand.key);
    case 'pod':
      return podEnd(operand.namespace, operand.name, graph, clusterName);
    case 'address':
      return { party: { kind: 'address', id: operand.text, address: operand.address } };
    case 'name':
      return { party: named(operand.name) };
    case 'world':
      return address(SOMEWHERE, 'world');
    case 'host':
      return { party: { kind: 'reserved', id: 'host', labels: ['host'] } };
  }
}

/** Something outside that is called by this host. */
export function hostEnd(host: string): End {
  const cidr = parseCidr(host);
  return {
    party: cidr
      ? { kind: 'address', id: host, address: { ...cidr, prefix: cidr.family === 4 ? 32 : 128 } }
      : named(host),
  };
}

/** As a caller an external service is its first source; as a callee its endpoints are asked one by one. */
function externalEnd(graph: ServiceGraph, key: string): End | undefined {
  const [source] = sourceEnds(graph, key);
  if (source) return source;
  const [endpoint] = graph.state.externals.get(key)?.node.endpoints ?? [];
  return endpoint ? hostEnd(hostText(endpoint.host)) : undefined;
}

/** Where an external service calls from, one end for each of its sources. */
export function sourceEnds(graph: ServiceGraph, key: string): readonly End[] {
  const sources = graph.state.externals.get(key)?.node.sources ?? [];
  return sources.flatMap((source) => sourceEnd(source, `external:${key}`) ?? []);
}

function sourceEnd(source: Source, id: string): End | undefined {
  switch (source.kind) {
    case 'world':
      return address(SOMEWHERE, id);
    case 'ingress':
      return { party: { kind: 'reserved', id, labels: ['ingress'] } };
    case 'nodes':
      return { party: { kind: 'reserved', id, labels: ['remote-node'] } };
    case 'cidr':
      return firstAddress(source, id);
  }
}

/** Who a built-in peer is; empty when none of that name is configured. */
export function builtinEnds(graph: ServiceGraph, name: string, cluster: string): readonly End[] {
  const at = graph.state.settings.exemptions.peers.get(name)?.peer.at;
  const id = `builtin:${name}`;
  switch (at?.kind) {
    case undefined:
      return [];
    case 'entity':
      return at.entity === 'world'
        ? [address(SOMEWHERE, id)].filter((end) => end !== undefined)
        : [{ party: { kind: 'reserved', id, labels: [at.entity] } }];
    case 'cidrs':
      return at.cidrs.map((range) => firstAddress(range, id));
    case 'pods': {
      const { namespace, labels, account = 'default', mesh = 'none' } = at;
      return [{ party: { kind: 'pod', id, namespace, labels, account, cluster, mesh, namedPorts: {} } }];
    }
  }
}

/** An address that nobody declares by itself. */
const SOMEWHERE = '198.51.100.77';

function firstAddress({ family, first }: Cidr, id: string): End {
  return { party: { kind: 'address', id, address: { family, first, prefix: family === 4 ? 32 : 128 } } };
}

function podEnd(namespace: string, name: string, graph: ServiceGraph, clusterName: string): End | undefined {
  const key = `${namespace}/${name}`;
  const pod = [...graph.state.pods.values()].find((each) => each.id.slice(each.id.indexOf(' ') + 1) === key);
  if (!pod) return undefined;
  const party: PodParty = {
    kind: 'pod',
    id: key,
    namespace,
    labels: pod.labels,
    account: pod.account,
    cluster: clusterName,
    mesh: meshModeOf(graph.state, pod),
    namedPorts: {},
  };
  const [service] = graph.state.selectors.selecting(namespace, pod.labels);
  const workload = service === undefined ? undefined : graph.state.workloads.get(service);
  return { party, ...(workload ? { service: workload } : {}) };
}

/** An address that a name resolved to; which one makes no difference (C23). */
function named(name: string): AddressParty {
  return {
    kind: 'address',
    id: name,
    name: name.replace(/^\*\./, 'any.'),
    address: { family: 4, first: 0xf0010001n, prefix: 32 },
  };
}

function address(text: string, id: string): End | undefined {
  const cidr = parseCidr(text);
  return cidr ? { party: { kind: 'address', id, address: cidr } } : undefined;
}

/** A service's ports, each with every target that it may have while a change rolls out. */
export function flowPorts(ports: readonly Port[]): FlowPort[] {
  return ports.flatMap((port) =>
    port.targetPorts.map((target) => ({ service: port.port, target, protocol: port.protocol, name: port.name })),
  );
}
