import type { ExternalDeclaration } from './declare-external.ts';
import type { ServiceDeclaration } from './declare-service.ts';
import { splitKey } from './key.ts';
import type { GatewayFact, NamespaceFact, PodFact, PodTraits, ServiceFact } from './facts.ts';
import type { Labels, Workload } from './model.ts';
import { MultiMap } from './multi-map.ts';
import { NamingIndex } from './naming-index.ts';
import { PartyBook } from './party.ts';
import { PodGroups } from './pod-groups.ts';
import { PortLists } from './port-lists.ts';
import { SelectorIndex } from './selector-index.ts';
import type { Settings } from './settings.ts';

/** Everything that the graph knows. Only `store.ts` and `settle.ts` change it; every other file of the room reads it. */
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
  /** Every service that is declared or named, with its neighbours. */
  readonly parties: PartyBook;

  /** callee -> callers that name it outbound, and caller -> callees that name it inbound. */
  readonly callersNaming: NamingIndex;
  readonly calleesNaming: NamingIndex;
  /** external service -> services that name it, in either direction. */
  readonly externalUsers: MultiMap;
  /** namespace -> its services. */
  readonly members: MultiMap;
  /** host -> external services that have it as an endpoint. */
  readonly hosts: MultiMap;
  /** `namespace/account` -> services, and groups of pods that are nobody's, that run under it. */
  readonly identities: MultiMap;
  /** Those of the identities that have several users. */
  readonly sharedIdentities: Set<string>;
  /** Gateway -> services whose Services or namespace name it as their waypoint. */
  readonly waypointUsers: MultiMap;
  /** Service behind a waypoint -> LatticeServices whose pods it is said to lead to. */
  readonly frontedBy: MultiMap;
  /** service -> Gateways that it looked at when it was resolved. */
  readonly waypointsOf: Map<string, readonly string[]>;
  /** Selectors of LatticeServices, and selectors of Services. */
  readonly selectors: SelectorIndex;
  readonly kubeSelectors: SelectorIndex;
  readonly podGroups: PodGroups;
  readonly portLists: PortLists;
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
    parties: new PartyBook(),
    callersNaming: new NamingIndex(services, 'outbound'),
    calleesNaming: new NamingIndex(services, 'inbound'),
    externalUsers: new MultiMap(),
    members: new MultiMap(),
    hosts: new MultiMap(),
    identities: new MultiMap(),
    sharedIdentities: new Set(),
    waypointUsers: new MultiMap(),
    frontedBy: new MultiMap(),
    waypointsOf: new Map(),
    selectors: new SelectorIndex(),
    kubeSelectors: new SelectorIndex(),
    podGroups: new PodGroups(),
    portLists: new PortLists(),
  };
}

/** Services that this one names, and those that name it, whether declared or not. */
export function aroundService(state: GraphState, key: string): readonly string[] {
  const { namespace, name } = splitKey(key);
  const party = state.parties.at(namespace, name);
  if (!party) return [];
  const { declaration } = party;
  const named = declaration ? [...declaration.outbound.peers, ...declaration.inbound.peers] : [];
  const around = [...named, ...state.callersNaming.get(party), ...state.calleesNaming.get(party)];
  return [...new Set(around)].map((each) => each.key);
}

/** Pods of a namespace that have all of these labels; of equal ones, one. */
export function podsWith(state: GraphState, namespace: string, labels: Labels): readonly PodTraits[] {
  return state.podGroups.including(namespace, labels).map(({ traits }) => traits);
}

/** Pods that belong to a service: they have all labels of its selector. Of equal ones, one. */
export function podsOf(state: GraphState, service: ServiceDeclaration): readonly PodTraits[] {
  return podsWith(state, service.namespace, service.selector);
}

/** Other services of the namespace that select some of the same pods, sorted. */
export function overlapsOf(state: GraphState, service: ServiceDeclaration, pods: readonly PodTraits[]): string[] {
  const selecting = state.selectors.selecting(service.namespace, service.selector);
  const including = state.selectors.including(service.namespace, service.selector);
  const itself = (key: string) => key === service.key;
  if (pods.length === 0 && selecting.every(itself) && including.every(itself)) return [];
  const others = new Set([...selecting, ...including]);
  for (const pod of pods) for (const key of state.selectors.selecting(pod.namespace, pod.labels)) others.add(key);
  others.delete(service.key);
  return [...others].sort();
}

/** Whether the caller's principal is that of another workload too, so that a mesh cannot tell them apart. */
export function sharesIdentity(state: GraphState, workload: Workload): boolean {
  const { sharedIdentities } = state;
  if (sharedIdentities.size === 0) return false;
  return workload.accounts.some((account) => sharedIdentities.has(`${workload.namespace}/${account}`));
}
