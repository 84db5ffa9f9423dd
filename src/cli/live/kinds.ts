import { apiVersionOf, type DiscoveredKind, findKind, type Kind, untyped } from '../../kube/index.ts';

/** A kind that a live command reads. */
export interface ReadKind {
  readonly kind: string;
  /** Versions that are understood, the best first: they differ in name alone. */
  readonly apiVersions: readonly string[];
  /**
   * What it is read for. `declaration`: nothing works without it. `fact`: tells about pods and namespaces. `policy`:
   * an engine enforces it. `unmodelled`: an engine enforces it, and no evaluator knows how.
   */
  readonly as: 'declaration' | 'fact' | 'policy' | 'unmodelled';
}

const of = (as: ReadKind['as'], kind: string, ...apiVersions: readonly string[]): ReadKind => ({
  as,
  kind,
  apiVersions,
});

/**
 * Everything that is read of a cluster. ReplicaSets and Jobs are left out, as the operator leaves them out: those that
 * are over stay around, and the pods that live are read themselves.
 */
export const READ_KINDS: readonly ReadKind[] = [
  of('declaration', 'LatticeService', 'lattice.dev/v1alpha1'),
  of('declaration', 'LatticeExternalService', 'lattice.dev/v1alpha1'),
  of('declaration', 'LatticeResourceClass', 'lattice.dev/v1alpha1'),
  of('fact', 'Namespace', 'v1'),
  of('fact', 'Pod', 'v1'),
  of('fact', 'Service', 'v1'),
  of('fact', 'Deployment', 'apps/v1'),
  of('fact', 'StatefulSet', 'apps/v1'),
  of('fact', 'DaemonSet', 'apps/v1'),
  of('fact', 'CronJob', 'batch/v1'),
  of('fact', 'Gateway', 'gateway.networking.k8s.io/v1', 'gateway.networking.k8s.io/v1beta1'),
  of('policy', 'NetworkPolicy', 'networking.k8s.io/v1'),
  of('policy', 'ClusterNetworkPolicy', 'policy.networking.k8s.io/v1alpha2'),
  of('policy', 'CiliumNetworkPolicy', 'cilium.io/v2'),
  of('policy', 'CiliumClusterwideNetworkPolicy', 'cilium.io/v2'),
  of('policy', 'AuthorizationPolicy', 'security.istio.io/v1', 'security.istio.io/v1beta1'),
  of('policy', 'PeerAuthentication', 'security.istio.io/v1', 'security.istio.io/v1beta1'),
  of('policy', 'ServiceEntry', 'networking.istio.io/v1', 'networking.istio.io/v1beta1'),
  of('unmodelled', 'AdminNetworkPolicy', 'policy.networking.k8s.io/v1alpha1'),
  of('unmodelled', 'BaselineAdminNetworkPolicy', 'policy.networking.k8s.io/v1alpha1'),
  of('unmodelled', 'RequestAuthentication', 'security.istio.io/v1', 'security.istio.io/v1beta1'),
];

/** The kind as this server serves it, or undefined. */
export function servedAs({ kind, apiVersions }: ReadKind, served: readonly DiscoveredKind[]): Kind | undefined {
  for (const apiVersion of apiVersions) {
    const known = findKind(served, apiVersion, kind);
    if (known) return untyped(known);
  }
  return undefined;
}

/** `AuthorizationPolicy (security.istio.io)`, or the kind alone where it is built in. */
export function titleOfKind({ kind, apiVersions }: ReadKind): string {
  const [group = ''] = (apiVersions[0] ?? '').split('/');
  return group.includes('.') ? `${kind} (${group})` : kind;
}

/** The resource by which RBAC knows it, such as `pods` or `gateways.gateway.networking.k8s.io`. */
export function resourceOf(kind: Kind): string {
  const group = apiVersionOf(kind).includes('/') ? `.${kind.group}` : '';
  return `${kind.plural}${group}`;
}
