// Peerings whose writes the API server refuses: what a Liqo leaves behind that was removed before its webhook.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type Clock, type KubeObject, systemClock } from '../../../src/kube/index.ts';
import { at, condition, KINDS, openScene, type Scene, skip } from '../../peering/scene.ts';
import { guest, localNetwork, peering, QUICK_START, remoteNetwork } from '../../peering/world.ts';
import { until } from '../until.ts';
import { type Context, forever } from './context.ts';

const TENANT = 'liqo-tenant-bergen';
/** Nobody listens there. */
const DEAD: KubeObject & { readonly webhooks: readonly object[] } = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'liqo-that-is-gone' },
  webhooks: [
    {
      name: 'firewall.liqo.example',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      timeoutSeconds: 1,
      clientConfig: { url: 'https://127.0.0.1:1/validate' },
      rules: [
        {
          apiGroups: ['networking.liqo.io'],
          apiVersions: ['v1beta1'],
          operations: ['CREATE', 'UPDATE'],
          resources: ['firewallconfigurations'],
        },
      ],
    },
  ],
};
const TRIED: KubeObject & { readonly spec: object } = {
  apiVersion: 'networking.liqo.io/v1beta1',
  kind: 'FirewallConfiguration',
  metadata: { namespace: TENANT, name: 'tried' },
  spec: { table: { name: 'tried', family: 'IPV4', chains: [] } },
};
/** Two minutes ahead: to whom a deletion of just now is an old one. */
const LATER: Clock = { ...systemClock, wall: () => systemClock.wall() + 120_000 };

export function refusedPeeringsSuite(contextOf: () => Context): void {
  suite('peerings whose writes are refused', { skip }, () => {
    let scene: Scene;
    const stored = () => scene.get('PeeringConnectivity', TENANT, 'bergen');
    const firewall = () => scene.get('FirewallConfiguration', TENANT, 'bergen-security-fabric');
    const comes = async (what: string, ask: () => Promise<boolean>): Promise<void> => {
      await until(what, async () => ((await ask()) ? true : undefined), 90_000);
    };
    const message = async () => String(at(await stored(), 'status', 'conditions', 0, 'message'));

    /** A server asks a webhook a moment after it has heard of it. */
    const forbid = async (): Promise<void> => {
      await scene.put(DEAD);
      const call = { signal: forever(), dryRun: true };
      await comes('the webhook is asked', () =>
        scene.client.apply(KINDS.FirewallConfiguration, TRIED, call).then(
          () => false,
          (error: unknown) => String(error).includes('failed calling webhook'),
        ),
      );
    };

    before(async () => {
      const { cluster, namespace } = contextOf();
      for (const name of ['liqo', TENANT, 'demo-bergen']) await namespace(name);
      scene = await openScene(cluster.access, 'liqo-sets');
      for (const object of [
        localNetwork,
        remoteNetwork('bergen', '10.65.0.0/16'),
        guest('web', '10.200.4.4', 'bergen'),
      ])
        await scene.put(object);
      await forbid();
    });
    after(async () => {
      await scene.remove('Webhooks', undefined, DEAD.metadata.name);
      await scene.remove('Pod', 'demo-bergen', 'web');
      await scene.close();
    });

    test('a refused write is a condition and an event in the words of the server, and a write that is taken ends it', async () => {
      await scene.put(peering('bergen', QUICK_START));
      await scene.operate({ enforcer: 'liqo' });
      await comes('it is told', async () => condition(await stored(), 'Ready') === 'False FabricSyncFailed');
      assert.match(await message(), /^what enforces it cannot be written: .*failed calling webhook/);
      // It is told of what the status says already.
      await comes('an Event', async () =>
        (await scene.list('Event')).some(
          (event) => at(event, 'reason') === 'FabricSyncFailed' && event.metadata.namespace === TENANT,
        ),
      );
      await scene.remove('Webhooks', undefined, DEAD.metadata.name);
      await comes('it is written', async () => condition(await stored(), 'Ready') === 'Unknown NotApplied');
    });

    test('rules that cannot be written are not said to be in force', async () => {
      await forbid();
      const before = JSON.stringify(at(await firewall(), 'spec'));
      await scene.put(peering('bergen', [...QUICK_START, { source: { group: 'remote-cluster' }, action: 'deny' }]));
      await comes('it is told', async () => condition(await stored(), 'Ready') === 'False FabricSyncFailed');
      const told = await stored();
      assert.equal(at(told, 'status', 'observedGeneration'), told?.metadata.generation);
      assert.deepEqual(at(told, 'status', 'ranges', 'remote'), ['10.65.0.0/16'], 'what was known is kept');
      assert.match(await message(), /what was enforced before stays/);
      assert.equal(JSON.stringify(at(await firewall(), 'spec')), before);
    });

    test('a deletion is told what it waits for, and ends after a minute with nothing left', async () => {
      await scene.remove('PeeringConnectivity', TENANT, 'bergen');
      await comes('it is told', async () => condition(await stored(), 'Ready') === 'False DeletionFailed');
      assert.match(await message(), /failed calling webhook/);
      await scene.operate({ enforcer: 'liqo' }, LATER);
      await comes('it is gone', async () => (await stored()) === undefined);
      await comes('and what enforced it', async () => (await firewall()) === undefined);
    });
  });
}
