import type { Exemptions, ServiceGraph } from '../../graph/index.ts';
import { type CiliumConfig, loadCilium } from '../cilium/index.ts';
import { loadIstio, type MeshConfig } from '../istio/index.ts';
import { loadKubernetes } from '../kubernetes/index.ts';
import type { ObjectRef, Refusal } from '../verdict.ts';
import { ciliumDoors } from './cilium-door.ts';
import { distinctionsOf } from './distinctions.ts';
import { proveNames } from './dns-names.ts';
import { type Counterexample, type Door, type DoorName, proveDoor } from './door.ts';
import { kubernetesDoors } from './kubernetes-door.ts';
import type { Party } from './party.ts';
import { indexParties } from './party-index.ts';
import { neighboursOf, scopeAround, wholeScope } from './scope.ts';
import { serviceEntriesOf } from './service-entries.ts';
import { universeOf } from './universe.ts';
import { proveWaypoints } from './waypoint-door.ts';
import { ztunnelDoor } from './ztunnel-door.ts';

/** What a proof starts from: the declarations, and objects of any author that should enforce exactly them. */
export interface Claim {
  readonly graph: ServiceGraph;
  readonly objects: readonly unknown[];
  readonly engines: readonly ('cilium' | 'istio' | 'kubernetes')[];
  readonly clusterName: string;
  readonly trustDomain: string;
  readonly exemptions: Exemptions;
  /** Cilium's `enable-policy`; default `default`. */
  readonly enforcement?: 'default' | 'always' | 'never';
  /** Whether Cilium's selectors reach every cluster where they name none (C10). */
  readonly everyCluster?: boolean;
  /** Istio's root namespace; default `istio-system`. */
  readonly rootNamespace?: string;
  /** Keys of the services whose doors are judged, at the price of their neighbourhood; default every door there is. */
  readonly about?: ReadonlySet<string>;
}

/** How Cilium's agents are configured. */
export function ciliumOf({
  clusterName,
  enforcement = 'default',
  everyCluster = false,
}: Omit<Claim, 'graph' | 'objects'>): CiliumConfig {
  return { localCluster: clusterName, clusterName: everyCluster ? '' : clusterName, enforcement };
}

/** How istiod is configured. */
export function meshOf({ trustDomain, rootNamespace }: Omit<Claim, 'graph' | 'objects'>): MeshConfig {
  return { trustDomain, ...(rootNamespace === undefined ? {} : { rootNamespace }) };
}

export interface Proof {
  /** Sorted by door, from, to and port; none means proved. */
  readonly counterexamples: readonly Counterexample[];
  /** How many questions were put to the engines' evaluators. */
  readonly asked: number;
  readonly parties: number;
  /** Doors that were judged. */
  readonly doors: readonly DoorName[];
}

/**
 * Compares each door with its row of the table of guarantees, for every party that anything tells apart. An object
 * that the engine would refuse is a counterexample too, and so is every undecided verdict.
 */
export function prove(claim: Claim): Proof {
  const parties = partiesOf(claim);
  const judged = judgedBy(claim);
  const index = indexParties(parties, claim.graph, claim.clusterName);
  const guarantees = {
    graph: claim.graph,
    clusterName: claim.clusterName,
    engines: claim.engines,
    sight: 'identity',
  } as const;
  const ours = oursAmong(claim.objects);
  const found: Counterexample[] = [];
  const doors: Door[] = [];
  let asked = 0;
  if (claim.engines.includes('cilium')) {
    const policies = loadCilium(claim.objects, ciliumOf(claim));
    found.push(...policies.refusals.map((refusal) => refused(refusal, 'cilium-ingress')));
    const both = ciliumDoors(policies, index, guarantees, ours).map((door) => only(door, judged));
    for (const door of both) asked += proveDoor(door, index, (each) => found.push(each));
    doors.push(...both);
    asked += proveNames(policies, index.pods.filter(judged), guarantees, claim.objects, (each) => found.push(each));
  }
  if (claim.engines.includes('istio')) {
    const policies = loadIstio(claim.objects, meshOf(claim));
    found.push(...policies.refusals.map((refusal) => refused(refusal, 'ztunnel')));
    // What the mesh's own default is nobody here decides, so the row must hold under a permissive and a strict one (I13).
    for (const objects of [claim.objects, [...claim.objects, strictMesh(claim)]]) {
      const set = objects === claim.objects ? policies : loadIstio(objects, meshOf(claim));
      const door = only(ztunnelDoor(set, index, guarantees, ours), judged);
      asked += proveDoor(door, index, (each) => found.push(each));
      if (objects === claim.objects) doors.push(door);
    }
    const targets = { entries: serviceEntriesOf(claim.objects), about: claim.about };
    asked += proveWaypoints(policies, index, guarantees, targets, (each) => found.push(each));
  }
  if (claim.engines.includes('kubernetes')) {
    const policies = loadKubernetes(claim.objects);
    found.push(...policies.refusals.map((refusal) => refused(refusal, 'kubernetes-ingress')));
    const seen = kubernetesDoors(policies, parties, { ...guarantees, sight: 'labels' }, ours);
    const both = seen.doors.map((door) => only(door, judged));
    for (const door of both) asked += proveDoor(door, seen.index, (each) => found.push(each));
    doors.push(...both);
  }
  return {
    counterexamples: sorted(found),
    asked,
    parties: parties.length,
    doors: [...doors.map((door) => door.name), ...(claim.engines.includes('istio') ? (['waypoint'] as const) : [])],
  };
}

function partiesOf({ graph, objects, about, ...names }: Claim): readonly Party[] {
  const { workloads } = graph.state;
  if (!about)
    return universeOf(graph, names.clusterName, distinctionsOf(objects, workloads.values(), names), wholeScope(graph));
  const near = [...neighboursOf(graph, about)].flatMap((key) => workloads.get(key) ?? []);
  const seen = distinctionsOf(objects, near, names);
  return universeOf(graph, names.clusterName, seen, scopeAround(graph, about, seen.selectors));
}

/** Whether the doors of this pod are judged: those of a service that it wears the labels of. */
function judgedBy({ graph, about }: Claim): (party: Party) => boolean {
  if (!about) return () => true;
  return (party) =>
    party.kind === 'pod' &&
    graph.state.selectors.selecting(party.namespace, party.labels).some((key) => about.has(key));
}

function only(door: Door, judged: (party: Party) => boolean): Door {
  return { ...door, subjects: door.subjects.filter(judged) };
}

function strictMesh({ rootNamespace = 'istio-system' }: Claim): unknown {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: { name: 'default', namespace: rootNamespace },
    spec: { mtls: { mode: 'STRICT' } },
  };
}

/** Sorted, each once: a strict and a permissive mesh mostly find the same. */
function sorted(found: readonly Counterexample[]): readonly Counterexample[] {
  const byText = new Map(found.map((each) => [orderOf(each), each]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
}

function orderOf({ door, from, to, protocol, port, actual }: Counterexample): string {
  return [door, from, to, protocol, String(port).padStart(5, '0'), actual].join('\n');
}

function refused(refusal: Refusal, door: DoorName): Counterexample {
  const { kind, namespace, name } = refusal.object;
  return {
    from: '*',
    to: `${kind} ${namespace}/${name}`,
    port: 0,
    protocol: 'TCP',
    expected: 'accepted',
    actual: 'refused',
    door,
    reason: refusal.message,
    object: refusal.object,
  };
}

/** Objects that carry Lattice's label: those must leave alone what is not declared. */
function oursAmong(objects: readonly unknown[]): (object: ObjectRef) => boolean {
  const ours = new Set<string>();
  for (const object of objects) {
    const { kind, metadata } = asObject(object);
    const { namespace = '', name } = asObject(metadata);
    if (isOurs(object)) ours.add(`${String(kind)} ${String(namespace)}/${String(name)}`);
  }
  return ({ kind, namespace, name }) => ours.has(`${kind} ${namespace}/${name}`);
}

/** Whether Lattice wrote the object, by its label. */
export function isOurs(object: unknown): boolean {
  return asObject(asObject(asObject(object)['metadata'])['labels'])['app.kubernetes.io/managed-by'] === 'lattice';
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
