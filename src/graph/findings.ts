import type { Finding } from '../api/index.ts';
import { barredReason } from './barred.ts';
import { builtinFindings } from './builtin-findings.ts';
import type { ServiceDeclaration } from './declare-service.ts';
import { between } from './edges.ts';
import { externalFindings, externalHalfFindings } from './external-findings.ts';
import type { ServiceGraph } from './graph.ts';
import { halfFindings } from './half-findings.ts';
import { byText } from './key.ts';
import { callsThroughTunnel } from './model.ts';
import { Report } from './report.ts';
import { isUnguarded } from './shadow-waypoint.ts';
import { type GraphState, podsOf } from './state.ts';
import { identityRefused, sharesService } from './views.ts';
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
  for (const port of portsOf(state, service, pods, kubeServices).unresolved) {
    own.add(
      'TargetPortUnknown',
      'warning',
      `no known pod has a container port named "${String(port.targetPort)}", so nothing opens for "${port.name}"`,
      ['spec', 'service', 'ports', port.name, 'targetPort'],
      'write the number, or pass the manifests of the pods too',
    );
  }
  if (workload && workload.barred === undefined && sharesService(state, workload)) {
    const { message, fix } = barredReason('ServiceShared');
    own.add('ServiceShared', 'error', `${message}: whoever calls it through that waypoint is shut out`, ['spec'], fix);
  }
  if (workload && isUnguarded(state, workload)) {
    const { namespace = '', name = '' } = workload.waypoint ?? {};
    own.add(
      'ShadowBehindWaypoint',
      'warning',
      `it shares waypoint ${namespace}/${name} with other services: a caller's door sees the waypoint alone, so whoever may call one of those reaches this one too`,
      ['spec', 'mode'],
      'label its Services istio.io/use-waypoint: none, or with a waypoint of their own; or write mode: enforce',
    );
  }
  halfFindings(graph, service, own);
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
  const wildcards = service.outboundAny.length > 0 ? graph.state.calleesNaming.get(service.self) : [];
  return (
    service.egress.size > 0 ||
    [...service.outbound.peers, ...wildcards].some(
      ({ key }) => between(graph, service.key, key)?.barred === 'SharedIdentity',
    )
  );
}

/** Who else runs under these accounts: services, and what the pods that are nobody's were read from. */
function sharersOf(state: GraphState, key: string, namespace: string, accounts: readonly string[]): string[] {
  const users = accounts.flatMap((account) => [...state.identities.get(`${namespace}/${account}`)]);
  return [...new Set(users)]
    .filter((user) => user !== key)
    .flatMap((user) => [...(state.podGroups.get(user)?.ids ?? [user])])
    .sort()
    .slice(0, 5);
}
