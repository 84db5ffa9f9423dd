import type { Step } from '../conversation.ts';

export const NS = '/api/v1/namespaces/talk';
export const CM = `${NS}/configmaps`;
export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
export const WIDGETS = '/apis/talk.lattice.dev/v1/namespaces/talk/widgets';
export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io';
export const META = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';
export const APPLY = 'application/apply-patch+yaml';
export const JSON_PATCH = 'application/json-patch+json';
export const STRATEGIC = 'application/strategic-merge-patch+json';

export const namespace: Step = {
  say: 'make the namespace',
  method: 'POST',
  path: '/api/v1/namespaces',
  body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'talk' } },
};
export const goodbye: readonly Step[] = [
  { say: 'delete the namespace', method: 'DELETE', path: NS },
  { say: 'it goes', path: NS, until: 404 },
];

export const configMap = (name: string, data: unknown, meta: object = {}): unknown => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...meta },
  data,
});

export const widget = (name: string, spec: unknown, meta: object = {}): unknown => ({
  apiVersion: 'talk.lattice.dev/v1',
  kind: 'Widget',
  metadata: { name, ...meta },
  spec,
});

export const definition: unknown = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.talk.lattice.dev' },
  spec: {
    group: 'talk.lattice.dev',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        additionalPrinterColumns: [
          { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
          { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
        selectableFields: [{ jsonPath: '.spec.mode' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                required: ['name'],
                'x-kubernetes-validations': [
                  { rule: 'self.replicas <= 10', message: 'too many replicas' },
                  { rule: 'self.name == oldSelf.name', message: 'the name stays', fieldPath: '.name' },
                  { rule: '!has(self.__namespace__) || self.__namespace__ != self.name' },
                ],
                properties: {
                  name: { type: 'string', minLength: 2, maxLength: 8, pattern: '^[a-z]+$' },
                  namespace: { type: 'string' },
                  replicas: { type: 'integer', format: 'int32', default: 1, minimum: 0 },
                  ratio: { type: 'number', maximum: 1, exclusiveMaximum: true },
                  mode: { type: 'string', enum: ['fast', 'slow'], default: 'slow' },
                  port: { 'x-kubernetes-int-or-string': true },
                  since: { type: 'string', format: 'date-time' },
                  tags: { type: 'array', maxItems: 3, items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
                  atoms: { type: 'array', items: { type: 'string' } },
                  labels: { type: 'object', additionalProperties: { type: 'string' } },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  ports: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: {
                        name: { type: 'string' },
                        port: { type: 'integer' },
                        protocol: { type: 'string', default: 'TCP' },
                      },
                    },
                  },
                  choice: {
                    type: 'object',
                    properties: { a: { type: 'string' }, b: { type: 'string' } },
                    oneOf: [{ required: ['a'] }, { required: ['b'] }],
                  },
                },
              },
              status: {
                type: 'object',
                properties: {
                  replicas: { type: 'integer' },
                  selector: { type: 'string' },
                  phase: { type: 'string' },
                  conditions: {
                    type: 'array',
                    items: { type: 'object', properties: { type: { type: 'string' }, status: { type: 'string' } } },
                  },
                },
              },
            },
          },
        },
      },
    ],
  },
};

export const install: readonly Step[] = [
  { say: 'define the kind', method: 'POST', path: CRDS, body: definition },
  {
    say: 'it is established',
    path: `${CRDS}/widgets.talk.lattice.dev`,
    untilText: 'InitialNamesAccepted',
  },
  { say: 'it is served', path: WIDGETS, until: 200 },
];
export const uninstall: readonly Step[] = [
  { say: 'remove the kind', method: 'DELETE', path: `${CRDS}/widgets.talk.lattice.dev` },
  { say: 'it is not served any more', path: `${CRDS}/widgets.talk.lattice.dev`, until: 404 },
];
