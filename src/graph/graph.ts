import { isDeepStrictEqual } from 'node:util';
import { hostText, type LatticeExternalService, type LatticeService } from '../api/index.ts';
import { declareExternal, type ExternalDeclaration } from './declare-external.ts';
import { declareService, type ServiceDeclaration } from './declare-service.ts';
import { type Fact, factId, type PodFact, type ServiceFact } from './facts.ts';
import { openKeyBook } from './key-book.ts';
import type { EgressWaypointView, HostView, NamespaceView, ServiceView, UnitKey, Waypoint } from './model.ts';
import { addTo, removeFrom } from './selector-index.ts';
import type { Settings } from './settings.ts';
import { emptyState, type GraphState, overlapsOf, podsOf } from './state.ts';
import { Tracker } from './tracker.ts';
import { egressWaypoint, egressWaypointView, hostView, namespaceView, serviceView } from './views.ts';
import { resolveWorkload } from './workload.ts';

/** Something the graph is built from: a declaration, or a fact read from another Kubernetes object. */
export type Input = LatticeService | LatticeExternalService | Fact;

/** What is gone: a declaration by kind and key, or a fact by {@link factId}. */
export type Gone =
  | { readonly kind: 'LatticeService' | 'LatticeExternalService'; readonly key: string }
  | { readonly kind: 'fact'; readonly id: string };

/**
 * The service graph as an incremental index. `put` and `delete` take inputs in any order, any number of times, and
 * return the units whose output may have changed; each costs time in proportion to the node's degree.
 */
export class ServiceGraph {
  readonly #state: GraphState;
  readonly #defaultNamespace: string;
  readonly #makeKey = openKeyBook();

  constructor(settings: Settings, defaultNamespace = 'default') {
    this.#state = emptyState(settings);
    this.#defaultNamespace = defaultNamespace;
  }

  /** Builds a graph at once; the result is that of putting each input. */
  static of(inputs: Iterable<Input>, settings: Settings, defaultNamespace = 'default'): ServiceGraph {
    const graph = new ServiceGraph(settings, defaultNamespace);
    for (const input of inputs) graph.#store(input);
    for (const service of graph.#state.services.values()) graph.#resolve(service);
    for (const pod of graph.#state.pods.values()) graph.#countStray(pod);
    return graph;
  }

  /** What is known, for the functions of this room that read it. */
  get state(): GraphState {
    return this.#state;
  }

  /** Adds or replaces an input. Returns ids ({@link unitId}) of the units that must be compiled again. */
  put(input: Input): ReadonlySet<string> {
    if (input.kind === 'LatticeService') {
      const service = declareService(input, this.#defaultNamespace, this.#makeKey);
      const known = this.#state.services.get(service.key);
      if (known && isDeepStrictEqual(known, service)) return new Set();
      return this.#changeService(service.key, service);
    }
    if (input.kind === 'LatticeExternalService') {
      const external = declareExternal(input, this.#defaultNamespace, this.#state.settings.exemptions.network);
      const known = this.#state.externals.get(external.key);
      if (known && isDeepStrictEqual(known, external)) return new Set();
      return this.#changeExternal(external.key, external);
    }
    return this.#changeFact(factId(input), input);
  }

  /** Takes an input out. Returns ids of the units that must be compiled again; unknown inputs change nothing. */
  delete(gone: Gone): ReadonlySet<string> {
    switch (gone.kind) {
      case 'LatticeService':
        return this.#state.services.has(gone.key) ? this.#changeService(gone.key, undefined) : new Set();
      case 'LatticeExternalService':
        return this.#state.externals.has(gone.key) ? this.#changeExternal(gone.key, undefined) : new Set();
      case 'fact':
        return this.#changeFact(gone.id, undefined);
    }
  }

  /** Every unit that may have output, sorted by id within its kind. */
  units(): UnitKey[] {
    const services = [...this.#state.services.values()].map(
      ({ namespace, name }): UnitKey => ({ kind: 'service', namespace, name }),
    );
    const namespaces = [...this.#state.namespaces.values()]
      .filter((fact) => fact.managed)
      .map((fact): UnitKey => ({ kind: 'namespace', namespace: fact.name }));
    const hosts = [...this.#state.hosts.keys()].map((host): UnitKey => ({ kind: 'host', host }));
    const sorted = (units: UnitKey[], text: (unit: UnitKey) => string) =>
      units.sort((a, b) => (text(a) < text(b) ? -1 : 1));
    return [
      ...sorted(services, (unit) => (unit.kind === 'service' ? `${unit.namespace}/${unit.name}` : '')),
      ...sorted(namespaces, (unit) => (unit.kind === 'namespace' ? unit.namespace : '')),
      ...sorted(hosts, (unit) => (unit.kind === 'host' ? unit.host : '')),
      ...(hosts.length > 0 ? [{ kind: 'egress-waypoint' } as const] : []),
    ];
  }

  /** Undefined when no such service is declared. */
  service(key: string): ServiceView | undefined {
    return serviceView(this.#state, key);
  }

  namespace(namespace: string): NamespaceView {
    return namespaceView(this.#state, namespace);
  }

  /** Undefined when no meshed service calls the host. */
  host(host: string): HostView | undefined {
    return hostView(this.#state, host);
  }

  egressWaypoint(): EgressWaypointView | undefined {
    return egressWaypointView(this.#state);
  }

  /** The Gateway for egress, when it is programmed. */
  egressGateway(): Waypoint | undefined {
    return egressWaypoint(this.#state);
  }

  #changeService(key: string, service: ServiceDeclaration | undefined): ReadonlySet<string> {
    const tracker = new Tracker(this.#state);
    tracker.watch([key, ...this.#partners(this.#state.services.get(key)), ...this.#partners(service)], key);
    this.#unstoreService(key);
    if (service) {
      this.#storeService(service);
      for (const pod of podsOf(this.#state, service)) tracker.strays.add(pod);
    }
    return this.#settle(tracker);
  }

  #changeExternal(key: string, external: ExternalDeclaration | undefined): ReadonlySet<string> {
    const tracker = new Tracker(this.#state);
    tracker.watchExternal(key);
    this.#unstoreExternal(key);
    if (external) this.#storeExternal(external);
    return tracker.changed();
  }

  #changeFact(id: string, fact: Fact | undefined): ReadonlySet<string> {
    const known = this.#fact(id);
    if (known === undefined ? fact === undefined : fact !== undefined && isDeepStrictEqual(known, fact))
      return new Set();
    const tracker = new Tracker(this.#state);
    const touched = [known, fact].flatMap((each) => (each ? this.#touchedBy(each) : []));
    tracker.watch(touched, undefined);
    if (known?.kind === 'namespace' || fact?.kind === 'namespace')
      tracker.watchNamespace(id.slice('Namespace '.length));
    if (known?.kind === 'gateway' || fact?.kind === 'gateway') tracker.watchGateway(id.slice('Gateway '.length));
    if (known) this.#unstoreFact(known);
    if (fact) this.#storeFact(fact);
    if (known?.kind === 'pod') this.#uncountStray(known, tracker);
    if (fact?.kind === 'pod') this.#countStray(fact, tracker);
    return this.#settle(tracker);
  }

  /** Resolves again what was touched, follows flips of shared identities, and says what changed. */
  #settle(tracker: Tracker): ReadonlySet<string> {
    for (const key of tracker.touched) {
      const service = this.#state.services.get(key);
      if (service) this.#resolve(service, tracker);
      else this.#forget(key, tracker);
    }
    for (const pod of tracker.strays) this.#countStray(pod, tracker);
    return tracker.changed();
  }

  /** Services whose facets a fact may change. */
  #touchedBy(fact: Fact): string[] {
    switch (fact.kind) {
      case 'pod':
        return this.#state.selectors.selecting(fact.namespace, fact.labels);
      case 'service':
        return this.#servicesBehind(fact);
      case 'namespace':
        return [...(this.#state.members.get(fact.name) ?? [])];
      case 'gateway':
        return [...(this.#state.waypointUsers.get(fact.key) ?? [])];
    }
  }

  #servicesBehind(fact: ServiceFact): string[] {
    const naming = [...(this.#state.members.get(fact.namespace) ?? [])].filter((key) =>
      this.#state.services.get(key)?.services?.includes(fact.name),
    );
    const { selector } = fact;
    if (!selector) return naming;
    const pods = this.#state.podLabels
      .including(fact.namespace, selector)
      .flatMap((id) => this.#state.pods.get(id) ?? []);
    return [
      ...naming,
      ...this.#state.selectors.including(fact.namespace, selector),
      ...pods.flatMap((pod) => this.#state.selectors.selecting(pod.namespace, pod.labels)),
    ];
  }

  /** Other services that select some of the same pods: what one declares can bar the other. */
  #partners(service: ServiceDeclaration | undefined): string[] {
    return service ? overlapsOf(this.#state, service, podsOf(this.#state, service)) : [];
  }

  #store(input: Input): void {
    if (input.kind === 'LatticeService') {
      const service = declareService(input, this.#defaultNamespace, this.#makeKey);
      this.#unstoreService(service.key);
      this.#storeService(service);
    } else if (input.kind === 'LatticeExternalService') {
      const external = declareExternal(input, this.#defaultNamespace, this.#state.settings.exemptions.network);
      this.#unstoreExternal(external.key);
      this.#storeExternal(external);
    } else {
      const known = this.#fact(factId(input));
      if (known) this.#unstoreFact(known);
      this.#storeFact(input);
    }
  }

  #storeService(service: ServiceDeclaration): void {
    const state = this.#state;
    const { key } = service;
    state.services.set(key, service);
    state.selectors.set(key, service.namespace, service.selector);
    addTo(state.members, service.namespace, key);
    state.callersNaming.add(service);
    state.calleesNaming.add(service);
    for (const external of service.egress.keys()) addTo(state.externalUsers, external, key);
    for (const external of service.ingress.keys()) addTo(state.externalUsers, external, key);
  }

  #unstoreService(key: string): void {
    const state = this.#state;
    const service = state.services.get(key);
    if (!service) return;
    state.services.delete(key);
    state.selectors.delete(key);
    removeFrom(state.members, service.namespace, key);
    state.callersNaming.remove(service);
    state.calleesNaming.remove(service);
    for (const external of service.egress.keys()) removeFrom(state.externalUsers, external, key);
    for (const external of service.ingress.keys()) removeFrom(state.externalUsers, external, key);
  }

  #storeExternal(external: ExternalDeclaration): void {
    this.#state.externals.set(external.key, external);
    for (const host of hostsOf(external)) addTo(this.#state.hosts, host, external.key);
  }

  #unstoreExternal(key: string): void {
    const external = this.#state.externals.get(key);
    if (!external) return;
    this.#state.externals.delete(key);
    for (const host of hostsOf(external)) removeFrom(this.#state.hosts, host, key);
  }

  #fact(id: string): Fact | undefined {
    const { pods, namespaces, kubeServices, gateways } = this.#state;
    const key = id.slice(id.indexOf(' ') + 1);
    if (id.startsWith('Namespace ')) return namespaces.get(key);
    if (id.startsWith('Service ')) return kubeServices.get(key);
    if (id.startsWith('Gateway ')) return gateways.get(key);
    return pods.get(id);
  }

  #storeFact(fact: Fact): void {
    const state = this.#state;
    switch (fact.kind) {
      case 'pod':
        state.pods.set(fact.id, fact);
        state.podLabels.set(fact.id, fact.namespace, fact.labels);
        return;
      case 'namespace':
        state.namespaces.set(fact.name, fact);
        return;
      case 'service':
        state.kubeServices.set(fact.key, fact);
        if (fact.selector) state.kubeSelectors.set(fact.key, fact.namespace, fact.selector);
        return;
      case 'gateway':
        state.gateways.set(fact.key, fact);
    }
  }

  #unstoreFact(fact: Fact): void {
    const state = this.#state;
    switch (fact.kind) {
      case 'pod':
        state.pods.delete(fact.id);
        state.podLabels.delete(fact.id);
        return;
      case 'namespace':
        state.namespaces.delete(fact.name);
        return;
      case 'service':
        state.kubeServices.delete(fact.key);
        state.kubeSelectors.delete(fact.key);
        return;
      case 'gateway':
        state.gateways.delete(fact.key);
    }
  }

  #resolve(service: ServiceDeclaration, tracker?: Tracker): void {
    const state = this.#state;
    const before = state.workloads.get(service.key);
    const { workload, gateways } = resolveWorkload(state, service);
    if (
      before &&
      isDeepStrictEqual(before, workload) &&
      isDeepStrictEqual(state.waypointsOf.get(service.key), gateways)
    )
      return;
    this.#leave(service.key, tracker);
    state.workloads.set(service.key, workload);
    state.waypointsOf.set(service.key, gateways);
    for (const gateway of gateways) addTo(state.waypointUsers, gateway, service.key);
    for (const account of workload.accounts) this.#enter(`${workload.namespace}/${account}`, service.key, tracker);
  }

  #forget(key: string, tracker: Tracker): void {
    this.#leave(key, tracker);
    this.#state.workloads.delete(key);
    this.#state.waypointsOf.delete(key);
  }

  /** Takes a service out of the indexes that follow from its resolved form. */
  #leave(key: string, tracker: Tracker | undefined): void {
    const workload = this.#state.workloads.get(key);
    for (const gateway of this.#state.waypointsOf.get(key) ?? []) removeFrom(this.#state.waypointUsers, gateway, key);
    for (const account of workload?.accounts ?? []) this.#exit(`${workload?.namespace ?? ''}/${account}`, key, tracker);
  }

  #enter(identity: string, user: string, tracker: Tracker | undefined): void {
    const users = this.#state.identities.get(identity);
    if (users?.has(user)) return;
    if (users?.size === 1) {
      tracker?.identityFlips(users);
      this.#state.sharedIdentities.add(identity);
    }
    addTo(this.#state.identities, identity, user);
  }

  #exit(identity: string, user: string, tracker: Tracker | undefined): void {
    const users = this.#state.identities.get(identity);
    if (!users?.has(user)) return;
    if (users.size === 2) {
      tracker?.identityFlips(users);
      this.#state.sharedIdentities.delete(identity);
    }
    removeFrom(this.#state.identities, identity, user);
  }

  /** A pod that no service selects is a user of its identity of its own. */
  #countStray(pod: PodFact, tracker?: Tracker): void {
    const identity = `${pod.namespace}/${pod.account}`;
    const stray =
      this.#state.pods.has(pod.id) && this.#state.selectors.selecting(pod.namespace, pod.labels).length === 0;
    if (stray) this.#enter(identity, pod.id, tracker);
    else this.#exit(identity, pod.id, tracker);
  }

  #uncountStray(pod: PodFact, tracker: Tracker): void {
    this.#exit(`${pod.namespace}/${pod.account}`, pod.id, tracker);
  }
}

function hostsOf(external: ExternalDeclaration): Set<string> {
  return new Set(
    external.node.endpoints.flatMap((endpoint) =>
      endpoint.protocol === 'TCP' && endpoint.host.kind !== 'cidr' ? [hostText(endpoint.host)] : [],
    ),
  );
}
