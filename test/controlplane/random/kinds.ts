// The kinds that conversations are about, each with a valid object to start from.
import type { Fields } from './spoil.ts';

export interface Subject {
  /** Path of the collection in namespace `ns`. */
  readonly path: (ns: string) => string;
  /** Objects of cluster scope are told apart by what the conversation is called. */
  readonly cluster: boolean;
  readonly object: (name: string) => Fields;
  readonly subresources: readonly string[];
  readonly fields: readonly string[];
}

const RBAC = 'rbac.authorization.k8s.io/v1';
const within =
  (root: string, plural: string) =>
  (ns: string): string =>
    `${root}/namespaces/${ns}/${plural}`;
const labelled = (name: string) => ({
  name,
  labels: { app: 'one', in: 'NAMESPACE' },
  annotations: { note: 'n' },
});

export const SUBJECTS: readonly [Subject, ...Subject[]] = [
  {
    path: within('/api/v1', 'configmaps'),
    cluster: false,
    object: (name) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: labelled(name),
      data: { a: '1', b: '2' },
      binaryData: { c: 'AAEC' },
      immutable: false,
    }),
    subresources: [],
    fields: ['metadata.name=a', 'metadata.namespace=x', 'data.a=1'],
  },
  {
    path: within('/api/v1', 'secrets'),
    cluster: false,
    object: (name) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: labelled(name),
      type: 'Opaque',
      data: { a: 'MQ==', b: 'eA==' },
    }),
    subresources: [],
    fields: ['type=Opaque', 'metadata.name!=a'],
  },
  {
    path: within('/api/v1', 'serviceaccounts'),
    cluster: false,
    object: (name) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: labelled(name),
      secrets: [{ name: 's' }],
      imagePullSecrets: [{ name: 'p' }],
      automountServiceAccountToken: false,
    }),
    subresources: [],
    fields: ['metadata.name=b'],
  },
  {
    path: within('/apis/coordination.k8s.io/v1', 'leases'),
    cluster: false,
    object: (name) => ({
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: labelled(name),
      spec: {
        holderIdentity: 'me',
        leaseDurationSeconds: 15,
        leaseTransitions: 1,
        renewTime: '2026-01-01T00:00:00.000000Z',
        acquireTime: '2026-01-01T00:00:00.000000Z',
      },
    }),
    subresources: [],
    fields: ['metadata.name=c'],
  },
  {
    path: within('/api/v1', 'events'),
    cluster: false,
    object: (name) => ({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: labelled(name),
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'NAMESPACE', apiVersion: 'v1' },
      reason: 'Tried',
      message: 'it went well',
      type: 'Normal',
      count: 1,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      source: { component: 'me' },
    }),
    subresources: [],
    fields: ['involvedObject.name=p', 'reason=Tried', 'type=Warning'],
  },
  {
    path: within(`/apis/${RBAC}`, 'roles'),
    cluster: false,
    object: (name) => ({
      apiVersion: RBAC,
      kind: 'Role',
      metadata: labelled(name),
      rules: [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'], resourceNames: ['p'] }],
    }),
    subresources: [],
    fields: [],
  },
  {
    path: within(`/apis/${RBAC}`, 'rolebindings'),
    cluster: false,
    object: (name) => ({
      apiVersion: RBAC,
      kind: 'RoleBinding',
      metadata: labelled(name),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a' },
      subjects: [
        { kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' },
        { kind: 'ServiceAccount', name: 's', namespace: 'NAMESPACE' },
      ],
    }),
    subresources: [],
    fields: [],
  },
  {
    path: () => `/apis/${RBAC}/clusterroles`,
    cluster: true,
    object: (name) => ({
      apiVersion: RBAC,
      kind: 'ClusterRole',
      metadata: labelled(name),
      rules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }],
    }),
    subresources: [],
    fields: [],
  },
  {
    path: () => '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    cluster: true,
    object: (name) => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: labelled(name),
      webhooks: [
        {
          name: 'a.talk.lattice.dev',
          clientConfig: { url: 'https://127.0.0.1:1/' },
          rules: [
            { apiGroups: ['none.lattice.dev'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] },
          ],
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          failurePolicy: 'Ignore',
          timeoutSeconds: 1,
        },
      ],
    }),
    subresources: [],
    fields: [],
  },
  {
    path: within('/apis/talk.lattice.dev/v1', 'widgets'),
    cluster: false,
    object: (name) => ({
      apiVersion: 'talk.lattice.dev/v1',
      kind: 'Widget',
      metadata: labelled(name),
      spec: {
        name: 'abc',
        replicas: 2,
        ratio: 0.5,
        mode: 'fast',
        port: 'http',
        since: '2026-01-01T00:00:00Z',
        tags: ['a', 'b'],
        atoms: ['x'],
        labels: { k: 'v' },
        free: { deep: { er: 1 } },
        ports: [{ name: 'p', port: 1 }],
        choice: { a: 'x' },
      },
      status: { replicas: 1, phase: 'Up', conditions: [{ type: 'Ready', status: 'True' }] },
    }),
    subresources: ['status', 'scale'],
    fields: ['spec.mode=fast', 'spec.name=abc'],
  },
];
