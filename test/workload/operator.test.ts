import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { orAborted } from '../../src/kube/index.ts';
import { type Controller, type RunningController, workloadController } from '../../src/operator/index.ts';
import { at } from '../at.ts';
import { type KindKey, KINDS, forever, openScene, type Scene, until } from './scene.ts';

const payments = ['services', 'classes-laptop']
  .map((name) => readFileSync(join(import.meta.dirname, `../../examples/payments/${name}.yaml`), 'utf8'))
  .join('\n---\n');

const condition = (object: unknown, type: string): unknown => {
  const list = at(object, 'status', 'conditions');
  return Array.isArray(list) ? list.find((each: unknown) => at(each, 'type') === type) : undefined;
};
const deployed = (scene: Scene, key: string, reason: string) =>
  until(`${key} says ${reason}`, async () => {
    const service = await scene.get('LatticeService', key);
    return at(condition(service, 'Deployed'), 'reason') === reason ? service : undefined;
  });
const exists = (scene: Scene, kind: KindKey, key: string) =>
  until(`${kind} ${key} is there`, () => scene.get(kind, key));
const gone = (scene: Scene, kind: KindKey, key: string) =>
  until(`${kind} ${key} is gone`, async () => (await scene.get(kind, key)) === undefined);

const simple = (name: string, more = '') => `
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: ${name}, namespace: shop}
spec:
  containers: {app: {image: "registry.example.com/${name}:1"}}
  service: {ports: {http: {port: 80}}}
${more}`;

test("the seed's payment-service runs: with its database, its key of Stripe, its dependencies in its status", async (t) => {
  const scene = await openScene(t);
  await scene.apply(payments);
  const service = await deployed(scene, 'shop/payment-service', 'Running').catch(async (error: unknown) => {
    throw new Error(JSON.stringify(await scene.get('LatticeService', 'shop/payment-service')), { cause: error });
  });
  assert.equal(at(service, 'status', 'workload', 'pods'), '2/2');
  assert.deepEqual(at(service, 'status', 'workload', 'dependencies'), [
    {
      name: 'db',
      source: 'LatticeResourceClass postgres-production',
      endpoint: 'payment-service-db.shop.svc.cluster.local:5432',
      state: 'Resolved',
    },
    {
      name: 'ledger',
      source: 'LatticeService shop/ledger',
      endpoint: 'ledger.shop.svc.cluster.local:7000',
      state: 'Resolved',
    },
    {
      name: 'stripe',
      source: 'LatticeExternalService shop/stripe-api',
      endpoint: 'api.stripe.com:443',
      state: 'Resolved',
    },
  ]);
  for (const name of ['ledger', 'payment-service-db']) await exists(scene, 'StatefulSet', `shop/${name}`);
  assert.deepEqual(await scene.list('StatefulSet'), ['shop/ledger', 'shop/payment-service-db']);
  const secret = await exists(scene, 'Secret', 'shop/payment-service-db-credentials');
  assert.match(Buffer.from(String(at(secret, 'data', 'password')), 'base64').toString(), /^[0-9a-f]{48}$/);
  const policies = await until('the database has its policy', async () => {
    const found = (await scene.client.list(KINDS.NetworkPolicy, forever)).filter((each) =>
      JSON.stringify(each).includes('payment-service-db'),
    );
    return found.length > 0 ? found : undefined;
  });
  assert.match(JSON.stringify(policies), /5432/);
});

test('a secret, given or generated, is in its Secret and nowhere else: no object, no status, no log line', async (t) => {
  const scene = await openScene(t);
  const key = 'sk-live-3f9d0c7be1';
  await scene.apply(`apiVersion: v1
kind: Secret
metadata: {name: stripe, namespace: shop}
stringData: {api-key: ${key}}
---
${payments}
---
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: billing, namespace: shop}
spec:
  containers: {app: {image: i, variables: {A: "\${resources.stripe.api_key | upper}", B: "\${resources.stripe.api_key"}}}
  resources: {stripe: {type: external_service, id: stripe-api}}`);
  await deployed(scene, 'shop/payment-service', 'Running');
  await deployed(scene, 'shop/billing', 'TemplateSyntax');
  const secret = await exists(scene, 'Secret', 'shop/payment-service-db-credentials');
  const encoded = String(at(secret, 'data', 'password'));
  const password = Buffer.from(encoded, 'base64').toString();
  const secrets = [password, encoded, key, key.toUpperCase(), Buffer.from(key).toString('base64')];
  for (const [name, kind] of Object.entries(KINDS)) {
    if (name === 'Secret') continue;
    const text = JSON.stringify(await scene.client.list(kind, forever));
    for (const each of secrets) assert.ok(!text.includes(each), name);
  }
  const log = scene.logged.join('');
  assert.ok(log.includes('workload: written'), 'the log was looked at');
  for (const each of secrets) assert.ok(!log.includes(each));
});

test('drift is repaired: what is changed or deleted by others comes back', async (t) => {
  const scene = await openScene(t);
  await scene.apply(simple('cart'));
  await deployed(scene, 'shop/cart', 'Running');
  await scene.remove('Service', 'shop/cart');
  await exists(scene, 'Service', 'shop/cart');
  await scene.client.mergePatch(
    KINDS.Deployment,
    { namespace: 'shop', name: 'cart' },
    { spec: { template: { spec: { serviceAccountName: 'default' } } } },
    forever,
  );
  await until('the account is back', async () => {
    const found = await scene.get('Deployment', 'shop/cart');
    return at(found, 'spec', 'template', 'spec', 'serviceAccountName') === 'cart';
  });
});

test('a service is held until its pods are gone, and its data stays', async (t) => {
  const scene = await openScene(t);
  await scene.apply(payments);
  await deployed(scene, 'shop/payment-service', 'Running');
  // Simulated pods run without their Secret: that comes before what it is for.
  await exists(scene, 'StatefulSet', 'shop/payment-service-db');
  await exists(scene, 'Deployment', 'shop/order-service');
  const before = await exists(scene, 'LatticeService', 'shop/payment-service');
  assert.deepEqual(before.metadata.finalizers, ['lattice.dev/workload']);
  const order: string[] = [];
  await scene.remove('LatticeService', 'shop/payment-service');
  await until('the service is gone', async () => {
    const [service, pods] = [await scene.get('LatticeService', 'shop/payment-service'), await scene.list('Pod')];
    const mine = pods.filter((name) => name.startsWith('shop/payment-service'));
    order.push(`${service ? 'declared' : 'gone'} ${mine.length > 0 ? 'running' : 'ended'}`);
    return service === undefined;
  });
  assert.ok(!order.includes('gone running'), order.join(', '));
  await gone(scene, 'StatefulSet', 'shop/payment-service-db');
  assert.ok(await scene.get('Secret', 'shop/payment-service-db-credentials'), 'the key of the data stays with it');
  assert.deepEqual(await scene.list('Deployment'), ['shop/order-service']);
});

test('a claim is kept unless it says that it goes', async (t) => {
  const scene = await openScene(t);
  const volume = (name: string, params: string) =>
    `apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: ${name}, namespace: shop}
spec:
  containers: {app: {image: i, volumes: {/d: {source: "\${resources.disk}"}}}}
  resources: {disk: {type: volume, params: ${params}}}`;
  await scene.apply(`${volume('keeps', '{}')}\n---\n${volume('drops', '{onDelete: delete}')}`);
  await Promise.all([deployed(scene, 'shop/keeps', 'Running'), deployed(scene, 'shop/drops', 'Running')]);
  await Promise.all([scene.remove('LatticeService', 'shop/keeps'), scene.remove('LatticeService', 'shop/drops')]);
  await Promise.all([gone(scene, 'LatticeService', 'shop/keeps'), gone(scene, 'LatticeService', 'shop/drops')]);
  assert.deepEqual(await scene.list('PersistentVolumeClaim'), ['shop/keeps.disk']);
});

test('a value that is missing stops one service with a condition, and it starts by itself when the value comes', async (t) => {
  const scene = await openScene(t);
  const web = `
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: web, namespace: shop}
spec:
  containers: {app: {image: i, variables: {CART: "\${resources.cart.url}"}}}
  resources: {cart: {}}`;
  await scene.apply(`${web}\n---\n${simple('other')}`);
  const waiting = await deployed(scene, 'shop/web', 'DependencyMissing');
  assert.match(String(at(waiting, 'status', 'workload', 'waiting')), /LatticeService shop\/cart is not declared/);
  await deployed(scene, 'shop/other', 'Running');
  assert.equal(await scene.get('Deployment', 'shop/web'), undefined);
  await scene.apply(simple('cart'));
  await deployed(scene, 'shop/web', 'Running');
});

test('an operator that is killed after every single write comes to the same as one that lives', async (t) => {
  const scene = await openScene(t, { started: false });
  await scene.apply(`${simple('cart', '  resources: {db: {type: postgres}}')}
---
apiVersion: lattice.dev/v1alpha1
kind: LatticeResourceClass
metadata: {name: pg}
spec: {type: postgres, embedded: {}}`);
  let lives = 0;
  for (let killed = true; killed; lives += 1) {
    const { controller, frozen, quiet } = killedAfter(1);
    const operator = scene.start([controller]);
    killed = await Promise.race([frozen.then(() => true), operator.ready.then(quiet).then(() => false)]);
    await operator.close();
    assert.ok(lives < 60, 'it comes to an end');
  }
  assert.ok(lives > 8, `${lives} lives`);
  assert.deepEqual(await scene.list('StatefulSet'), ['shop/cart-db']);
  assert.deepEqual(await scene.list('Deployment'), ['shop/cart']);
  assert.deepEqual(await scene.list('Service'), ['shop/cart', 'shop/cart-db']);
  assert.deepEqual(await scene.list('Secret'), ['shop/cart-db-credentials']);
  await scene.remove('LatticeService', 'shop/cart');
  for (let killed = true; killed; ) {
    const { controller, frozen, quiet } = killedAfter(1);
    const operator = scene.start([controller]);
    killed = await Promise.race([frozen.then(() => true), operator.ready.then(quiet).then(() => false)]);
    await operator.close();
  }
  assert.deepEqual(
    [
      ...(await scene.list('StatefulSet')),
      ...(await scene.list('Deployment')),
      ...(await scene.list('LatticeService')),
    ],
    [],
  );
});

/** The workload controller, whose process takes its last breath after so many writes: the next one is never answered. */
function killedAfter(writes: number) {
  const frozen = Promise.withResolvers<void>();
  const inner = workloadController({ workers: 1 });
  let running: RunningController | undefined;
  let left = writes;
  const controller: Controller = {
    name: inner.name,
    start(context) {
      const guard = async <T>(write: () => Promise<T>): Promise<T> => {
        if (left > 0) {
          const answer = await write();
          // What the server refuses was no write.
          left -= 1;
          return answer;
        }
        frozen.resolve();
        return orAborted(new Promise<T>(() => undefined), AbortSignal.any([context.signal, context.stopping]));
      };
      const { client } = context;
      running = inner.start({
        ...context,
        client: {
          ...client,
          apply: (kind, object, call) => guard(() => client.apply(kind, object, call)),
          create: (kind, object, call) => guard(() => client.create(kind, object, call)),
          delete: (kind, ref, call) => guard(() => client.delete(kind, ref, call)),
        },
      });
      return { ...running, ended: running.ended.catch(() => undefined) };
    },
  };
  let dead = false;
  void frozen.promise.then(() => {
    dead = true;
  });
  /** Resolves when nothing is left to do, or nobody is left to do it. */
  const quiet = (): Promise<unknown> => until('idle', async () => Promise.resolve(dead || running?.idle() === true));
  return { controller, frozen: frozen.promise, quiet };
}
