import type { ExternalDeclaration } from './declare-external.ts';
import type { ServiceDeclaration } from './declare-service.ts';
import type { GatewayFact, NamespaceFact, PodFact, ServiceFact } from './facts.ts';
import type { Workload } from './model.ts';
import { NamingIndex } from './naming-index.ts';
import { SelectorIndex } from './selector-index.ts';
import type { Settings } from './settings.ts';

/** Everything that the graph knows. Only `graph.ts` changes it; every other file of the room reads it. */
export interface GraphState {
  readonly settings: Settings;

  /** Declarations by key, as they were put. */
  readonly services: Map<string, ServiceDeclaration>;
  readonly externals: Map<string, ExternalDeclaration>;
  /** Facts by what they were read from. */
  readonly namespaces: Map<string, NamespaceFact>;
  readonly pods: Map<string, PodFact>;
  readonly kubeServices: Map<string, ServiceFact>;
  readonly gateways: Map<string, GatewayFact>;

  /** Each declared service as the doors know it; follows from the above, resolved whenever one of its inputs changes. */
  readonly workloads: Map<string, Workload>;

  /** callee -> callers that name it outbound, and caller -> callees that name it inbound. */
  readonly callersNaming: NamingIndex;
  readonly calleesNaming: NamingIndex;
  /** external service -> services that name it, in either direction. */
  readonly externalUsers: Map<string, Set<string>>;
  /** namespace -> its services. */
  readonly members: Map<string, Set<string>>;
  /** host -> external services that have it as an endpoint. */
  readonly hosts: Map<string, Set<string>>;
  /** `namespace/account` -> services and stray pods that run under it. */
  readonly identities: Map<string, Set<string>>;
  /** Those of the identities that have several users. */
  readonly sharedIdentities: Set<string>;
  /** Gateway -> services whose Services or namespace name it as their waypoint. */
  readonly waypointUsers: Map<string, Set<string>>;
  /** service -> Gateways that it looked at when it was resolved. */
  readonly waypointsOf: Map<string, readonly string[]>;
  /** Selectors of LatticeServices, selectors of Services, and labels of pods. */
  readonly selectors: SelectorIndex;
  readonly kubeSelectors: SelectorIndex;
  readonly podLabels: SelectorIndex;
}

export function emptyState(settings: Settings): GraphState {
  const services = new Map<string, ServiceDeclaration>();
  return {
    settings,
    services,
    externals: new Map(),
    namespaces: new Map(),
    pods: new Map(),
    kubeServices: new Map(),
    gateways: new Map(),
    workloads: new Map(),
    callersNaming: new NamingIndex(services, 'outbound'),
    calleesNaming: new NamingIndex(services, 'inbound'),
    externalUsers: new Map(),
    members: new Map(),
    hosts: new Map(),
    identities: new Map(),
    sharedIdentities: new Set(),
    waypointUsers: new Map(),
    waypointsOf: new Map(),
    selectors: new SelectorIndex(),
    kubeSelectors: new SelectorIndex(),
    podLabels: new SelectorIndex(),
  };
}

/** Pods that belong to a service: they have all labels of its selector. */
export function podsOf(state: GraphState, service: ServiceDeclaration): PodFact[] {
  return state.podLabels.including(service.namespace, service.selector).flatMap((id) => state.pods.get(id) ?? []);
}

/** Other services of the namespace that select some of the same pods, sorted. */
export function overlapsOf(state: GraphState, service: ServiceDeclaration, pods: readonly PodFact[]): string[] {
  const others = new Set([
    ...state.selectors.selecting(service.namespace, service.selector),
    ...state.selectors.including(service.namespace, service.selector),
    ...pods.flatMap((pod) => state.selectors.selecting(pod.namespace, pod.labels)),
  ]);
  others.delete(service.key);
  return [...others].sort();
}

/** Whether the caller's principal is that of another workload too, so that a mesh cannot tell them apart. */
export function sharesIdentity(state: GraphState, workload: Workload): boolean {
  const { sharedIdentities } = state;
  if (sharedIdentities.size === 0) return false;
  return workload.accounts.some((account) => sharedIdentities.has(`${workload.namespace}/${account}`));
}
