// The mesh around the policies: what istiod is configured with, and who talks.

export type PathNormalization = 'NONE' | 'BASE' | 'MERGE_SLASHES' | 'DECODE_AND_MERGE_SLASHES';

/** The part of istiod's configuration that changes a verdict. Defaults are Istio's own. */
export interface MeshConfig {
  readonly trustDomain: string;
  readonly trustDomainAliases?: readonly string[];
  /** Default `istio-system`. */
  readonly rootNamespace?: string;
  /** `AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY`; default false. Either way dry run enforces nothing (Z9). */
  readonly dryRun?: boolean;
  /** `PILOT_AUTO_ALLOW_WAYPOINT_POLICY`; default false. Needs `waypoint` on the workloads asked about (Z13). */
  readonly autoAllowWaypoint?: boolean;
  /** `meshConfig.pathNormalization`; default BASE. */
  readonly pathNormalization?: PathNormalization;
}

export interface WaypointRef {
  readonly namespace: string;
  /** Name of the Gateway. */
  readonly name: string;
}

/** A pod as the mesh sees it. */
export interface MeshWorkload {
  readonly namespace: string;
  readonly serviceAccount: string;
  /** None or empty = a pod without labels, which attracts every selector policy of its namespace (Z3). */
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: the trust domain of the mesh. */
  readonly trustDomain?: string;
  readonly ip?: string;
  /** True: speaks without mTLS, so that nobody sees an identity. */
  readonly plaintext?: boolean;
  /** The waypoint in front of this workload and the service accounts of its pods; read only for Z13. */
  readonly waypoint?: WaypointRef & { readonly serviceAccounts: readonly string[] };
}

/** Somebody outside the mesh: an address at most, never an identity. */
export interface Outsider {
  readonly plaintext: true;
  readonly ip?: string;
}

export type MeshPeer = MeshWorkload | Outsider;

export interface Identity {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly serviceAccount: string;
  /** `<trust domain>/ns/<namespace>/sa/<service account>`, without `spiffe://` (I4). */
  readonly principal: string;
}

/** The identity that a peer proves, or undefined when it speaks plaintext (I14). */
export function identityOf(peer: MeshPeer, mesh: MeshConfig): Identity | undefined {
  if (peer.plaintext === true || !('namespace' in peer)) return undefined;
  const trustDomain = peer.trustDomain ?? mesh.trustDomain;
  const { namespace, serviceAccount } = peer;
  return {
    trustDomain,
    namespace,
    serviceAccount,
    principal: `${trustDomain}/ns/${namespace}/sa/${serviceAccount}`,
  };
}

export function rootNamespaceOf(mesh: MeshConfig): string {
  return mesh.rootNamespace ?? 'istio-system';
}
