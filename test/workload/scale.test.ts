import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createWatch, only, systemClock } from '../../src/kube/index.ts';
import { at } from '../at.ts';
import { forever, KINDS, openScene, type Scene, until } from './scene.ts';

const web = (replicas: string, image = 'i:1') => `
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: web, namespace: shop}
spec:
  containers: {app: {image: "${image}", resources: {requests: {cpu: 1}}}}
  replicas: ${replicas}`;

const replicas = async (scene: Scene) => at(await scene.get('Deployment', 'shop/web'), 'spec', 'replicas');
/** As an autoscaler does it. */
const autoscale = (scene: Scene, count: number) =>
  scene.client.mergePatch(KINDS.Deployment, { namespace: 'shop', name: 'web' }, { spec: { replicas: count } }, forever);
/** Every number of pods that the Deployment is given, in order, from now on. */
async function numbersOf(scene: Scene, t: TestContext): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  const stopping = new AbortController();
  const watch = createWatch<unknown>(scene.client, {
    kind: KINDS.Deployment,
    clock: systemClock,
    random: Math.random,
    projection: { mask: only('spec.replicas'), of: (object) => at(object, 'spec', 'replicas') },
    onChange(change) {
      if (change.kind !== 'deleted' && seen.at(-1) !== change.after) seen.push(change.after);
    },
  });
  const ended = watch.run(stopping.signal);
  t.after(async () => {
    stopping.abort();
    await ended;
  });
  await watch.synced;
  return seen;
}
const isRanged = async (scene: Scene) => {
  const deployment = await scene.get('Deployment', 'shop/web');
  const entries = at(deployment, 'metadata', 'managedFields');
  const owns = (each: unknown): boolean =>
    at(each, 'manager') === 'lattice' && at(each, 'fieldsV1', 'f:spec', 'f:replicas') !== undefined;
  const autoscaler = await scene.get('HorizontalPodAutoscaler', 'shop/web');
  return autoscaler !== undefined && Array.isArray(entries) && !entries.some(owns);
};

test('a fixed number that becomes a range stays as it is until an autoscaler changes it', async (t) => {
  const scene = await openScene(t);
  await scene.apply(web('{min: 4}'));
  await until('4 pods are asked for', async () => (await replicas(scene)) === 4);
  const numbers = await numbersOf(scene, t);
  await scene.apply(web('{min: 2, max: 8}'));
  await until('it is a range', () => isRanged(scene));
  await autoscale(scene, 3);
  await scene.apply(web('{min: 2, max: 9}', 'i:2'));
  await until('the image is new', async () =>
    JSON.stringify(await scene.get('Deployment', 'shop/web')).includes('i:2'),
  );
  await scene.apply(web('{min: 5}'));
  await until('5 pods are asked for', async () => (await replicas(scene)) === 5);
  // What a read answers the watch may not have told yet.
  await until('the watch has told of them', () => Promise.resolve(numbers.at(-1) === 5));
  assert.deepEqual(numbers, [4, 3, 5]);
});

test('a range begins with its least number', async (t) => {
  const scene = await openScene(t);
  await scene.apply(web('{min: 3, max: 8}'));
  await until('3 pods are asked for', async () => (await replicas(scene)) === 3);
  await autoscale(scene, 6);
  await scene.apply(web('{min: 3, max: 8}', 'i:2'));
  await until('the image is new', async () =>
    JSON.stringify(await scene.get('Deployment', 'shop/web')).includes('i:2'),
  );
  assert.equal(await replicas(scene), 6);
});
