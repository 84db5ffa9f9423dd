import { closest, type Finding, type ObjectName, type Severity } from '../api/index.ts';
import { agreedEndpoints, agreedIngress } from './agree.ts';
import type { ExternalDeclaration } from './declare-external.ts';
import { allows, entryOf, type PortFilter, type ServiceDeclaration } from './declare-service.ts';
import { barredReason } from './barred.ts';
import { between } from './edges.ts';
import type { ServiceGraph } from './graph.ts';
import { byText, splitKey } from './key.ts';
import { missingHalf } from './missing-half.ts';
import { callsThroughTunnel } from './model.ts';
import { type GraphState, podsOf } from './state.ts';
import { identityRefused } from './views.ts';
import { kubeServicesOf, portsOf } from './workload.ts';

/** Everything about the declarations that is half, dangling, refused or meaningless, sorted by object. */
export function findingsOf(graph: ServiceGraph): readonly Finding[] {
  const { state } = graph;
  const services = [...state.services.values()].sort((a, b) => byText(a.key, b.key));
  const externals = [...state.externals.values()].sort((a, b) => byText(a.key, b.key));
  return [
    ...services.flatMap((service) => serviceFindings(graph, service)),
    ...externals.flatMap((each) => externalFindings(state, each)),
  ];
}

/** The findings of one service, by key: what its status and `lint` say. Empty when it is not declared. */
export function findingsOfService(graph: ServiceGraph, key: string): readonly Finding[] {
  const service = graph.state.services.get(key);
  return service ? serviceFindings(graph, service) : [];
}

/** The findings of one external service, by key. Empty when it is not declared. */
export function findingsOfExternal(graph: ServiceGraph, key: string): readonly Finding[] {
  const external = graph.state.externals.get(key);
  return external ? externalFindings(graph.state, external) : [];
}

function serviceFindings(graph: ServiceGraph, service: ServiceDeclaration): readonly Finding[] {
  const { state } = graph;
  const own = new Report({ kind: 'LatticeService', namespace: service.namespace, name: service.name });
  const workload = state.workloads.get(service.key);
  if (workload?.barred !== undefined) {
    const { message, fix } = barredReason(workload.barred);
    own.add(workload.barred, 'error', message, ['spec'], fix);
  } else if (
    workload &&
    callsThroughTunnel(workload.mesh) &&
    identityRefused(state, workload) &&
    callsIntoMesh(graph, service)
  ) {
    const sharers = sharersOf(state, service.key, workload.namespace, workload.accounts);
    const { message, fix } = barredReason('SharedIdentity');
    own.add(
      'SharedIdentity',
      'error',
      `${message}: ${sharers.join(', ')}; edges in the mesh that it calls are closed`,
      ['spec', 'serviceAccount'],
      fix,
    );
  }
  const pods = podsOf(state, service);
  const kubeServices = kubeServicesOf(state, service, pods);
  for (const port of portsOf(service, pods, kubeServices).unresolved) {
    own.add(
      'TargetPortUnknown',
      'warning',
      `no known pod has a container port named "${String(port.targetPort)}", so nothing opens for "${port.name}"`,
      ['spec', 'service', 'ports', port.name, 'targetPort'],
      'write the number, or pass the manifests of the pods too',
    );
  }
  for (const [callee, filter] of service.outbound) outboundFindings(graph, service, callee, filter, own);
  for (const [caller, filter] of service.inbound) inboundFindings(graph, service, caller, filter, own);
  externalHalfFindings(state, service, own);
  builtinFindings(state, service, own);
  if (service.ingress.size > 0) {
    for (const hiding of kubeServices.filter((each) => each.hidesCallers)) {
      own.add(
        'CallersHidden',
        'warning',
        `Service ${hiding.key} takes callers from outside with externalTrafficPolicy Cluster: they arrive with the address of a node`,
        ['spec', 'resources'],
        `set externalTrafficPolicy: Local on Service ${hiding.name}, or name sources: [nodes]`,
      );
    }
  }
  return [...service.findings, ...own.findings];
}

/** Whether an agreed edge of the service's is closed because the mesh cannot tell who calls. */
function callsIntoMesh(graph: ServiceGraph, service: ServiceDeclaration): boolean {
  const callees = [
    ...service.outbound.keys(),
    ...(service.outboundAny.length > 0 ? (graph.state.calleesNaming.get(service.key) ?? []) : []),
  ];
  return (
    service.egress.size > 0 ||
    callees.some((callee) => between(graph, service.key, callee)?.barred === 'SharedIdentity')
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

function externalHalfFindings(state: GraphState, service: ServiceDeclaration, own: Report): void {
  const ports = state.workloads.get(service.key)?.ports ?? [];
  for (const [direction, halves] of [
    ['outbound', service.egress],
    ['inbound', service.ingress],
  ] as const) {
    for (const [key, filter] of halves) {
      const path = entryPath(service, direction, 'external_service', key);
      const external = state.externals.get(key);
      if (!external) {
        own.add(
          'UnknownPeer',
          'warning',
          `names external service ${key}, which is not declared`,
          path,
          `declare LatticeExternalService ${key}`,
        );
        continue;
      }
      const open =
        direction === 'outbound' ? agreedEndpoints(service, external) : agreedIngress(service, external, ports);
      if (open.length > 0) continue;
      const list = direction === 'outbound' ? 'allowed_requesters' : 'allowed_targets';
      const members = direction === 'outbound' ? external.requesters : external.targets;
      const listed = members.everybody || members.keys.has(service.key) || members.namespaces.has(service.namespace);
      const name = external.node.namespace === service.namespace ? service.name : service.key;
      if (!listed) {
        own.add(
          'HalfAgreement',
          'warning',
          `external service ${key} does not list it`,
          path,
          `in LatticeExternalService ${key}, add "${name}" to spec.${list}`,
        );
      } else if (direction === 'inbound' && ports.length === 0) {
        own.add('NoPorts', 'warning', 'has no known port, so nothing opens', path, 'declare spec.service.ports');
      } else {
        const what =
          filter === 'all' ? (direction === 'outbound' ? 'endpoints' : 'sources') : `port ${filter.join(', ')}`;
        own.add(
          'NoCommonPort',
          'warning',
          `external service ${key} has no ${what} for it`,
          path,
          'name ports that exist on both sides',
        );
      }
    }
  }
}

function builtinFindings(state: GraphState, service: ServiceDeclaration, own: Report): void {
  const known = [...state.settings.exemptions.peers.keys()];
  for (const [direction, halves] of [
    ['outbound', service.builtinOutbound],
    ['inbound', service.builtinInbound],
  ] as const) {
    for (const name of halves.keys()) {
      const path = entryPath(service, direction, 'builtin', name);
      const configured = state.settings.exemptions.peers.get(name);
      if (!configured) {
        own.add(
          'UnknownBuiltin',
          'warning',
          `no built-in peer "${name}" is configured`,
          path,
          `built-in peers: ${known.join(', ')}`,
        );
      } else if (direction === 'outbound' ? configured.outbound.length === 0 : configured.inbound === 'none') {
        own.add(
          'BuiltinDirection',
          'warning',
          `the configuration does not allow "${name}" ${direction}`,
          path,
          'see "lattice config"',
        );
      }
    }
  }
}

function externalFindings(state: GraphState, external: ExternalDeclaration): readonly Finding[] {
  const { namespace, name } = external.node;
  const own = new Report({ kind: 'LatticeExternalService', namespace, name });
  for (const [list, members, direction] of [
    ['allowed_requesters', external.requesters, 'outbound'],
    ['allowed_targets', external.targets, 'inbound'],
  ] as const) {
    for (const key of members.keys) {
      const service = state.services.get(key);
      const halves = direction === 'outbound' ? service?.egress : service?.ingress;
      if (!service)
        own.add(
          'UnknownPeer',
          'warning',
          `lists ${key}, which is not declared`,
          ['spec', list],
          suggestion(state, key),
        );
      else if (!halves?.has(external.key)) {
        const entry = `${name}: {type: external_service, direction: ${direction}, id: ${name}${namespace === service.namespace ? '' : `, namespace: ${namespace}`}}`;
        own.add(
          'HalfAgreement',
          'warning',
          `lists ${key}, which does not name it`,
          ['spec', list],
          `in LatticeService ${key}, under spec.resources, write "${entry}"`,
        );
      }
    }
  }
  return [...external.findings, ...own.findings];
}

function sharersOf(state: GraphState, key: string, namespace: string, accounts: readonly string[]): string[] {
  const users = accounts.flatMap((account) => [...(state.identities.get(`${namespace}/${account}`) ?? [])]);
  return [...new Set(users)]
    .filter((user) => user !== key)
    .sort()
    .slice(0, 5);
}

function suggestion(state: GraphState, key: string): string {
  const { namespace, name } = splitKey(key);
  if (state.externals.has(key)) return 'it is an external service: write "type: external_service"';
  const near = closest(
    name,
    [...(state.members.get(namespace) ?? [])].map((each) => splitKey(each).name),
  );
  if (near !== undefined) return `did you mean "${near}"?`;
  const elsewhere = [...state.members].find(([, keys]) => [...keys].some((each) => splitKey(each).name === name));
  return elsewhere
    ? `there is one in namespace "${elsewhere[0]}": write "namespace: ${elsewhere[0]}"`
    : `declare LatticeService ${key}`;
}

function entryPath(
  service: ServiceDeclaration,
  direction: 'outbound' | 'inbound',
  type: 'service' | 'external_service' | 'builtin',
  peer: string,
): readonly (string | number)[] {
  return ['spec', 'resources', entryOf(service, direction, type, peer) ?? peer];
}

class Report {
  readonly findings: Finding[] = [];
  readonly #object: ObjectName;

  constructor(object: ObjectName) {
    this.#object = object;
  }

  add(
    code: string,
    severity: Severity,
    message: string,
    path: readonly (string | number)[],
    fix: string | undefined,
  ): void {
    this.findings.push({ code, severity, message, object: this.#object, path, ...(fix === undefined ? {} : { fix }) });
  }
}
