import { type Kind, type KindName, untyped } from '../../kube/index.ts';

const declared = (kind: string, plural: string): Kind =>
  untyped({ group: 'lattice.dev', version: 'v1alpha1', kind, plural, namespaced: true });
const core = (kind: string, plural: string, namespaced = true): Kind =>
  untyped({ group: '', version: 'v1', kind, plural, namespaced });

export const LATTICE_SERVICE = declared('LatticeService', 'latticeservices');
export const LATTICE_EXTERNAL_SERVICE = declared('LatticeExternalService', 'latticeexternalservices');
export const NAMESPACE = core('Namespace', 'namespaces', false);
export const POD = core('Pod', 'pods');
export const SERVICE = core('Service', 'services');
export const GATEWAY = untyped({
  group: 'gateway.networking.k8s.io',
  version: 'v1',
  kind: 'Gateway',
  plural: 'gateways',
  namespaced: true,
});

const apps = (kind: string, plural: string): Kind =>
  untyped({ group: 'apps', version: 'v1', kind, plural, namespaced: true });

/**
 * Kinds whose pod template says what pods there will be. ReplicaSets and Jobs are left out: those that are over stay
 * around, and would keep identities that nobody runs under any more.
 */
export const TEMPLATES: readonly Kind[] = [
  apps('Deployment', 'deployments'),
  apps('StatefulSet', 'statefulsets'),
  apps('DaemonSet', 'daemonsets'),
  untyped({ group: 'batch', version: 'v1', kind: 'CronJob', plural: 'cronjobs', namespaced: true }),
];

const written = (group: string, version: string, kind: string, plural: string): Kind =>
  untyped({ group, version, kind, plural, namespaced: true });

/** Kinds of the engines' objects, by the engine that compiles to them. */
export const WRITTEN = {
  cilium: [written('cilium.io', 'v2', 'CiliumNetworkPolicy', 'ciliumnetworkpolicies')],
  istio: [
    written('security.istio.io', 'v1', 'AuthorizationPolicy', 'authorizationpolicies'),
    written('security.istio.io', 'v1', 'PeerAuthentication', 'peerauthentications'),
    written('networking.istio.io', 'v1', 'ServiceEntry', 'serviceentries'),
  ],
  kubernetes: [written('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies')],
} as const satisfies Readonly<Record<string, readonly Kind[]>>;

/** The name of the definition of a kind that is not built in; undefined for those that are. */
export function definitionOf(kind: KindName): string | undefined {
  return BUILT_IN.has(kind.group) ? undefined : `${kind.plural}.${kind.group}`;
}

const BUILT_IN: ReadonlySet<string> = new Set(['', 'apps', 'autoscaling', 'batch', 'networking.k8s.io', 'policy']);

/** What factOf reads of a Service. */
export const SERVICE_FIELDS = [
  'metadata.labels',
  'spec.selector',
  'spec.clusterIP',
  'spec.type',
  'spec.externalTrafficPolicy',
  'spec.ports',
] as const;
