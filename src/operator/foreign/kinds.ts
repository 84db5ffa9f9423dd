import { type Kind, untyped } from '../../kube/index.ts';

const cilium = (kind: string, plural: string, namespaced: boolean): Kind =>
  untyped({ group: 'cilium.io', version: 'v2', kind, plural, namespaced });

/**
 * Kinds that an engine enforces beside those that Lattice writes for it. Cilium reads the policies of Kubernetes, too;
 * NetworkPolicies are left out where they are written anyway.
 */
export const ENFORCED_TOO = {
  cilium: [
    cilium('CiliumClusterwideNetworkPolicy', 'ciliumclusterwidenetworkpolicies', false),
    untyped({
      group: 'networking.k8s.io',
      version: 'v1',
      kind: 'NetworkPolicy',
      plural: 'networkpolicies',
      namespaced: true,
    }),
    untyped({
      group: 'policy.networking.k8s.io',
      version: 'v1alpha2',
      kind: 'ClusterNetworkPolicy',
      plural: 'clusternetworkpolicies',
      namespaced: false,
    }),
  ],
  istio: [],
  kubernetes: [],
} as const satisfies Readonly<Record<string, readonly Kind[]>>;
