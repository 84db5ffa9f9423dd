import { isDeepStrictEqual } from 'node:util';
import { hostText } from '../api/index.ts';
import type { ExternalDeclaration } from './declare-external.ts';
import type { ServiceDeclaration } from './declare-service.ts';
import type { Port, Workload } from './model.ts';
import { unitId } from './model.ts';
import type { Party } from './party.ts';
import type { PodGroup } from './pod-groups.ts';
import type { GraphState } from './state.ts';
import { portsBetween } from './views.ts';

/** What a service looked like to its neighbours before a change. */
interface Before {
  readonly service: ServiceDeclaration | undefined;
  readonly workload: Workload | undefined;
  readonly peers: ReadonlyMap<string, Edges>;
  readonly gateways: readonly string[];
}

/** What is agreed with one peer in each direction. */
interface Edges {
  outbound: readonly Port[];
  inbound: readonly Port[];
}

/**
 * Finds the units that one change affects: the changed nodes, and of their neighbours, before and after, those whose
 * edge with them changed (all of them where the node itself looks different).
 */
export class Tracker {
  /** Services that must be resolved again. */
  readonly touched = new Set<string>();
  /** Pods that may have become, or ceased to be, nobody's. */
  readonly strays = new Set<PodGroup>();
  readonly #state: GraphState;
  readonly #before = new Map<string, Before>();
  readonly #flipped = new Set<string>();
  readonly #units = new Set<string>();
  readonly #hosts = new Set<string>();
  readonly #externals = new Set<string>();
  /** Gateways whose users changed. */
  readonly #waypoints = new Set<string>();
  #own: string | undefined;

  constructor(state: GraphState) {
    this.#state = state;
  }

  /** Remembers how these services look now; `own` is the one whose declaration changes. */
  watch(keys: readonly string[], own: string | undefined): void {
    this.#own = own;
    for (const key of keys) {
      if (this.touched.has(key)) continue;
      this.touched.add(key);
      const service = this.#state.services.get(key);
      this.#before.set(key, {
        service,
        workload: this.#state.workloads.get(key),
        peers: peersOf(service?.self),
        gateways: this.#state.waypointsOf.get(key) ?? [],
      });
      if (service && key === own) this.watchPodsOf(service);
    }
  }

  /** Pods that this service selects: whether they are nobody's depends on it. */
  watchPodsOf({ namespace, selector }: ServiceDeclaration): void {
    for (const group of this.#state.podGroups.including(namespace, selector)) this.strays.add(group);
  }

  /** Pods that come or go: they may be, or have been, nobody's. */
  watchPodGroup(key: string): void {
    const group = this.#state.podGroups.get(key);
    if (group) this.strays.add(group);
  }

  /** Remembers who uses an external service whose declaration changes, and its hosts. */
  watchExternal(key: string): void {
    this.#externals.add(key);
    this.#addHosts(this.#state.externals.get(key));
  }

  watchNamespace(namespace: string): void {
    this.#units.add(unitId({ kind: 'namespace', namespace }));
  }

  /** Every user of an egress waypoint is affected when the Gateway comes or goes; that is the bound. */
  watchGateway(key: string): void {
    this.watchNamespace(key.slice(0, key.indexOf('/')));
    const egress = this.#state.settings.egressWaypoint;
    if (!egress || key !== `${egress.namespace}/${egress.name}`) return;
    for (const host of this.#state.hosts.keys()) this.#hosts.add(host);
    for (const external of this.#state.externalUsers.keys()) this.#addUsersOf(external);
    this.#units.add(unitId({ kind: 'egress-waypoint' }));
  }

  /** These workloads begin or cease to share an identity. */
  identityFlips(users: Iterable<string>): void {
    for (const user of users) this.#flipped.add(user);
  }

  /** The affected units, once the change is applied and what was touched is resolved again. */
  changed(): ReadonlySet<string> {
    for (const [key, before] of this.#before) this.#compare(key, before);
    for (const key of this.#flipped) {
      const service = this.#state.services.get(key);
      if (!service || this.#before.has(key)) continue;
      this.#addService(key);
      for (const peer of peersOf(service.self).keys()) this.#addService(peer);
      this.#addHostsOf(service);
    }
    for (const key of this.#externals) {
      this.#addHosts(this.#state.externals.get(key));
      this.#addUsersOf(key);
    }
    for (const gateway of this.#waypoints) this.#addShadowsBehind(gateway);
    for (const host of this.#hosts) this.#units.add(unitId({ kind: 'host', host }));
    if (this.#hosts.size > 0) this.#units.add(unitId({ kind: 'egress-waypoint' }));
    return this.#units;
  }

  #compare(key: string, before: Before): void {
    const gateways = this.#state.waypointsOf.get(key) ?? [];
    // The namespace of a waypoint leaves its pods outside default deny, so it depends on who uses it.
    if (!isDeepStrictEqual(before.gateways, gateways)) {
      for (const gateway of [...before.gateways, ...gateways]) {
        this.watchNamespace(gateway.slice(0, gateway.indexOf('/')));
        this.#waypoints.add(gateway);
      }
    }
    const service = this.#state.services.get(key);
    const workload = this.#state.workloads.get(key);
    const peers = peersOf(service?.self);
    const looksDifferent = this.#flipped.has(key) || !isDeepStrictEqual(before.workload, workload);
    for (const [peer, edge] of before.peers)
      if (looksDifferent || !sameEdges(peers.get(peer), edge)) this.#addService(peer);
    for (const peer of peers.keys()) if (looksDifferent || !before.peers.has(peer)) this.#addService(peer);
    if (!looksDifferent && key !== this.#own) return;
    this.#addService(key);
    if (looksDifferent || !isDeepStrictEqual(before.service?.egress, service?.egress)) {
      this.#addHostsOf(before.service);
      this.#addHostsOf(service);
    }
    const namespace = workload?.namespace ?? before.workload?.namespace ?? '';
    if (looksDifferent && this.#state.namespaces.get(namespace)?.managed === true) this.watchNamespace(namespace);
  }

  #addService(key: string): void {
    const slash = key.indexOf('/');
    this.#units.add(unitId({ kind: 'service', namespace: key.slice(0, slash), name: key.slice(slash + 1) }));
  }

  /** A shadow says whether it shares its waypoint. */
  #addShadowsBehind(gateway: string): void {
    for (const user of this.#state.waypointUsers.get(gateway))
      if (this.#state.workloads.get(user)?.mode === 'shadow') this.#addService(user);
  }

  #addUsersOf(external: string): void {
    for (const user of this.#state.externalUsers.get(external)) this.#addService(user);
  }

  #addHostsOf(service: ServiceDeclaration | undefined): void {
    for (const key of service?.egress.keys() ?? []) this.#addHosts(this.#state.externals.get(key));
  }

  #addHosts(external: ExternalDeclaration | undefined): void {
    for (const endpoint of external?.node.endpoints ?? []) {
      if (endpoint.protocol === 'TCP' && endpoint.host.kind !== 'cidr') this.#hosts.add(hostText(endpoint.host));
    }
  }
}

/** The peers of a service, each with what is agreed between them. */
function peersOf(party: Party | undefined): ReadonlyMap<string, Edges> {
  const peers = new Map<string, Edges>();
  if (!party) return peers;
  for (const callee of party.callees) {
    const outbound = portsBetween(party, callee);
    if (outbound.length > 0) peers.set(callee.key, { outbound, inbound: NO_PORTS });
  }
  for (const caller of party.callers) {
    const inbound = portsBetween(caller, party);
    if (inbound.length === 0) continue;
    const edges = peers.get(caller.key);
    if (edges) edges.inbound = inbound;
    else peers.set(caller.key, { outbound: NO_PORTS, inbound });
  }
  return peers;
}

const NO_PORTS: readonly Port[] = [];

function sameEdges(a: Edges | undefined, b: Edges): boolean {
  return a !== undefined && sameNames(a.outbound, b.outbound) && sameNames(a.inbound, b.inbound);
}

/** Mostly both are all ports of the callee, and so the same list. */
function sameNames(a: readonly Port[], b: readonly Port[]): boolean {
  return a === b || (a.length === b.length && a.every((port, index) => port.name === b[index]?.name));
}
