import type { Conversation } from '../conversation.ts';
import { APPLY, CRDS, goodbye, JSON_PATCH, namespace, STRATEGIC, TABLE } from './vocabulary.ts';

const TWO = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.talk.lattice.dev' },
  spec: {
    group: 'talk.lattice.dev',
    scope: 'Cluster',
    names: { plural: 'gadgets', kind: 'Gadget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              size: { type: 'integer' },
              inner: { type: 'object', default: {}, properties: { mode: { type: 'string', default: 'auto' } } },
              parts: {
                type: 'array',
                items: { type: 'object', properties: { on: { type: 'boolean', default: true } } },
              },
              status: { type: 'object', properties: { phase: { type: 'string' } } },
            },
          },
        },
      },
      {
        name: 'v1beta1',
        served: true,
        storage: false,
        deprecated: true,
        deprecationWarning: 'use v1',
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.size', priority: 1 }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            'x-kubernetes-preserve-unknown-fields': true,
            properties: { size: { type: 'integer' } },
          },
        },
      },
    ],
  },
};
const V1 = '/apis/talk.lattice.dev/v1/gadgets';
const BETA = '/apis/talk.lattice.dev/v1beta1/gadgets';
const gadget = (name: string, version: string, more: object): object => ({
  apiVersion: `talk.lattice.dev/${version}`,
  kind: 'Gadget',
  metadata: { name },
  ...more,
});

export const versionsConversation: Conversation = {
  title: 'a kind is served in two versions',
  steps: [
    { say: 'define it', method: 'POST', path: CRDS, body: TWO, as: 'crd' },
    { say: 'it is established', path: `${CRDS}/gadgets.talk.lattice.dev`, untilText: 'InitialNamesAccepted' },
    { say: 'it is served', path: V1, until: 200 },
    {
      say: 'create in v1',
      method: 'POST',
      path: V1,
      body: gadget('a', 'v1', { size: 1, parts: [{}, { on: false }], status: { phase: 'x' } }),
    },
    { say: 'read in v1beta1', path: `${BETA}/a` },
    {
      say: 'create in v1beta1',
      method: 'POST',
      path: BETA,
      body: gadget('b', 'v1beta1', { size: 2, free: { x: [1] } }),
    },
    { say: 'read in v1', path: `${V1}/b` },
    { say: 'change through v1', method: 'PATCH', path: `${V1}/b`, body: { size: 7 } },
    {
      say: 'without a status subresource all of it is spec',
      method: 'PATCH',
      path: `${V1}/a`,
      body: { status: { phase: 'y' } },
    },
    { say: 'no status subresource', path: `${V1}/a/status` },
    { say: 'no scale subresource', path: `${V1}/a/scale` },
    {
      say: 'apply in one version',
      method: 'PATCH',
      type: APPLY,
      path: `${V1}/c?fieldManager=one`,
      body: gadget('c', 'v1', { size: 1 }),
    },
    { say: 'the wrong version', method: 'POST', path: V1, body: gadget('d', 'v1beta1', {}) },
    {
      say: 'a json patch that does not fit',
      method: 'PATCH',
      type: JSON_PATCH,
      path: `${V1}/a`,
      body: [{ op: 'test', path: '/size', value: 99 }],
    },
    { say: 'v1 as a table', path: V1, accept: TABLE },
    { say: 'v1beta1 as a table', path: BETA, accept: TABLE },
    { say: 'the group', path: '/apis/talk.lattice.dev' },
    { say: 'resources of v1beta1', path: '/apis/talk.lattice.dev/v1beta1' },
    { say: 'a namespace is not for it', path: '/apis/talk.lattice.dev/v1/namespaces/default/gadgets' },
    {
      say: 'its names stay',
      method: 'PATCH',
      path: `${CRDS}/gadgets.talk.lattice.dev`,
      body: { spec: { scope: 'Namespaced' } },
    },
    { say: 'delete all', method: 'DELETE', path: V1 },
    { say: 'remove it', method: 'DELETE', path: `${CRDS}/gadgets.talk.lattice.dev` },
    { say: 'it is gone', path: `${CRDS}/gadgets.talk.lattice.dev`, until: 404 },
  ],
};

const HOOKS = '/apis/admissionregistration.k8s.io/v1';
const hook = (more: object): object => ({
  name: 'a.talk.lattice.dev',
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  clientConfig: { service: { namespace: 'talk', name: 's' } },
  rules: [{ operations: ['CREATE'], apiGroups: ['talk.lattice.dev'], apiVersions: ['v1'], resources: ['nothings'] }],
  ...more,
});
const hooks = (kind: string, webhooks: readonly object[]): object => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  metadata: { name: 'talk' },
  webhooks,
});
const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

export const settingsConversation: Conversation = {
  title: 'settings of the cluster are defaulted and checked',
  steps: [
    namespace,
    {
      say: 'a validating webhook',
      method: 'POST',
      path: `${HOOKS}/validatingwebhookconfigurations`,
      body: hooks('ValidatingWebhookConfiguration', [hook({})]),
      as: 'v',
    },
    {
      say: 'a mutating webhook',
      method: 'POST',
      path: `${HOOKS}/mutatingwebhookconfigurations`,
      body: hooks('MutatingWebhookConfiguration', [hook({})]),
    },
    { say: 'they as tables', path: `${HOOKS}/validatingwebhookconfigurations/talk`, accept: TABLE },
    {
      say: 'changed',
      method: 'PATCH',
      type: STRATEGIC,
      path: `${HOOKS}/validatingwebhookconfigurations/talk`,
      body: { webhooks: [{ name: 'a.talk.lattice.dev', failurePolicy: 'Ignore' }] },
    },
    {
      say: 'no side effects named',
      method: 'POST',
      path: `${HOOKS}/validatingwebhookconfigurations`,
      body: hooks('ValidatingWebhookConfiguration', [hook({ sideEffects: undefined })]),
    },
    {
      say: 'replaced without a version',
      method: 'PUT',
      path: `${HOOKS}/validatingwebhookconfigurations/talk`,
      body: hooks('ValidatingWebhookConfiguration', [hook({})]),
    },
    { say: 'delete one', method: 'DELETE', path: `${HOOKS}/validatingwebhookconfigurations/talk` },
    { say: 'delete the other', method: 'DELETE', path: `${HOOKS}/mutatingwebhookconfigurations/talk` },
    {
      say: 'a cluster role',
      method: 'POST',
      path: ROLES,
      body: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'talk' },
        rules: [
          { verbs: ['get'], nonResourceURLs: ['/metrics'] },
          { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
        ],
      },
    },
    { say: 'as a table', path: `${ROLES}/talk`, accept: TABLE },
    {
      say: 'a binding of a kind that is none',
      method: 'POST',
      path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
      body: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'talk' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'talk' },
      },
    },
    {
      say: 'a subject of a kind that is none',
      method: 'POST',
      path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
      body: {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'talk' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'talk' },
        subjects: [{ kind: 'Robot', name: 'x' }],
      },
    },
    { say: 'delete the role', method: 'DELETE', path: `${ROLES}/talk` },
    {
      say: 'label the namespace',
      method: 'PATCH',
      path: '/api/v1/namespaces/talk',
      body: { metadata: { labels: { a: 'b' } } },
    },
    {
      say: 'its own label cannot be taken',
      method: 'PATCH',
      path: '/api/v1/namespaces/talk',
      body: { metadata: { labels: { 'kubernetes.io/metadata.name': 'other' } } },
    },
    {
      say: 'apply to it',
      method: 'PATCH',
      type: APPLY,
      path: '/api/v1/namespaces/talk?fieldManager=one',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'talk', annotations: { x: 'y' } } },
    },
    { say: 'as a table', path: '/api/v1/namespaces/talk', accept: TABLE },
    {
      say: 'a namespace of a bad name',
      method: 'POST',
      path: '/api/v1/namespaces',
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a.b' } },
    },
    {
      say: 'a secret applied',
      method: 'PATCH',
      type: APPLY,
      path: '/api/v1/namespaces/talk/secrets/s?fieldManager=one',
      body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: 'b' } },
    },
    {
      say: 'a secret of data that is no base64',
      method: 'POST',
      path: '/api/v1/namespaces/talk/secrets',
      body: { apiVersion: 'v1', kind: 'Secret', metadata: { name: 't' }, data: { a: '***' } },
    },
    {
      say: 'data of the wrong type',
      method: 'POST',
      path: '/api/v1/namespaces/talk/configmaps',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 't' }, data: { a: 1 } },
    },
    {
      say: 'a lease applied',
      method: 'PATCH',
      type: APPLY,
      path: '/apis/coordination.k8s.io/v1/namespaces/talk/leases/l?fieldManager=one',
      body: {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'l' },
        spec: { holderIdentity: 'me' },
      },
    },
    {
      say: 'an unknown dry run',
      method: 'POST',
      path: '/api/v1/namespaces/talk/configmaps?dryRun=Some',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } },
    },
    {
      say: 'an unknown field validation',
      method: 'POST',
      path: '/api/v1/namespaces/talk/configmaps?fieldValidation=Some',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } },
    },
    { say: 'a watch with a bad version', path: '/api/v1/namespaces/talk/configmaps?watch=true&resourceVersion=x' },
    {
      say: 'initial events without a match',
      path: '/api/v1/namespaces/talk/configmaps?watch=true&sendInitialEvents=true',
    },
    { say: 'an exact list without a version', path: '/api/v1/namespaces/talk/configmaps?resourceVersionMatch=Exact' },
    { say: 'a version that is not there yet', path: '/api/v1/namespaces/talk/configmaps?resourceVersion=99999999' },
    ...goodbye,
  ],
};
