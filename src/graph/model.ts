// The graph's vocabulary: what a compiler, a proof or an explanation may know about a node and its direct neighbours.
import type { Cidr, Endpoint, Protocol, Source } from '../api/index.ts';
import type { Barred } from './barred.ts';

export type Labels = Readonly<Record<string, string>>;

/**
 * How a pod takes part in the mesh. `gateway`: a proxy of the mesh's own (the pods of a Gateway); it calls through the
 * tunnel under its identity and past every waypoint, but no ztunnel stands in front of it. `sidecar` has no verdicts from
 * a real engine yet, so it is refused with a condition.
 */
export type MeshMode = 'ambient' | 'gateway' | 'none' | 'sidecar';

/** Whether a caller of this mode reaches pods in ambient mode through the tunnel, with an identity to be told by. */
export function callsThroughTunnel(mesh: MeshMode): boolean {
  return mesh === 'ambient' || mesh === 'gateway';
}

/** One port of a service. `targetPorts` are the real ports of its pods: one, or several while a change rolls out. */
export interface Port {
  readonly name: string;
  /** The Service port that callers use, and a waypoint sees (I12). */
  readonly port: number;
  /** Sorted, at least one. What Cilium and ztunnel see (C19, I12). */
  readonly targetPorts: readonly number[];
  readonly protocol: Protocol;
}

/** A Gateway that fronts services in an ambient mesh. Its ServiceAccount bears its name. */
export interface Waypoint {
  readonly namespace: string;
  readonly name: string;
  readonly account: string;
}

/**
 * A service as the doors know it. `selectors` and `accounts` have one entry each in the steady state, and several
 * while a change rolls out: the declared ones united with those of the pods that live.
 */
export interface Workload {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Each non-empty; a pod belongs to the service when it has all labels of one of them. Sorted keys. */
  readonly selectors: readonly Labels[];
  /** ServiceAccounts, sorted, at least one. */
  readonly accounts: readonly string[];
  readonly mesh: MeshMode;
  readonly mode: 'enforce' | 'shadow';
  /** Declared ports, or the real ones where none are declared; sorted by name. Empty when none is known. */
  readonly ports: readonly Port[];
  /** Service objects that lead to these pods, sorted. */
  readonly services: readonly string[];
  /** The Gateway that callers of these Services are sent through, when it is programmed. */
  readonly waypoint?: Waypoint;
  /** Whether some callers reach the pods past the waypoint (a headless Service), so that the direct way stays open too (I11). */
  readonly direct: boolean;
  /** Why no door can be written for this service (`IdentityIsNode`, `SidecarUnsupported`, `SystemNamespace`, ...). */
  readonly barred?: Barred;
}

/** All agreed ports towards or from one peer. Ports are the callee's, sorted by name. */
export interface Link {
  readonly peer: Workload;
  readonly ports: readonly Port[];
}

/** An external service: endpoints that are called, or sources that call. */
export interface ExternalNode {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly endpoints: readonly NamedEndpoint[];
  readonly sources: readonly Source[];
}

export interface NamedEndpoint extends Endpoint {
  readonly name: string;
}

/** Agreed endpoints of one external service that the node calls; sorted by endpoint name, at least one. */
export interface EgressLink {
  readonly external: ExternalNode;
  readonly endpoints: readonly NamedEndpoint[];
}

/** Agreed ports of the node that an external service's sources may call. */
export interface IngressLink {
  readonly external: ExternalNode;
  readonly ports: readonly Port[];
}

/** A built-in peer of the administrator's configuration, resolved. */
export interface BuiltinPeer {
  readonly name: string;
  readonly at:
    | { readonly kind: 'entity'; readonly entity: string }
    | { readonly kind: 'cidrs'; readonly cidrs: readonly Cidr[] }
    | BuiltinPods;
}

/** A built-in peer that is pods; those in the mesh have an account to be told by. */
export type BuiltinPods = {
  readonly kind: 'pods';
  readonly namespace: string;
  readonly labels: Labels;
} & ({ readonly account?: string; readonly mesh?: 'none' } | { readonly account: string; readonly mesh: 'ambient' });

/** A built-in peer that calls, and is called, through the mesh's tunnel. */
export interface MeshedBuiltin {
  readonly namespace: string;
  readonly account: string;
}

/** The identity of a built-in peer in the mesh; undefined for one outside it. */
export function meshedBuiltin({ at }: BuiltinPeer): MeshedBuiltin | undefined {
  return at.kind === 'pods' && at.mesh === 'ambient' ? { namespace: at.namespace, account: at.account } : undefined;
}

/** What one service may do with a built-in peer. `outbound` are the peer's real ports, `inbound` the service's. */
export interface BuiltinLink {
  readonly peer: BuiltinPeer;
  readonly outbound: readonly { readonly port: number; readonly protocol: Protocol }[];
  readonly inbound: readonly Port[];
}

/**
 * Everything that a compiler may know about one service: itself and its agreed links, each list sorted by key.
 * Links that a rule refuses (shared identity, a barred end, ...) are not in it: they are findings.
 */
export interface ServiceView {
  readonly self: Workload;
  /** Services that call this one: `ports` are its own. */
  readonly inbound: readonly Link[];
  /** Services that this one calls: `ports` are the peer's. */
  readonly outbound: readonly Link[];
  readonly egress: readonly EgressLink[];
  readonly ingress: readonly IngressLink[];
  readonly builtins: readonly BuiltinLink[];
}

/** Everything about one host that services reach through an egress waypoint, whoever declared it (I16: union per host). */
export interface HostView {
  /** The FQDN, or `*.suffix`. */
  readonly host: string;
  /** One entry per port, sorted; callers are agreed, meshed (ambient) and sorted by key. At least one. */
  readonly ports: readonly {
    readonly port: number;
    readonly scheme: Endpoint['scheme'];
    readonly callers: readonly Workload[];
  }[];
}

/** A namespace whose label `lattice.dev/managed: "true"` extends default deny to all of its pods. */
export interface NamespaceView {
  readonly namespace: string;
  readonly managed: boolean;
  readonly mesh: MeshMode;
  /** Shadow services of the namespace and the waypoints that live in it, each sorted by key: they stay outside default deny. */
  readonly shadows: readonly Workload[];
  /** Enforced services of the namespace, sorted by key. */
  readonly enforced: readonly Workload[];
}

/** Whether an entry of {@link NamespaceView.shadows} stands for a waypoint's pods, which no service declares. */
export function isWaypoint(shadow: Workload): boolean {
  return shadow.key.startsWith('Gateway ');
}

/** The unit that is compiled on its own and owns its objects. */
export type UnitKey =
  | { readonly kind: 'service'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'namespace'; readonly namespace: string }
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'egress-waypoint' };

/** `service:shop/cart`, `namespace:shop`, `host:api.stripe.com`, `egress-waypoint`: sortable and unique. */
export function unitId(unit: UnitKey): string {
  switch (unit.kind) {
    case 'service':
      return `service:${unit.namespace}/${unit.name}`;
    case 'namespace':
      return `namespace:${unit.namespace}`;
    case 'host':
      return `host:${unit.host}`;
    case 'egress-waypoint':
      return 'egress-waypoint';
  }
}

/** Everything about the Gateway that carries egress, and the hosts behind it, sorted by host. */
export interface EgressWaypointView {
  readonly waypoint: Waypoint;
  /** Services that may reach it, sorted by key. */
  readonly callers: readonly Workload[];
  readonly hosts: readonly HostView[];
}
