import { createTypes } from './type-notation.ts';
import { at, type JsonObject, plain, textAt } from '../json.ts';
import { CORE_COLUMNS, DEFAULT_COLUMNS } from '../table/core-columns.ts';
import { WORKLOAD_COLUMNS } from '../table/workload-columns.ts';
import { BUILTIN_RULES } from './builtin-rules.ts';
import { BUILTIN_TYPES } from './builtin-types.ts';
import { EVENT_CONVERSION } from './event-conversion.ts';
import { createTidy } from './tidy.ts';
import { NO_RULES, type Resource, type ScalePaths } from './resource.ts';
import type { Schema } from '../schema/schema.ts';

/** What differs from a plain namespaced kind. */
interface Row {
  readonly group: string;
  readonly version?: string;
  readonly plural: string;
  readonly kind: string;
  readonly type: string;
  readonly short?: readonly string[];
  readonly categories?: readonly string[];
  readonly cluster?: true;
  readonly status?: true;
  readonly finalize?: true;
  readonly scale?: ScalePaths;
  readonly generation?: true;
  readonly conditionalUpdate?: true;
  readonly createOnUpdate?: true;
  readonly returnsDeleted?: true;
  /** Answered at once and never stored. */
  readonly review?: true;
  readonly fields?: Resource['fields'];
  readonly storedAs?: string;
}

const REPLICAS: ScalePaths = {
  spec: ['spec', 'replicas'],
  status: ['status', 'replicas'],
  selector: ['spec', 'selector'],
};
const ALL = { categories: ['all'] } as const;
const RBAC = 'rbac.authorization.k8s.io';
const ADMISSION = 'admissionregistration.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';

const fields = (paths: Readonly<Record<string, readonly string[]>>): Resource['fields'] =>
  Object.fromEntries(
    Object.entries(paths).map(([label, path]) => [label, (object: JsonObject) => shownAt(object, path)]),
  );

const shownAt = (object: JsonObject, path: readonly string[]): string => {
  const found = at(object, ...path);
  return found === null ? '' : plain(found);
};

const ROWS: readonly Row[] = [
  { group: '', plural: 'configmaps', kind: 'ConfigMap', type: 'core.v1.ConfigMap', short: ['cm'] },
  {
    group: '',
    plural: 'events',
    kind: 'Event',
    type: 'core.v1.Event',
    short: ['ev'],
    createOnUpdate: true,
    fields: {
      ...fields({
        'involvedObject.kind': ['involvedObject', 'kind'],
        'involvedObject.namespace': ['involvedObject', 'namespace'],
        'involvedObject.name': ['involvedObject', 'name'],
        'involvedObject.uid': ['involvedObject', 'uid'],
        'involvedObject.apiVersion': ['involvedObject', 'apiVersion'],
        'involvedObject.resourceVersion': ['involvedObject', 'resourceVersion'],
        'involvedObject.fieldPath': ['involvedObject', 'fieldPath'],
        reason: ['reason'],
        type: ['type'],
      }),
      source: (object) => textAt(object, 'source', 'component') || textAt(object, 'reportingComponent'),
      reportingComponent: (object) => textAt(object, 'reportingComponent'),
    },
  },
  {
    group: '',
    plural: 'namespaces',
    kind: 'Namespace',
    type: 'core.v1.Namespace',
    short: ['ns'],
    cluster: true,
    status: true,
    finalize: true,
    returnsDeleted: true,
    fields: fields({ 'status.phase': ['status', 'phase'] }),
  },
  {
    group: '',
    plural: 'nodes',
    kind: 'Node',
    type: 'core.v1.Node',
    short: ['no'],
    cluster: true,
    status: true,
    fields: fields({ 'spec.unschedulable': ['spec', 'unschedulable'] }),
  },
  {
    group: '',
    plural: 'persistentvolumeclaims',
    kind: 'PersistentVolumeClaim',
    type: 'core.v1.PersistentVolumeClaim',
    short: ['pvc'],
    status: true,
    returnsDeleted: true,
  },
  {
    group: '',
    plural: 'pods',
    kind: 'Pod',
    type: 'core.v1.Pod',
    short: ['po'],
    ...ALL,
    status: true,
    generation: true,
    returnsDeleted: true,
    fields: fields({
      'spec.nodeName': ['spec', 'nodeName'],
      'spec.restartPolicy': ['spec', 'restartPolicy'],
      'spec.schedulerName': ['spec', 'schedulerName'],
      'spec.serviceAccountName': ['spec', 'serviceAccountName'],
      'spec.hostNetwork': ['spec', 'hostNetwork'],
      'status.phase': ['status', 'phase'],
      'status.podIP': ['status', 'podIP'],
      'status.nominatedNodeName': ['status', 'nominatedNodeName'],
    }),
  },
  { group: '', plural: 'secrets', kind: 'Secret', type: 'core.v1.Secret', fields: fields({ type: ['type'] }) },
  {
    group: '',
    plural: 'serviceaccounts',
    kind: 'ServiceAccount',
    type: 'core.v1.ServiceAccount',
    short: ['sa'],
    returnsDeleted: true,
  },
  {
    group: '',
    plural: 'services',
    kind: 'Service',
    type: 'core.v1.Service',
    short: ['svc'],
    ...ALL,
    status: true,
    returnsDeleted: true,
    fields: fields({ 'spec.clusterIP': ['spec', 'clusterIP'], 'spec.type': ['spec', 'type'] }),
  },
  {
    group: ADMISSION,
    plural: 'mutatingwebhookconfigurations',
    kind: 'MutatingWebhookConfiguration',
    type: 'admissionregistration.v1.MutatingWebhookConfiguration',
    categories: ['api-extensions'],
    cluster: true,
    generation: true,
    conditionalUpdate: true,
  },
  {
    group: ADMISSION,
    plural: 'validatingwebhookconfigurations',
    kind: 'ValidatingWebhookConfiguration',
    type: 'admissionregistration.v1.ValidatingWebhookConfiguration',
    categories: ['api-extensions'],
    cluster: true,
    generation: true,
    conditionalUpdate: true,
  },
  {
    group: 'apiextensions.k8s.io',
    plural: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
    storedAs: 'apiextensions.k8s.io/v1beta1',
    type: 'apiext.CustomResourceDefinition',
    short: ['crd', 'crds'],
    categories: ['api-extensions'],
    cluster: true,
    status: true,
    generation: true,
    conditionalUpdate: true,
  },
  ...(['daemonsets', 'deployments', 'replicasets', 'statefulsets'] as const).map((plural): Row => {
    const kind = {
      daemonsets: 'DaemonSet',
      deployments: 'Deployment',
      replicasets: 'ReplicaSet',
      statefulsets: 'StatefulSet',
    };
    const short = { daemonsets: 'ds', deployments: 'deploy', replicasets: 'rs', statefulsets: 'sts' };
    const base: Row = {
      group: 'apps',
      plural,
      kind: kind[plural],
      type: `apps.v1.${kind[plural]}`,
      short: [short[plural]],
      ...ALL,
      status: true,
      generation: true,
    };
    return plural === 'daemonsets' ? base : { ...base, scale: REPLICAS };
  }),
  {
    group: 'autoscaling',
    version: 'v2',
    plural: 'horizontalpodautoscalers',
    kind: 'HorizontalPodAutoscaler',
    type: 'autoscaling.v2.HorizontalPodAutoscaler',
    short: ['hpa'],
    ...ALL,
    status: true,
  },
  {
    group: 'batch',
    plural: 'cronjobs',
    kind: 'CronJob',
    type: 'batch.v1.CronJob',
    short: ['cj'],
    ...ALL,
    status: true,
    generation: true,
  },
  {
    group: 'batch',
    plural: 'jobs',
    kind: 'Job',
    type: 'batch.v1.Job',
    ...ALL,
    status: true,
    generation: true,
    fields: fields({ 'status.successful': ['status', 'succeeded'] }),
  },
  {
    group: 'coordination.k8s.io',
    plural: 'leases',
    kind: 'Lease',
    type: 'coordination.v1.Lease',
    conditionalUpdate: true,
    createOnUpdate: true,
  },
  {
    group: 'discovery.k8s.io',
    plural: 'endpointslices',
    kind: 'EndpointSlice',
    type: 'discovery.v1.EndpointSlice',
    generation: true,
  },
  {
    group: 'events.k8s.io',
    plural: 'events',
    kind: 'Event',
    type: 'events.v1.Event',
    storedAs: '/v1',
    short: ['ev'],
    createOnUpdate: true,
    fields: fields({
      'regarding.kind': ['regarding', 'kind'],
      'regarding.namespace': ['regarding', 'namespace'],
      'regarding.name': ['regarding', 'name'],
      'regarding.uid': ['regarding', 'uid'],
      reason: ['reason'],
      reportingController: ['reportingController'],
      type: ['type'],
    }),
  },
  {
    group: 'networking.k8s.io',
    plural: 'networkpolicies',
    kind: 'NetworkPolicy',
    type: 'networking.v1.NetworkPolicy',
    short: ['netpol'],
    generation: true,
  },
  {
    group: 'policy',
    plural: 'poddisruptionbudgets',
    kind: 'PodDisruptionBudget',
    type: 'policy.v1.PodDisruptionBudget',
    short: ['pdb'],
    status: true,
    generation: true,
  },
  {
    group: RBAC,
    plural: 'clusterrolebindings',
    kind: 'ClusterRoleBinding',
    type: 'rbac.v1.ClusterRoleBinding',
    cluster: true,
    createOnUpdate: true,
  },
  {
    group: RBAC,
    plural: 'clusterroles',
    kind: 'ClusterRole',
    type: 'rbac.v1.ClusterRole',
    cluster: true,
    createOnUpdate: true,
  },
  { group: RBAC, plural: 'rolebindings', kind: 'RoleBinding', type: 'rbac.v1.RoleBinding', createOnUpdate: true },
  { group: RBAC, plural: 'roles', kind: 'Role', type: 'rbac.v1.Role', createOnUpdate: true },
  {
    group: 'authentication.k8s.io',
    plural: 'selfsubjectreviews',
    kind: 'SelfSubjectReview',
    type: 'authentication.v1.SelfSubjectReview',
    cluster: true,
    review: true,
  },
  {
    group: AUTHORIZATION,
    plural: 'localsubjectaccessreviews',
    kind: 'LocalSubjectAccessReview',
    type: 'authorization.v1.LocalSubjectAccessReview',
    review: true,
  },
  {
    group: AUTHORIZATION,
    plural: 'selfsubjectaccessreviews',
    kind: 'SelfSubjectAccessReview',
    type: 'authorization.v1.SelfSubjectAccessReview',
    cluster: true,
    review: true,
  },
  {
    group: AUTHORIZATION,
    plural: 'selfsubjectrulesreviews',
    kind: 'SelfSubjectRulesReview',
    type: 'authorization.v1.SelfSubjectRulesReview',
    cluster: true,
    review: true,
  },
  {
    group: AUTHORIZATION,
    plural: 'subjectaccessreviews',
    kind: 'SubjectAccessReview',
    type: 'authorization.v1.SubjectAccessReview',
    cluster: true,
    review: true,
  },
];

const STORED_VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;

/** Namespaces are not deleted in one go. */
const NAMESPACE_VERBS = STORED_VERBS.filter((verb) => verb !== 'deletecollection');

export interface Builtins {
  readonly resources: readonly Resource[];
  /** A built-in type by its name in builtin-types.ts. */
  readonly type: (name: string) => Schema;
  /** An object of such a type, without what it omits when it is empty. */
  readonly tidy: (object: JsonObject, type: string) => JsonObject;
}

export function createBuiltins(): Builtins {
  const type = createTypes(BUILTIN_TYPES);
  const tidy = createTidy(BUILTIN_TYPES);
  return { type, tidy, resources: ROWS.map((row) => toResource(row, type, (object) => tidy(object, row.type))) };
}

function toResource(row: Row, type: (name: string) => Schema, tidy: Resource['tidy']): Resource {
  return {
    group: row.group,
    version: row.version ?? 'v1',
    plural: row.plural,
    singular: row.kind.toLowerCase(),
    kind: row.kind,
    listKind: `${row.kind}List`,
    shortNames: row.short ?? [],
    categories: row.categories ?? [],
    namespaced: row.cluster !== true,
    verbs: row.review ? ['create'] : row.finalize ? NAMESPACE_VERBS : STORED_VERBS,
    status: row.status === true,
    finalize: row.finalize === true,
    scale: row.scale,
    collection: row.group === 'events.k8s.io' ? '/events' : `${row.group}/${row.plural}`,
    get schema() {
      return type(row.type);
    },
    typeName: row.type,
    tidy,
    columns: CORE_COLUMNS[row.plural] ?? WORKLOAD_COLUMNS[row.plural] ?? DEFAULT_COLUMNS,
    fields: row.fields ?? {},
    generation: row.generation === true,
    unconditionalUpdate: row.conditionalUpdate !== true,
    createOnUpdate: row.createOnUpdate === true,
    returnsDeleted: row.returnsDeleted === true,
    rules: BUILTIN_RULES[row.kind] ?? NO_RULES,
    conversion: row.group === 'events.k8s.io' ? EVENT_CONVERSION : undefined,
    storedAs: row.storedAs ?? `${row.group}/${row.version ?? 'v1'}`,
    deprecation: undefined,
  };
}
