// Bodies that are wrong in one place, and requests that are wrong beside them: how each is refused, and which are not.
import type { Conversation, Step } from '../conversation.ts';
import {
  APPLY,
  CM,
  configMap,
  goodbye,
  install,
  JSON_PATCH,
  META,
  namespace,
  NS,
  STRATEGIC,
  uninstall,
  widget,
  WIDGETS,
} from './vocabulary.ts';

/** Values of the wrong kind, for any place. */
const ODD: readonly unknown[] = [null, 'A_b!', -1, 3.5, 99_999_999_999, true, ['x', 'x'], { x: 'y' }, [{}]];

const apply = (say: string, path: string, body: unknown, query = 'fieldManager=one'): Step => ({
  say,
  method: 'PATCH',
  path: `${path}?${query}`,
  type: APPLY,
  body,
});
const patch = (say: string, path: string, type: string, body: unknown): Step => ({
  say,
  method: 'PATCH',
  path: `${path}?fieldValidation=Strict`,
  type,
  body,
});
const MERGE = 'application/merge-patch+json';

const fields = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});

const spec = { name: 'abc', ports: [{ name: 'p', port: 1 }], tags: ['a'] };
const PLACES = [
  'name',
  'replicas',
  'ratio',
  'mode',
  'port',
  'since',
  'tags',
  'atoms',
  'labels',
  'free',
  'ports',
  'choice',
];

const APPLIES: readonly Step[] = [
  ...install,
  ...PLACES.flatMap((place) =>
    ODD.map((odd) =>
      apply(
        `${place}: ${JSON.stringify(odd)}`,
        `${WIDGETS}/w`,
        widget('w', { ...spec, [place]: odd }),
        'fieldManager=one&dryRun=All',
      ),
    ),
  ),
  apply('unknown', `${WIDGETS}/w`, widget('w', { ...spec, more: 1 })),
  apply('unknown in an item', `${WIDGETS}/w`, widget('w', { ...spec, ports: [{ name: 'p', x: 1 }] })),
  apply('the same item twice', `${WIDGETS}/w`, widget('w', { ...spec, ports: [{ name: 'p' }, { name: 'p' }] })),
  apply('the same key twice', `${WIDGETS}/w`, widget('w', { ...spec, tags: ['a', 'a'] })),
  apply('null in a set', `${WIDGETS}/w`, widget('w', { ...spec, tags: [null] })),
  apply('metadata of another kind', `${WIDGETS}/w`, { ...fields(widget('w', spec)), metadata: 'x' }),
  apply('labels of another kind', `${WIDGETS}/w`, widget('w', spec, { labels: { a: 1 } })),
  apply('another kind', `${WIDGETS}/w`, { ...fields(widget('w', spec)), kind: 'Other' }),
  apply('no kind', `${WIDGETS}/w`, { apiVersion: 'talk.lattice.dev/v1', metadata: { name: 'w' } }),
  apply('a list', `${WIDGETS}/w`, ['x']),
  apply('nothing', `${WIDGETS}/w`, ''),
  apply('a status of nothing', `${WIDGETS}/none/status`, widget('none', spec, { labels: 'x' })),
  apply('a secret of another kind', `${NS}/secrets/s`, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    data: { a: ['x'] },
  }),
  apply('bytes that are none', `${CM}/c`, { ...fields(configMap('c', {})), binaryData: { a: 'A_b!' } }),
  apply('a time that is none', '/apis/coordination.k8s.io/v1/namespaces/talk/leases/l', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l' },
    spec: { renewTime: '2026-01-01T00:00:00Z' },
  }),
  apply('an item without its key', `${NS}/serviceaccounts/s`, {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 's' },
    secrets: [{}],
  }),
  ...uninstall,
];

const lease = (more: object): unknown => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'l' },
  spec: more,
});
const binding = (more: object): unknown => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'b' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'a' },
  ...more,
});
const hook = (more: object): unknown => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'talk' },
  webhooks: [
    {
      name: 'a.talk.lattice.dev',
      clientConfig: { url: 'https://127.0.0.1:1/' },
      rules: [{ apiGroups: ['none'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['nothings'] }],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      ...more,
    },
  ],
});

const HOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const BODIES: readonly (readonly [string, string, (odd: unknown) => unknown])[] = [
  ['a value', CM, (odd) => configMap('c', { a: odd })],
  ['labels', CM, (odd) => configMap('c', {}, { labels: odd })],
  ['a generated name', CM, (odd) => configMap('c', {}, { generateName: odd })],
  ['owners', CM, (odd) => configMap('c', {}, { ownerReferences: odd })],
  ['a generation', CM, (odd) => configMap('c', {}, { generation: odd })],
  ['bytes', CM, (odd) => ({ ...fields(configMap('c', {})), binaryData: { a: odd } })],
  ['a type', `${NS}/secrets`, (odd) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, type: odd })],
  ['a duration', '/apis/coordination.k8s.io/v1/namespaces/talk/leases', (odd) => lease({ leaseDurationSeconds: odd })],
  ['a time', '/apis/coordination.k8s.io/v1/namespaces/talk/leases', (odd) => lease({ renewTime: odd })],
  ['subjects', '/apis/rbac.authorization.k8s.io/v1/namespaces/talk/rolebindings', (odd) => binding({ subjects: odd })],
  ['a role', '/apis/rbac.authorization.k8s.io/v1/namespaces/talk/rolebindings', (odd) => binding({ roleRef: odd })],
  ['rules of a webhook', HOOKS, (odd) => hook({ rules: odd })],
  ['a policy of a webhook', HOOKS, (odd) => hook({ failurePolicy: odd })],
  ['a name of a webhook', HOOKS, (odd) => hook({ name: odd })],
  ['an address of a webhook', HOOKS, (odd) => hook({ clientConfig: { url: odd } })],
];

const REFUSED: readonly Step[] = [
  ...BODIES.flatMap(([what, path, body]) =>
    ODD.map(
      (odd): Step => ({
        say: `${what}: ${JSON.stringify(odd)}`,
        method: 'POST',
        path: `${path}?dryRun=All`,
        body: body(odd),
      }),
    ),
  ),
  { say: 'a list', method: 'POST', path: CM, body: ['x'] },
  { say: 'no JSON', method: 'POST', path: CM, body: '{x' },
  { say: 'nothing', method: 'POST', path: CM, body: '' },
  { say: 'a member twice', method: 'POST', path: `${CM}?fieldValidation=Strict`, body: '{"data":{"a":"1","a":"2"}}' },
];

const REQUESTS: readonly Step[] = [
  { say: 'make one', method: 'POST', path: CM, body: configMap('a', { a: '1' }) },
  ...[MERGE, STRATEGIC].map((type) => patch(`unknown, ${type}`, `${CM}/a`, type, { x: 1 })),
  ...[MERGE, STRATEGIC].map((type) => patch(`twice, ${type}`, `${CM}/a`, type, '{"data":{"a":"1","a":"2"}}')),
  ...[MERGE, STRATEGIC, JSON_PATCH].map((type) => patch(`no JSON, ${type}`, `${CM}/a`, type, '{x')),
  ...[MERGE, STRATEGIC].map((type) => patch(`a number, ${type}`, `${CM}/a`, type, { data: { a: 1 } })),
  patch('a list as merge', `${CM}/a`, MERGE, ['x']),
  patch('an object as JSON patch', `${CM}/a`, JSON_PATCH, { a: 1 }),
  patch('an unknown operation', `${CM}/a`, JSON_PATCH, [{ op: 'x', path: '/data' }]),
  patch('no pointer', `${CM}/a`, JSON_PATCH, [{ op: 'add', path: 'data', value: {} }]),
  patch('copy what is absent', `${CM}/a`, JSON_PATCH, [{ op: 'copy', from: '/absent', path: '/metadata/labels' }]),
  patch('replace what is absent', `${CM}/a`, JSON_PATCH, [{ op: 'replace', path: '/metadata/labels', value: {} }]),
  patch('test below what is absent', `${CM}/a`, JSON_PATCH, [{ op: 'test', path: '/absent/x', value: null }]),
  patch('another uid', `${CM}/a`, MERGE, { metadata: { uid: 'x' } }),
  patch('another version', `${CM}/a`, MERGE, { metadata: { resourceVersion: 'x' } }),
  patch('an end', `${CM}/a`, MERGE, { metadata: { deletionGracePeriodSeconds: 3 } }),
  { say: 'a limit', path: `${CM}?limit=x` },
  { say: 'a version', path: `${CM}?resourceVersion=x` },
  { say: 'a version of one', path: `${CM}/a?resourceVersion=x`, accept: META },
  { say: 'a continuation', path: `${CM}?continue=x` },
  { say: 'a long manager', method: 'POST', path: `${CM}?fieldManager=${'x'.repeat(129)}`, body: configMap('b', {}) },
  { say: 'a policy', method: 'DELETE', path: `${CM}/a?propagationPolicy=x` },
  { say: 'seconds', method: 'DELETE', path: `${CM}/a?gracePeriodSeconds=x` },
  { say: 'an object as options', method: 'DELETE', path: `${CM}/a`, body: { kind: 'Pod', apiVersion: 'v1' } },
  { say: 'a PUT of another one', method: 'PUT', path: `${CM}/a`, body: configMap('b', {}) },
  { say: 'a PUT of all', method: 'PUT', path: CM, body: configMap('b', {}) },
];

/** One conversation: each waits for its namespace to go, which takes a real server seconds. */
export const spoiledConversation: Conversation = {
  title: 'bodies, applies, patches and options that are wrong in one place are refused for it',
  steps: [namespace, ...APPLIES, ...REFUSED, ...REQUESTS, ...goodbye],
};
