// What Istio would do with given objects: ztunnel at L4, a waypoint at L7. Evaluates any AuthorizationPolicy and
// PeerAuthentication, its own rules in code; shares nothing with the compilers it judges.
//
// Not modelled, hence `undecided` where it could decide: claims of tokens, external authorizers, addresses at a
// waypoint. Not judged at all: sidecars (I20), policies layered in front of a waypoint (off by default in istiod),
// and other objects that reject requests.
export type { Block } from './address.ts';
export type { AuthorizationPolicy, AuthorizationSpec, PolicyRule } from './admit/authorization-policy.ts';
export type { PeerAuthentication, PeerAuthenticationSpec } from './admit/peer-authentication.ts';
export { type IstioPolicySet, loadIstio, type Pruned, type ZtunnelFlow } from './load-istio.ts';
export type { MeshConfig, MeshPeer, MeshWorkload, Outsider, PathNormalization, WaypointRef } from './mesh.ts';
export type { L7Policy, L7Rule, WaypointPolicy } from './waypoint/attach.ts';
export type { Enrolment, EnrolmentTarget } from './waypoint/enrolment.ts';
export type { WaypointRequest, WaypointTarget } from './waypoint/request.ts';
export type { ZtunnelPolicy } from './ztunnel/attach.ts';
export type { L4Match, L4Policy, L4Rule, ServiceAccountMatch, TextMatch } from './ztunnel/l4-policy.ts';
