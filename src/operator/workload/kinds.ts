import { type Kind, untyped } from '../../kube/index.ts';

const built = (group: string, version: string, kind: string, plural: string): Kind =>
  untyped({ group, version, kind, plural, namespaced: true });

export const LATTICE_RESOURCE_CLASS = untyped({
  group: 'lattice.dev',
  version: 'v1alpha1',
  kind: 'LatticeResourceClass',
  plural: 'latticeresourceclasses',
  namespaced: false,
});

export const CONFIG_MAP = built('', 'v1', 'ConfigMap', 'configmaps');
export const SECRET = built('', 'v1', 'Secret', 'secrets');
export const CLAIM = built('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');

/** What is rendered. Secrets are not among them: they are made once, and never read. */
export const RENDERED: readonly Kind[] = [
  built('', 'v1', 'ServiceAccount', 'serviceaccounts'),
  CONFIG_MAP,
  CLAIM,
  built('', 'v1', 'Service', 'services'),
  built('apps', 'v1', 'Deployment', 'deployments'),
  built('apps', 'v1', 'StatefulSet', 'statefulsets'),
  built('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets'),
  built('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers'),
];

/** Names whose objects the workload controller owns; unlike the label of policies, so that neither prunes the other's. */
export const WORKLOAD_LABEL = 'lattice.dev/workload';

/** Keeps a LatticeService until its pods are gone: its policies must outlive them. */
export const FINALIZER = 'lattice.dev/workload';

/** Not that of the policies' controller: each takes away what it no longer says. */
export const MANAGER = 'lattice-workload';
