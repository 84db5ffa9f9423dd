// What was made for a service and is asked for no longer: its pods stay closed until the last of them has ended.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { untyped } from '../../src/kube/index.ts';
import { at } from '../at.ts';
import { forever, KINDS, openScene, type Scene, until } from './scene.ts';

const CLASS = `
apiVersion: lattice.dev/v1alpha1
kind: LatticeResourceClass
metadata: {name: pg}
spec: {type: postgres, embedded: {}}`;

const cart = (resources: string, more = 'containers: {app: {image: i}}') => `
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: cart, namespace: shop}
spec:
  ${more}
  resources: {${resources}}`;
const DB = 'db: {type: postgres}';
const ADOPTS = 'selector: {matchLabels: {app: cart}}';

const policiesOf = async (scene: Scene, name: string) =>
  (await scene.client.list(KINDS.NetworkPolicy, forever)).filter((policy) =>
    JSON.stringify(at(policy, 'spec', 'podSelector', 'matchLabels') ?? {}).includes(`:"${name}"`),
  );
/** Whether the pods of the database accept anybody. */
const isOpen = async (scene: Scene) => {
  const policies = await policiesOf(scene, 'cart-db');
  return policies.some((policy) => JSON.stringify(at(policy, 'spec', 'ingress') ?? []).includes('5432'));
};
const isClosed = async (scene: Scene) => (await policiesOf(scene, 'cart-db')).length > 0 && !(await isOpen(scene));

/** Keeps a pod from ending, as a long grace period does. */
const hold = async (scene: Scene, name: string): Promise<() => Promise<void>> => {
  const ref = { namespace: 'shop', name };
  const set = (finalizers: readonly string[]) =>
    scene.client.mergePatch(KINDS.Pod, ref, { metadata: { finalizers } }, forever).then(() => undefined);
  await set(['example.com/still-ending']);
  return () => set([]);
};
const databasePod = (scene: Scene) =>
  until('the database has a pod', async () =>
    (await scene.list('Pod')).find((name) => name.startsWith('shop/cart-db'))?.slice('shop/'.length),
  );

for (const [what, revoke] of [
  ['an entry is taken out of a service that stays', (scene: Scene) => scene.apply(cart(''))],
  ['a class is deleted', (scene: Scene) => scene.remove('LatticeResourceClass', 'pg')],
  ['a service that adopts its pods lets go of it', (scene: Scene) => scene.apply(cart('', ADOPTS))],
] as const) {
  test(`${what}: its database is closed to it at once, and open to nobody until its last pod has ended`, async (t) => {
    const scene = await openScene(t, { started: false });
    const first = scene.start();
    await first.ready;
    await scene.apply(`${CLASS}\n---${cart(DB, what.includes('adopts') ? ADOPTS : undefined)}`);
    await until('the database is open to its user', () => isOpen(scene));
    const release = await hold(scene, await databasePod(scene));
    await revoke(scene);
    await until('the database is closed', () => isClosed(scene));
    await until('its controller is gone', async () => (await scene.get('StatefulSet', 'shop/cart-db')) === undefined);
    // Nothing of it is in the memory of the next one.
    await first.close();
    const second = scene.start();
    await second.ready;
    const told = async () => at(await scene.get('LatticeService', 'shop/cart'), 'status', 'workload', 'instances');
    assert.equal(JSON.stringify(at(await told(), 0, 'name')), '"cart-db"');
    assert.equal(await isClosed(scene), true);
    await release();
    await until('nothing is remembered', async () => (await told()) === undefined);
    await until('its policies are gone', async () => (await policiesOf(scene, 'cart-db')).length === 0);
    assert.ok(await scene.get('Secret', 'shop/cart-db-credentials'), 'the key of the data stays');
  });
}

const DATABASE = untyped({
  group: 'example.com',
  version: 'v1',
  kind: 'Database',
  plural: 'databases',
  namespaced: true,
});
const DEFINITIONS = untyped({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'databases.example.com' },
  spec: {
    group: 'example.com',
    names: { kind: 'Database', plural: 'databases' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
const foreign = (more: string) => `
apiVersion: lattice.dev/v1alpha1
kind: LatticeResourceClass
metadata: {name: pg}
spec:
  type: postgres
  template:
    objects: [{apiVersion: example.com/v1, kind: Database, metadata: {name: "\${resource.name}"}}]
    pods:
      selector: {matchLabels: {database: "\${resource.name}"}}
      service: {ports: {sql: {port: 5432}}}
    ${more}
  outputs:
    host: {value: h}
    port: {type: integer, value: 5432}
    database: {value: d}
    username: {value: u}
    password: {secret: {name: s, key: k}}`;

async function foreignScene(t: Parameters<typeof openScene>[0], more: string): Promise<Scene> {
  const scene = await openScene(t);
  await scene.client.create(DEFINITIONS, definition, forever);
  await scene.apply(`${foreign(more)}\n---${cart(DB)}`);
  await until('the other operator is asked', () => database(scene));
  const pod = { name: 'cart-db-0', namespace: 'shop', labels: { database: 'cart-db' } };
  const spec = { containers: [{ name: 'a', image: 'i' }] };
  const made = { apiVersion: 'v1', kind: 'Pod', metadata: pod, spec };
  await scene.client.create(KINDS.Pod, made, forever);
  await until('the database is open to its user', () => isOpen(scene));
  return scene;
}

const database = (scene: Scene) => scene.client.find(DATABASE, { namespace: 'shop', name: 'cart-db' }, forever);

test('what another operator was asked for is kept with its data: the service waits, closed, and says for what', async (t) => {
  const scene = await foreignScene(t, '');
  await scene.remove('LatticeService', 'shop/cart');
  await until('it says why it waits', async () => {
    const text = String(at(await scene.get('LatticeService', 'shop/cart'), 'status', 'workload', 'waiting'));
    return text.includes('example.com/v1/Database shop/cart-db') && text.includes('1 pods');
  });
  assert.ok(await database(scene));
  await scene.client.delete(DATABASE, { namespace: 'shop', name: 'cart-db' }, forever);
  assert.ok((await policiesOf(scene, 'cart-db')).length > 0);
  await scene.remove('Pod', 'shop/cart-db-0');
  await until('the service is gone', async () => (await scene.get('LatticeService', 'shop/cart')) === undefined);
  await until('its policies are gone', async () => (await policiesOf(scene, 'cart-db')).length === 0);
});

test('a class may say that its objects go: then they do, and their pods are waited for', async (t) => {
  const scene = await foreignScene(t, 'onDelete: delete');
  await scene.apply(cart(''));
  await until('the object is gone', async () => (await database(scene)) === undefined);
  await until('the database is closed', () => isClosed(scene));
  const said = await scene.get('LatticeService', 'shop/cart');
  assert.equal(at(said, 'status', 'workload', 'instances', 0, 'name'), 'cart-db');
  await scene.remove('Pod', 'shop/cart-db-0');
  await until('its policies are gone', async () => (await policiesOf(scene, 'cart-db')).length === 0);
});
