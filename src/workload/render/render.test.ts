import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at } from '../../../test/at.ts';
import { codesOf, external, objectsOf, resourceClass, service, worldOf } from '../testing/world.ts';
import type { Rendered } from './render.ts';

const container = (fields: Record<string, unknown>) => ({ containers: { app: { image: 'i', ...fields } } });
const pods = (rendered: Rendered): unknown =>
  objectsOf(rendered).find(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
const kinds = (rendered: Rendered): string[] => objectsOf(rendered).map(({ kind }) => kind);
const envOf = (rendered: Rendered): unknown => at(pods(rendered), 'spec', 'template', 'spec', 'containers', 0, 'env');

test('a container becomes a ServiceAccount and a Deployment under the restricted Pod Security Standard', () => {
  const rendered = worldOf([service('cart')]).render('cart');
  assert.deepEqual(kinds(rendered), ['ServiceAccount', 'Deployment']);
  const pod = at(pods(rendered), 'spec', 'template', 'spec');
  assert.deepEqual(at(pod, 'securityContext'), { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
  assert.deepEqual(at(pod, 'containers', 0, 'securityContext'), {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
  });
  assert.equal(at(pod, 'automountServiceAccountToken'), false);
  assert.deepEqual(at(pods(rendered), 'spec', 'strategy'), {
    type: 'RollingUpdate',
    rollingUpdate: { maxSurge: '25%', maxUnavailable: 0 },
  });
});

test('only a service that declares that it calls the API server gets a token for it', () => {
  const caller = service('cart', { resources: { apiserver: { type: 'builtin' } } });
  assert.equal(
    at(pods(worldOf([caller]).render('cart')), 'spec', 'template', 'spec', 'automountServiceAccountToken'),
    true,
  );
});

test('ports, replicas and a range of them become a Service, a budget and an autoscaler', () => {
  const ports = { service: { ports: { http: { port: 80, targetPort: 8080 }, admin: { port: 9000 } } } };
  const fixed = worldOf([service('cart', { ...ports, replicas: { min: 3 } })]).render('cart');
  assert.deepEqual(kinds(fixed), ['ServiceAccount', 'Service', 'Deployment', 'PodDisruptionBudget']);
  assert.equal(at(pods(fixed), 'spec', 'replicas'), 3);
  const range = worldOf([service('cart', { ...ports, replicas: { min: 2, max: 5 } })]).render('cart');
  assert.deepEqual(kinds(range).slice(3), ['PodDisruptionBudget', 'HorizontalPodAutoscaler']);
  assert.equal(at(pods(range), 'spec', 'replicas'), undefined, 'the autoscaler owns the number');
  assert.deepEqual(codesOf(range, 'warning'), ['AutoscaleNeedsRequests']);
  assert.deepEqual(at(objectsOf(range)[1], 'spec', 'ports', 1), {
    name: 'http',
    port: 80,
    protocol: 'TCP',
    targetPort: 8080,
  });
});

test('a service gives its callers host, port and url: of the agreed port, else of the one named http, else the first', () => {
  const variables = { HOST: '${resources.cart.host}', PORT: '${resources.cart.port}', URL: '${resources.cart.url}' };
  const cart = (inbound: object) =>
    service('cart', {
      service: { ports: { admin: { port: 9000 }, http: { port: 80 } } },
      resources: { web: { direction: 'inbound', ...inbound } },
    });
  const web = service('web', { ...container({ variables }), resources: { cart: {} } });
  const values = (list: unknown) => (Array.isArray(list) ? list.map((entry) => at(entry, 'value')) : []);
  assert.deepEqual(values(envOf(worldOf([web, cart({})]).render('web'))), [
    'cart.default.svc.cluster.local',
    '80',
    'http://cart.default.svc.cluster.local:80',
  ]);
  assert.equal(values(envOf(worldOf([web, cart({ ports: ['admin'] })]).render('web')))[1], '9000');
});

test('a value that is not there yet stops this service alone, and one that no template needs stops nothing', () => {
  const needs = service('needs', {
    ...container({ variables: { P: '${resources.gone.port}' } }),
    resources: { gone: {} },
  });
  const names = service('names', { resources: { gone: {} } });
  const world = worldOf([needs, names]);
  assert.deepEqual(codesOf(world.render('needs')), ['DependencyMissing']);
  assert.equal(world.render('needs').kind, 'refused');
  assert.deepEqual(kinds(world.render('names')), ['ServiceAccount', 'Deployment']);
});

test('deploy.waitFor holds a service back until what it names is there and agrees', () => {
  const web = service('web', { resources: { cart: {} }, deploy: { waitFor: ['cart'] } });
  const cart = { service: { ports: { http: { port: 80 } } } };
  assert.deepEqual(codesOf(worldOf([web]).render('web')), ['DependencyMissing']);
  assert.deepEqual(codesOf(worldOf([web, service('cart', cart)]).render('web')), ['DependencyMissing']);
  const agreeing = service('cart', { ...cart, resources: { web: { direction: 'inbound' } } });
  assert.deepEqual(codesOf(worldOf([web, agreeing]).render('web')), []);
  assert.deepEqual(codesOf(worldOf([service('web', { deploy: { waitFor: ['x'] } })]).render('web')), [
    'WaitForUnknown',
  ]);
});

test('a credential of an external service is a secretKeyRef, and nothing else of it is anywhere', () => {
  const stripe = external('stripe-api', {
    endpoints: { api: 'https://api.stripe.com:443' },
    allowed_requesters: ['pay'],
    credentials: { api_key: { secret: 'stripe', key: 'api-key' } },
  });
  const pay = service('pay', {
    ...container({ variables: { STRIPE_KEY: '${resources.stripe.api_key}', URL: '${resources.stripe.url}' } }),
    resources: { stripe: { type: 'external_service', id: 'stripe-api' } },
  });
  assert.deepEqual(envOf(worldOf([pay, stripe]).render('pay')), [
    { name: 'STRIPE_KEY', valueFrom: { secretKeyRef: { name: 'stripe', key: 'api-key' } } },
    { name: 'URL', value: 'https://api.stripe.com:443' },
  ]);
});

test('a secret inside of a longer variable is put in place by the kubelet, and other "$" arrive as they were written', () => {
  const stripe = external('s', { endpoints: { a: 'https://s.example.com' }, credentials: { key: { secret: 's' } } });
  const pay = service('pay', {
    ...container({ variables: { A: 'x$(HOME)$$y:${resources.s.key}', B: 'a $(B) $$', C: 'costs $5' } }),
    resources: { s: { type: 'external_service' } },
  });
  const env = envOf(worldOf([pay, stripe]).render('pay'));
  const hidden = at(env, 0, 'name');
  assert.match(String(hidden), /^LATTICE_SECRET_S_KEY_[0-9A-F]{16}$/);
  assert.deepEqual(at(env, 0, 'valueFrom'), { secretKeyRef: { name: 's', key: 'key' } });
  assert.equal(at(env, 1, 'value'), `x$$(HOME)$$$$y:$(${String(hidden)})`);
  assert.equal(at(env, 2, 'value'), 'a $$(B) $$$$');
  assert.equal(at(env, 3, 'value'), 'costs $5');
});

test('files become a ConfigMap, a whole secret is mounted from its Secret, and one inside of a longer file is refused', () => {
  const stripe = external('s', { endpoints: { a: 'https://s.example.com' }, credentials: { key: { secret: 's' } } });
  const world = (content: string) =>
    worldOf([
      service('pay', {
        ...container({
          files: { '/etc/a.conf': { content: '${metadata.name}', mode: '0600' }, '/etc/key': { content } },
        }),
        resources: { s: { type: 'external_service' } },
      }),
      stripe,
    ]).render('pay');
  const rendered = world('${resources.s.key}');
  assert.deepEqual(Object.values(at(objectsOf(rendered)[1], 'data') ?? {}), ['pay']);
  const volumes = at(pods(rendered), 'spec', 'template', 'spec', 'volumes');
  assert.equal(at(volumes, 0, 'configMap', 'items', 0, 'mode'), 0o600);
  assert.equal(at(volumes, 1, 'secret', 'secretName'), 's');
  assert.deepEqual(codesOf(world('key=${resources.s.key}')), ['SecretInFile']);
});

test('pods roll when the content of a file changes, and only then', () => {
  const template = (content: string, more: object = {}) =>
    at(
      pods(worldOf([service('a', { ...container({ files: { '/f': { content } } }), ...more })]).render('a')),
      'spec',
      'template',
    );
  assert.notDeepEqual(template('one'), template('two'));
  assert.deepEqual(
    template('one'),
    template('one', { resources: { b: { direction: 'inbound' } }, replicas: { min: 4 } }),
  );
});

test('a volume with an identity makes a StatefulSet that keeps its data, another one a claim that is not surged', () => {
  const volume = (params: object) => ({
    ...container({ volumes: { '/data': { source: '${resources.disk}' } } }),
    resources: { disk: { type: 'volume', params } },
  });
  const own = worldOf([service('db', volume({ identity: true, size: '5Gi' }))]).render('db');
  assert.equal(at(pods(own), 'kind'), 'StatefulSet');
  assert.deepEqual(at(pods(own), 'spec', 'persistentVolumeClaimRetentionPolicy'), {
    whenDeleted: 'Retain',
    whenScaled: 'Retain',
  });
  const shared = worldOf([service('db', volume({}))]).render('db');
  assert.deepEqual(kinds(shared), ['ServiceAccount', 'PersistentVolumeClaim', 'Deployment']);
  assert.deepEqual(at(pods(shared), 'spec', 'strategy'), { type: 'Recreate' });
  const two = worldOf([service('db', { ...volume({}), replicas: { min: 2 } })]).render('db');
  assert.deepEqual(codesOf(two), ['VolumeNotShared']);
  const many = { ...volume({ accessMode: 'ReadWriteMany' }), replicas: { min: 2 } };
  assert.deepEqual(codesOf(worldOf([service('db', many)]).render('db')), []);
});

test('whatever an API server would refuse is refused here, with a code of its own', () => {
  const cases: readonly (readonly [string, Record<string, unknown>])[] = [
    ['CanaryUnsupported', { deploy: { strategy: 'canary' } }],
    ['ProbeInvalid', container({ livenessProbe: {} })],
    ['ProbeInvalid', container({ livenessProbe: { httpGet: { port: 80 }, successThreshold: 2 } })],
    ['ProbeInvalid', container({ readinessProbe: { httpGet: { port: 'web' } } })],
    ['ResourcesInvalid', container({ resources: { requests: { memory: '1Gi' }, limits: { memory: '900M' } } })],
    ['PathInvalid', container({ files: { 'etc/x': { content: '' } } })],
    ['PathInvalid', container({ files: { '/a/../b': { content: '' } } })],
    ['FileInvalid', container({ files: { '/x': { content: '', binaryContent: '' } } })],
    ['FileInvalid', container({ files: { '/x': { source: './x' } } })],
    ['FileInvalid', container({ files: { '/x': { binaryContent: '*' } } })],
    ['VolumeInvalid', container({ volumes: { '/x': { source: 'nothing' } } })],
    ['ImageMissing', container({ image: '.' })],
    ['TemplateSyntax', container({ args: ['--db=${resources.db.host}'] })],
    ['SecurityContextInvalid', container({ securityContext: { runAsUser: 0 } })],
    ['PortTwice', { service: { ports: { a: { port: 80 }, b: { port: 80, targetPort: 81 } } } }],
    ['TargetPortNamed', { service: { ports: { a: { port: 80, targetPort: 'web' } } } }],
    ['ReplicasInvalid', { replicas: { min: 0, max: 3 } }],
    [
      'FilesTooLarge',
      container({
        files: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`/${i}`, { content: 'x'.repeat(60_000) }])),
      }),
    ],
  ];
  for (const [code, spec] of cases) {
    const rendered = worldOf([service('a', spec)]).render('a');
    assert.deepEqual(codesOf(rendered), [code], JSON.stringify(spec).slice(0, 200));
    assert.equal(rendered.kind, 'refused');
  }
});

test('what leaves the restricted standard is a warning', () => {
  const root = container({
    securityContext: { runAsUser: 0, runAsNonRoot: false, capabilities: { add: ['NET_ADMIN'] } },
  });
  const rendered = worldOf([service('a', root)]).render('a');
  assert.deepEqual(codesOf(rendered, 'warning'), ['PodSecurityRelaxed']);
});

test('an image of "." is the one that the namespace configures', () => {
  const world = worldOf([service('a', container({ image: '.' }))], {
    image: 'registry/other:1',
    'image.app': 'registry/a:7',
  });
  assert.equal(at(pods(world.render('a')), 'spec', 'template', 'spec', 'containers', 0, 'image'), 'registry/a:7');
});

test("the seed's postgres of class production runs as the administrator says, and its url holds no secret", () => {
  const pay = service('pay', {
    ...container({ variables: { DB: '${resources.db.url}', NAME: '${resources.db.name}' } }),
    resources: { db: { type: 'postgres', class: 'production' } },
  });
  const outputs = {
    database: { value: 'pay' },
    username: { secret: { name: 'pay-db', key: 'user' } },
    password: { secret: { name: '${resource.name}', key: 'password' } },
  };
  const existing = resourceClass('pg', {
    type: 'postgres',
    class: 'production',
    endpoint: { url: 'tcp://db.example.com:5432' },
    outputs,
  });
  const env = envOf(worldOf([pay, existing]).render('pay'));
  assert.match(
    String(at(env, 2, 'value')),
    /^postgres:\/\/\$\(LATTICE_\w+\):\$\(LATTICE_\w+\)@db\.example\.com:5432\/pay$/,
  );
  assert.equal(at(env, 3, 'value'), 'pay');
  assert.equal(worldOf([pay]).render('pay').kind, 'refused');
});

test('the same declarations give the same bytes, in whatever order they are read', () => {
  const raws = [
    service('web', {
      ...container({ variables: { B: '${resources.cart.url}', A: '1' } }),
      resources: { cart: {}, db: { type: 'postgres' } },
    }),
    service('cart', {
      service: { ports: { z: { port: 1 }, a: { port: 2 } } },
      resources: { web: { direction: 'inbound' } },
    }),
    resourceClass('pg', { type: 'postgres', embedded: {} }),
  ];
  const bytes = (list: typeof raws) => JSON.stringify([...worldOf(list).all()]);
  assert.equal(bytes(raws), bytes(raws.toReversed()));
  assert.match(bytes(raws), /StatefulSet/);
});
