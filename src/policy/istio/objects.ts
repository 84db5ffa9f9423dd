// The shapes of Istio's objects, as far as the compiler writes them. What is missing here cannot be emitted by accident:
// no DENY (I7, Z1), no L7 fields (I7, I18), no `serviceAccounts` (I5, Z8), no `namespaces`, no `trustDomains` (I6).
import type { KubernetesObject, Part } from '../draft.ts';
import type { Owner } from '../name.ts';

/** Exactly these callers; or, where no identity exists, whoever has none (the one exception to Z4), perhaps by address. */
type Source =
  | { readonly principals: readonly string[] }
  | { readonly ipBlocks?: readonly string[]; readonly notPrincipals: readonly ['*'] };

export interface Rule {
  readonly from: readonly [{ readonly source: Source }];
  readonly to: readonly [{ readonly operation: { readonly ports: readonly string[] } }];
}

export interface TargetRef {
  readonly group: '' | 'networking.istio.io' | 'gateway.networking.k8s.io';
  readonly kind: 'Service' | 'ServiceEntry' | 'Gateway';
  readonly name: string;
}

/** Whom a policy is enforced for: pods, by ztunnel; or what a waypoint fronts, by the waypoint (I3). */
export type Attachment =
  | { readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } }
  | { readonly targetRefs: readonly TargetRef[] };

export interface ServiceEntryPort {
  readonly name: string;
  readonly number: number;
  readonly protocol: 'GRPC' | 'HTTP' | 'TCP' | 'TLS';
}

/**
 * An ALLOW policy; without rules it has no `rules` key and denies everybody (I1).
 *
 * Such a policy is two things at once: that it exists is the default deny of what it attaches to, its rules are grants.
 * It counts as `grant` while it has rules, so that it is written before the caller's side closes anything, and as
 * `deny` when it has none. Revoking the last grant is one write of the same object, so nothing opens in between.
 */
export function authorizationPolicy(
  owner: Owner,
  at: { readonly namespace: string; readonly suffix: string },
  attachment: Attachment,
  rules: readonly Rule[],
): { readonly part: Part; readonly object: KubernetesObject } {
  return {
    part: rules.length > 0 ? 'grant' : 'deny',
    object: {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: metadata(owner, at),
      spec: rules.length > 0 ? { ...attachment, action: 'ALLOW', rules } : { ...attachment, action: 'ALLOW' },
    },
  };
}

/**
 * Lets plaintext reach single ports of the pods. No `mtls`: the mode is inherited, and under STRICT a port-level
 * PERMISSIVE is then still honoured, while DISABLE is not (I13, Z6). A selector is required (Z7).
 */
export function peerAuthentication(
  owner: Owner,
  at: { readonly namespace: string; readonly suffix: string },
  matchLabels: Readonly<Record<string, string>>,
  ports: readonly string[],
): KubernetesObject {
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: metadata(owner, at),
    spec: {
      selector: { matchLabels },
      portLevelMtls: Object.fromEntries(ports.map((port) => [port, { mode: 'PERMISSIVE' }])),
    },
  };
}

/** A host outside the mesh whose traffic the waypoint `via` carries. A wildcard is only resolved by DYNAMIC_DNS. */
export function serviceEntry(
  owner: Owner,
  via: { readonly namespace: string; readonly name: string },
  host: string,
  ports: readonly ServiceEntryPort[],
): KubernetesObject {
  const { name, namespace, labels } = metadata(owner, { namespace: via.namespace, suffix: '' });
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: {
      name,
      namespace,
      labels: { ...labels, 'istio.io/use-waypoint': via.name, 'istio.io/use-waypoint-namespace': via.namespace },
    },
    spec: {
      hosts: [host],
      location: 'MESH_EXTERNAL',
      ports,
      resolution: host.startsWith('*.') ? 'DYNAMIC_DNS' : 'DNS',
    },
  };
}

function metadata(owner: Owner, at: { readonly namespace: string; readonly suffix: string }) {
  const name = at.suffix === '' ? owner.base : `${owner.base}-${at.suffix}`;
  return { name, namespace: at.namespace, labels: owner.labels };
}
