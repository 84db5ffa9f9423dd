// Objects in, answers out: the Istio evaluators behind one door.
import type { ObjectRef, Refusal, Verdict } from '../verdict.ts';
import { parseAddress } from './address.ts';
import { type Admission, admit } from './admit/admit.ts';
import type { AuthorizationPolicy } from './admit/authorization-policy.ts';
import type { PeerAuthentication } from './admit/peer-authentication.ts';
import { identityOf, type MeshConfig, type MeshPeer, type MeshWorkload, type WaypointRef } from './mesh.ts';
import { indexPolicies, type ZtunnelPolicy } from './ztunnel/attach.ts';
import { judgeConnection } from './ztunnel/judge.ts';
import { indexTargets, type WaypointPolicy } from './waypoint/attach.ts';
import { type Enrolment, type EnrolmentTarget, indexEnrolment } from './waypoint/enrolment.ts';
import { judgeRequest } from './waypoint/judge.ts';
import { seenBy, type WaypointRequest, type WaypointTarget } from './waypoint/request.ts';

/** One connection to a pod in ambient mode, as the ztunnel of its node sees it. */
export interface ZtunnelFlow {
  /** Who opens it; behind a waypoint this is the waypoint (I10). */
  readonly from: MeshPeer;
  readonly to: MeshWorkload;
  /** The container port, not the Service's (I12). */
  readonly port: number;
}

/** An accepted object and the fields of it that the API server dropped in silence. */
export interface Pruned {
  readonly object: ObjectRef;
  readonly paths: readonly string[];
}

export interface IstioPolicySet {
  /** Policies that enforce nothing, because the API server (`schema`) or istiod's webhook (`agent`) refuses them; sorted. */
  readonly refusals: readonly Refusal[];
  readonly pruned: readonly Pruned[];
  /** Policies that were accepted, sorted; of several with one name the last. */
  readonly accepted: readonly ObjectRef[];
  /** Everything ztunnel enforces in front of the workload: for walking rules instead of asking pairs. */
  readonly ztunnelPolicyOf: (workload: MeshWorkload) => ZtunnelPolicy;
  /** What ztunnel says to a connection. Reasons: see `judgeConnection`. */
  readonly judgeZtunnel: (flow: ZtunnelFlow) => Verdict;
  /** Everything a waypoint enforces for a target; without target, for pods addressed directly. */
  readonly waypointPolicyOf: (waypoint: WaypointRef, target?: WaypointTarget) => WaypointPolicy;
  /** Which waypoint serves a target, by the Gateways, Services, ServiceEntries and Namespaces among the objects. */
  readonly waypointOf: (target: EnrolmentTarget) => Enrolment;
  /** What a waypoint says to a request. Reasons: see `judgeRequest`, and `MalformedPath`. */
  readonly judgeWaypoint: (request: WaypointRequest) => Verdict;
}

/**
 * Reads AuthorizationPolicies and PeerAuthentications among `objects` of any shape and kind, and what places waypoints.
 * Never throws and never changes its input: what cannot be read is refused, other kinds are passed over.
 */
export function loadIstio(objects: readonly unknown[], mesh: MeshConfig): IstioPolicySet {
  const refusals: Refusal[] = [];
  const accepted = new Map<string, Admission & { readonly kind: 'accepted' }>();
  for (const object of objects) {
    const admission = admit(object);
    if (admission.kind === 'refused') refusals.push(admission.refusal);
    if (admission.kind === 'accepted') accepted.set(keyOf(admission.object), admission);
  }
  const sorted = [...accepted.keys()].sort().flatMap((key) => accepted.get(key) ?? []);
  const policies = sorted.map(({ policy }) => policy);
  const lookup = indexPolicies(policies.filter(isAuthorization), policies.filter(isPeerAuthentication), mesh);
  const targets = indexTargets(policies.filter(isAuthorization), mesh);
  const ztunnelPolicyOf = remember(lookup);
  const sourceOf = remember((peer: MeshPeer) => ({
    identity: identityOf(peer, mesh),
    ip: peer.ip === undefined ? undefined : parseAddress(peer.ip),
  }));
  return {
    refusals: refusals.sort((left, right) => compare(refusalKey(left), refusalKey(right))),
    pruned: sorted.flatMap(({ object, pruned }) => (pruned.length > 0 ? [{ object, paths: pruned }] : [])),
    accepted: sorted.map(({ object }) => object),
    ztunnelPolicyOf,
    judgeZtunnel: ({ from, to, port }) => {
      const { identity, ip } = sourceOf(from);
      return judgeConnection(ztunnelPolicyOf(to), { identity, sourceIp: ip, destinationIp: sourceOf(to).ip, port });
    },
    waypointPolicyOf: targets,
    waypointOf: indexEnrolment(objects),
    judgeWaypoint: (request) => {
      const seen = seenBy(request, mesh);
      if (!seen) return { verdict: 'denied', reason: 'MalformedPath', decidedBy: [] };
      return judgeRequest(targets(request.waypoint, request.destination), seen, request.protocol);
    },
  };
}

/** Computes once per object: a caller that asks many questions passes the same workloads again and again. */
function remember<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const known = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    const found = known.get(key);
    if (found) return found.value;
    const value = compute(key);
    known.set(key, { value });
    return value;
  };
}

function keyOf({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace}/${name}`;
}

function refusalKey({ object, stage, message }: Refusal): string {
  return [keyOf(object), stage, message].join(' ');
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function isAuthorization(policy: AuthorizationPolicy | PeerAuthentication): policy is AuthorizationPolicy {
  return policy.kind === 'AuthorizationPolicy';
}

function isPeerAuthentication(policy: AuthorizationPolicy | PeerAuthentication): policy is PeerAuthentication {
  return policy.kind === 'PeerAuthentication';
}
