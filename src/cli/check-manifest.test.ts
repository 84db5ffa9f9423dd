import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkManifest } from './check-manifest.ts';

const said = (raw: Readonly<Record<string, unknown>>) =>
  checkManifest(raw).map(({ path, message }) => `${path.join('.')}: ${message}`);
const deployment = (labels: unknown, spec: Readonly<Record<string, unknown>> = {}) => ({
  kind: 'Deployment',
  metadata: { name: 'a' },
  spec: { template: { metadata: { labels }, spec } },
});

test('what an API server accepts is not judged', () => {
  assert.deepEqual(said(deployment({ app: 'a', 'app.kubernetes.io/name': 'A.b_c-1', empty: '' })), []);
  assert.deepEqual(said({ kind: 'Service', spec: { ports: [{ port: 80, targetPort: 'http' }], selector: null } }), []);
  assert.deepEqual(said({ kind: 'ConfigMap', metadata: { labels: { app: '{' } } }), []);
});

test('labels that cannot exist are refused in metadata, templates and selectors', () => {
  assert.deepEqual(said(deployment({ app: 'w{eb' })), ['spec.template.metadata.labels.app: "w{eb" is no label value']);
  assert.deepEqual(said(deployment({ 'a b': 'c' })), ['spec.template.metadata.labels.a b: "a b" is no label key']);
  assert.deepEqual(said(deployment({ app: true })), ['spec.template.metadata.labels.app: a label must be a string']);
  assert.deepEqual(said(deployment('app')), ['spec.template.metadata.labels: must be a map of labels']);
  assert.deepEqual(said({ kind: 'Service', spec: { selector: { app: '::/0' } } }), [
    'spec.selector.app: "::/0" is no label value',
  ]);
  assert.deepEqual(
    said({ kind: 'CronJob', spec: { jobTemplate: { spec: { template: { metadata: { labels: { a: '-' } } } } } } }),
    ['spec.jobTemplate.spec.template.metadata.labels.a: "-" is no label value'],
  );
});

test('names, accounts and ports that cannot exist are refused', () => {
  assert.deepEqual(said({ kind: 'Pod', metadata: { name: 'A', namespace: 'a.b' } }), [
    'metadata.name: "A" is not a DNS name',
    'metadata.namespace: "a.b" is not a DNS label',
  ]);
  assert.deepEqual(
    said(deployment({}, { serviceAccountName: 7, containers: [{}, { ports: [{ containerPort: 0 }] }] })),
    [
      'spec.template.spec.serviceAccountName: must be a string',
      'spec.template.spec.containers.1.ports.0.containerPort: 0 is no port: a whole number from 1 to 65535',
    ],
  );
  assert.deepEqual(said({ kind: 'Service', spec: { ports: [{ port: 1.5 }] } }), [
    'spec.ports.0.port: 1.5 is no port: a whole number from 1 to 65535',
  ]);
});
