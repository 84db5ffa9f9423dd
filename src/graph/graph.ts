import { isDeepStrictEqual } from 'node:util';
import type { LatticeExternalService, LatticeService } from '../api/index.ts';
import { declareExternal, type ExternalDeclaration } from './declare-external.ts';
import { declareService, sameService, type ServiceDeclaration } from './declare-service.ts';
import { type Fact, factId, type PodFact } from './facts.ts';
import type { EgressWaypointView, HostView, NamespaceView, ServiceView, UnitKey, Waypoint } from './model.ts';
import { linkAll } from './link-all.ts';
import { groupKey } from './pod-groups.ts';
import { link } from './neighbours.ts';
import { settle, settleAll } from './settle.ts';
import type { Settings } from './settings.ts';
import { emptyState, type GraphState } from './state.ts';
import {
  factAt,
  storeExternal,
  storeFact,
  storeService,
  unstoreExternal,
  unstoreFact,
  unstoreService,
} from './store.ts';
import { partnersOf, touchedBy } from './touched.ts';
import { Tracker } from './tracker.ts';
import { egressWaypoint, egressWaypointView, hostView, namespaceView, serviceView } from './views.ts';

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

  constructor(settings: Settings, defaultNamespace = 'default') {
    this.#state = emptyState(settings);
    this.#defaultNamespace = defaultNamespace;
  }

  /** Builds a graph at once; the result is that of putting each input. */
  static of(inputs: Iterable<Input>, settings: Settings, defaultNamespace = 'default'): ServiceGraph {
    const graph = new ServiceGraph(settings, defaultNamespace);
    for (const input of inputs) graph.#store(input);
    linkAll(graph.#state);
    settleAll(graph.#state);
    return graph;
  }

  /** What is known, for the functions of this room that read it. */
  get state(): GraphState {
    return this.#state;
  }

  /** Adds or replaces an input. Returns ids ({@link unitId}) of the units that must be compiled again. */
  put(input: Input): ReadonlySet<string> {
    if (input.kind === 'LatticeService') {
      const service = declareService(input, this.#defaultNamespace, this.#state.parties);
      const known = this.#state.services.get(service.key);
      if (known && sameService(known, service)) return new Set();
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
    const { services, namespaces, hosts } = this.#state;
    const managed = [...namespaces.values()].filter((fact) => fact.managed).map((fact) => fact.name);
    return [
      ...[...services.keys()].sort().flatMap((key) => unitOf(services.get(key))),
      ...managed.sort().map((namespace): UnitKey => ({ kind: 'namespace', namespace })),
      ...[...hosts.keys()].sort().map((host): UnitKey => ({ kind: 'host', host })),
      ...(hosts.size > 0 ? [{ kind: 'egress-waypoint' } as const] : []),
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
    const state = this.#state;
    const tracker = new Tracker(state);
    tracker.watch([key, ...partnersOf(state, state.services.get(key)), ...partnersOf(state, service)], key);
    if (service) {
      storeService(state, service);
      link(state, service);
      tracker.watchPodsOf(service);
    } else unstoreService(state, key);
    settle(state, tracker);
    return tracker.changed();
  }

  #changeExternal(key: string, external: ExternalDeclaration | undefined): ReadonlySet<string> {
    const tracker = new Tracker(this.#state);
    tracker.watchExternal(key);
    unstoreExternal(this.#state, key);
    if (external) storeExternal(this.#state, external);
    return tracker.changed();
  }

  #changeFact(id: string, fact: Fact | undefined): ReadonlySet<string> {
    const state = this.#state;
    const known = factAt(state, id);
    if (known === undefined ? fact === undefined : fact !== undefined && isDeepStrictEqual(known, fact))
      return new Set();
    const tracker = new Tracker(state);
    if (known?.kind === 'pod' || fact?.kind === 'pod') {
      this.#changePod(known?.kind === 'pod' ? known : undefined, fact?.kind === 'pod' ? fact : undefined, tracker);
    } else {
      tracker.watch(
        [known, fact].flatMap((each) => (each ? touchedBy(state, each) : [])),
        undefined,
      );
      if (known?.kind === 'namespace' || fact?.kind === 'namespace')
        tracker.watchNamespace(id.slice('Namespace '.length));
      if (known?.kind === 'gateway' || fact?.kind === 'gateway') tracker.watchGateway(id.slice('Gateway '.length));
      if (known) unstoreFact(state, known);
      if (fact) storeFact(state, fact);
    }
    settle(state, tracker);
    return tracker.changed();
  }

  /** Only a group of pods that comes or goes can change anything: one pod more or less of a known one does not. */
  #changePod(known: PodFact | undefined, fact: PodFact | undefined, tracker: Tracker): void {
    const state = this.#state;
    const { podGroups } = state;
    const from = known && groupKey(known);
    const to = fact && groupKey(fact);
    const going = known && from !== to && podGroups.isOnly(known);
    const coming = fact && from !== to && !podGroups.get(groupKey(fact));
    tracker.watch([...(going ? touchedBy(state, known) : []), ...(coming ? touchedBy(state, fact) : [])], undefined);
    if (going) tracker.watchPodGroup(groupKey(known));
    if (known) unstoreFact(state, known);
    if (fact) storeFact(state, fact);
    if (coming) tracker.watchPodGroup(groupKey(fact));
  }

  #store(input: Input): void {
    if (input.kind === 'LatticeService') {
      storeService(this.#state, declareService(input, this.#defaultNamespace, this.#state.parties));
    } else if (input.kind === 'LatticeExternalService') {
      const external = declareExternal(input, this.#defaultNamespace, this.#state.settings.exemptions.network);
      unstoreExternal(this.#state, external.key);
      storeExternal(this.#state, external);
    } else {
      const known = factAt(this.#state, factId(input));
      if (known) unstoreFact(this.#state, known);
      storeFact(this.#state, input);
    }
  }
}

function unitOf(service: ServiceDeclaration | undefined): UnitKey | [] {
  return service ? { kind: 'service', namespace: service.namespace, name: service.name } : [];
}
