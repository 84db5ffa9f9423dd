// The example in a cluster: made, rolled and taken away by the operator and the server's own controllers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { findKwok } from '../../../conformance/kwok/kwok.ts';
import { type DiscoveredKind, findKind, type Kind, type KubeObject, untyped } from '../../../src/kube/index.ts';
import { CONTROLLERS, type Operator, podSimulation } from '../../../src/operator/index.ts';
import { at } from '../../at.ts';
import { operate } from '../../workload/scene.ts';
import type { Place } from '../cluster/cluster.ts';
import { simulatedNode } from '../cluster/simulated-node.ts';
import { until } from '../until.ts';
import { type Context, forever } from './context.ts';
import { latticeDefinitions, install, objectsIn } from './definitions.ts';

const folder = join(import.meta.dirname, '../../../examples/payments');
const HOME = 'shop';
const SERVICES = ['payment-service', 'ledger', 'order-service'];

/** What makes the pods ready: kwok on the real server, else Lattice's own simulation. */
export function rendersAndRuns(contextOf: () => Context, real: boolean, place: Place): void {
  const kwok = real ? findKwok(process.env) : undefined;
  const by = kwok?.kind === 'ready' ? 'kwok' : real ? `our simulation, for ${kwok?.reason ?? ''}` : 'our simulation';
  suite(`runs; pods by ${by}`, () => {
    const call = { signal: forever(), force: true };
    const logged: string[] = [];
    let kinds: readonly DiscoveredKind[] = [];
    let operator: Operator | undefined;
    let node: { readonly close: () => Promise<void> } | undefined;
    const kindOf = (apiVersion: string, kind: string): Kind => {
      const found = findKind(kinds, apiVersion, kind);
      assert.ok(found, `${apiVersion} ${kind} is not served`);
      return untyped(found);
    };
    const serviceKind = (): Kind => kindOf('lattice.dev/v1alpha1', 'LatticeService');
    const list = (apiVersion: string, kind: string): Promise<readonly KubeObject[]> =>
      contextOf().client.list(kindOf(apiVersion, kind), { ...call, namespace: HOME });
    const podsOf = async (name: string): Promise<readonly KubeObject[]> =>
      (await list('v1', 'Pod')).filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] === name);
    const running = (name: string): Promise<boolean> =>
      until(`${name} is ready`, async () => {
        const found = await contextOf().client.find(serviceKind(), { namespace: HOME, name }, call);
        const conditions = at(found, 'status', 'conditions');
        const generation = at(found, 'metadata', 'generation');
        const says = (each: unknown): boolean =>
          at(each, 'reason') === 'Running' && at(each, 'observedGeneration') === generation;
        if (Array.isArray(conditions) && conditions.some(says)) return true;
        throw new Error(`${JSON.stringify(at(found, 'status'))}\n${logged.slice(-5).join('')}`);
      });

    before(async () => {
      const context = contextOf();
      await install(context, await latticeDefinitions());
      kinds = await context.kinds();
      await context.namespace(HOME);
      if (kwok?.kind === 'ready') node = await simulatedNode(kwok.program, context.client, place, HOME);
      // Other suites of the run leave compiled examples here, which are nobody's by now.
      for (const { metadata } of await list('networking.k8s.io/v1', 'NetworkPolicy'))
        await context.client.delete(kindOf('networking.k8s.io/v1', 'NetworkPolicy'), metadata, call);
      operator = operate({
        access: context.cluster.access,
        controllers: [
          CONTROLLERS.service(),
          CONTROLLERS.workload(),
          ...(node ? [] : [podSimulation({ makesPods: !real })]),
        ],
        identity: 'rendered',
        logged,
      });
      await operator.ready;
    });
    after(async () => {
      await operator?.close();
      await node?.close();
    });

    test("the seed's services become ready", async () => {
      for (const name of ['services', 'classes-laptop']) {
        for (const object of objectsIn(readFileSync(join(folder, `${name}.yaml`), 'utf8')))
          await contextOf().client.apply(kindOf(object.apiVersion, object.kind), object, { ...call, manager: 'user' });
      }
      for (const name of SERVICES) await running(name);
    });

    test('a new image rolls out: a pod is ready at every moment, and old and new have one name and one account', async () => {
      const name = 'order-service';
      const [old] = await podsOf(name);
      assert.ok(old);
      const image = 'myorg/orders:v3.2.0';
      await contextOf().client.mergePatch(
        serviceKind(),
        { namespace: HOME, name },
        { spec: { containers: { app: { image } } } },
        call,
      );
      const accounts = new Set<unknown>();
      const outages: unknown[] = [];
      const gone = await until('the old pod is gone', async () => {
        const pods = await podsOf(name);
        for (const pod of pods) accounts.add(at(pod, 'spec', 'serviceAccountName'));
        if (!pods.some(isReady)) outages.push(pods.map((pod) => at(pod, 'status')));
        return pods.every(({ metadata }) => metadata.uid !== old.metadata.uid) ? pods : undefined;
      });
      assert.deepEqual([[...accounts], outages], [[name], []]);
      assert.ok(gone.every((pod) => JSON.stringify(pod).includes(image)));
      await running(name);
    });

    test('a fixed number of pods that becomes a range stays as it is: the server takes it from nobody', async () => {
      const ref = { namespace: HOME, name: 'order-service' };
      const declare = (replicas: object): Promise<unknown> =>
        contextOf().client.mergePatch(serviceKind(), ref, { spec: { replicas } }, call);
      const find = (apiVersion: string, kind: string) => contextOf().client.find(kindOf(apiVersion, kind), ref, call);
      await declare({ min: 3 });
      await until('3 pods are asked for', async () =>
        at(await find('apps/v1', 'Deployment'), 'spec', 'replicas') === 3 ? true : undefined,
      );
      await declare({ min: 2, max: 6 });
      await until('it has an autoscaler', () => find('autoscaling/v2', 'HorizontalPodAutoscaler'));
      await running(ref.name);
      const deployment = await find('apps/v1', 'Deployment');
      assert.equal(at(deployment, 'spec', 'replicas'), 3);
      const owners = at(deployment, 'metadata', 'managedFields');
      const holding = (Array.isArray(owners) ? owners : []).filter(
        (each: unknown) => at(each, 'fieldsV1', 'f:spec', 'f:replicas') !== undefined,
      );
      assert.deepEqual(
        holding.map((each: unknown) => at(each, 'manager')),
        ['lattice-replicas'],
      );
    });

    test('what is deleted keeps its policies until its last pod has ended, that of its database too', async () => {
      const { client } = contextOf();
      for (const name of SERVICES) await client.delete(serviceKind(), { namespace: HOME, name }, call);
      const [pods, open] = [new Set<string>(), new Set<string>()];
      await until('all of it is gone', async () => {
        // In this order: a policy that is gone here had no pod any more, or one is seen below.
        const closed = (await list('networking.k8s.io/v1', 'NetworkPolicy')).map((policy) =>
          String(at(policy, 'spec', 'podSelector', 'matchLabels', 'app.kubernetes.io/name')),
        );
        const left = (await list('v1', 'Pod')).map(({ metadata }) => metadata.labels?.['app.kubernetes.io/name'] ?? '');
        for (const name of left) {
          pods.add(name);
          if (!closed.includes(name)) open.add(name);
        }
        const services = (await list('lattice.dev/v1alpha1', 'LatticeService')).map((each) =>
          at(each, 'status', 'workload'),
        );
        if (services.length + left.length === 0) return true;
        throw new Error(`${left.join(', ')}; ${JSON.stringify(services)}\n${logged.slice(-5).join('')}`);
      });
      assert.deepEqual([...open], [], 'pods without a policy');
      // Simulated pods are gone before one can look.
      if (node) assert.ok(pods.has('payment-service-db'), `seen: ${[...pods].join(', ')}`);
      // Others' services have theirs in this namespace.
      const names = new Set([...SERVICES, 'payment-service-db']);
      await until('its policies are gone', async () => {
        const policies = await list('networking.k8s.io/v1', 'NetworkPolicy');
        const ours = policies.filter(({ metadata }) => names.has(metadata.labels?.['lattice.dev/owner-name'] ?? ''));
        return ours.length === 0 ? true : undefined;
      });
    });
  });
}

function isReady(pod: KubeObject): boolean {
  const conditions = at(pod, 'status', 'conditions');
  const ready = (each: unknown): boolean => at(each, 'type') === 'Ready' && at(each, 'status') === 'True';
  return Array.isArray(conditions) && conditions.some(ready);
}
