// Peerings as nobody should declare them: ranges that overlap, rules that change faster than nodes follow, ten thousand rules.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { FirewallTable } from '../../../src/peering/index.ts';
import { applyTable, type KernelTable, passes } from '../../../src/peering/liqo-model/index.ts';
import { at, condition, openScene, type Scene, skip } from '../../peering/scene.ts';
import { guest, localNetwork, peering, QUICK_START, remoteNetwork } from '../../peering/world.ts';
import { until } from '../until.ts';
import type { Context } from './context.ts';

const [OSLO, PARIS] = ['10.200.3.4', '10.200.3.5'];
/** Of both remapped ranges, and of that of oslo alone. */
const [SHARED, OWN] = ['10.64.0.2', '10.64.200.2'];
const STRICT = [...QUICK_START, { source: { group: 'remote-cluster' }, action: 'deny' }];

export function oddPeeringsSuite(contextOf: () => Context): void {
  suite('peerings, oddly declared', { skip }, () => {
    let scene: Scene;
    const tableOf = async (cluster: string): Promise<FirewallTable | undefined> => {
      const name = `${cluster}-security-fabric`;
      const table = at(await scene.get('FirewallConfiguration', `liqo-tenant-${cluster}`, name), 'spec', 'table');
      return isTable(table) ? table : undefined;
    };
    const ready = async (cluster: string) =>
      condition(await scene.get('PeeringConnectivity', `liqo-tenant-${cluster}`, cluster), 'Ready');
    const comes = async (what: string, ask: () => Promise<boolean>): Promise<void> => {
      await until(what, async () => ((await ask()) ? true : undefined), 60_000);
    };

    before(async () => {
      const { cluster, namespace } = contextOf();
      const spaces = ['oslo', 'paris'].flatMap((name) => [`liqo-tenant-${name}`, `demo-${name}`]);
      for (const name of ['liqo', ...spaces]) await namespace(name);
      scene = await openScene(cluster.access, 'liqo-sets');
      for (const object of [
        localNetwork,
        remoteNetwork('oslo', '10.64.0.0/16'),
        remoteNetwork('paris', '10.64.0.0/17'),
        guest('web', OSLO, 'oslo'),
        guest('web', PARIS, 'paris'),
      ])
        await scene.put(object);
      await scene.operate({ enforcer: 'liqo' });
    });
    after(async () => {
      for (const name of ['oslo', 'paris']) {
        await scene.remove('Pod', `demo-${name}`, 'web');
        await scene.remove('PeeringConnectivity', `liqo-tenant-${name}`, name);
        await comes('it is gone', async () => (await ready(name)) === undefined);
      }
      await scene.close();
    });

    test('two peers whose remapped ranges overlap have tables of their own, and what one denies no other lets pass', async () => {
      for (const name of ['oslo', 'paris']) await scene.put(peering(name, STRICT));
      await comes('both are there', async () => (await tableOf('oslo')) !== undefined && !!(await tableOf('paris')));
      const tables = [await tableOf('oslo'), await tableOf('paris')].flatMap((table) => table ?? []);
      assert.equal(new Set(tables.map(({ name }) => name)).size, 2);
      const kernels = tables.map((table) => applyTable(undefined, table)[1]);
      const isOpen = (source: string, destination: string): boolean =>
        passes(kernels, { hook: 'forward', source, destination, state: 'new' });
      assert.deepEqual(
        [isOpen(OWN, OSLO), isOpen(OWN, PARIS), isOpen(SHARED, OSLO), isOpen(SHARED, PARIS), isOpen(OSLO, PARIS)],
        [true, false, false, false, false],
      );
    });

    test('rules that change in a circle, faster than nodes follow, end with the last and open nothing on the way', async () => {
      const variants = [STRICT, [{ source: { group: 'offloaded' }, action: 'deny' }], [{ action: 'deny' }]];
      let kernel: KernelTable | undefined;
      let most = 0;
      const wrong: string[] = [];
      const look = async (): Promise<number> => {
        const table = await tableOf('oslo');
        if (!table) return 0;
        const states = applyTable(kernel, table);
        // Each of the rule lists denies what the guest opens to the Internet.
        for (const state of kernel ? states : states.slice(1))
          if (passes([state], { hook: 'forward', source: OSLO, destination: '203.0.113.9', state: 'new' }))
            wrong.push(JSON.stringify(table));
        [, kernel] = states;
        most = Math.max(most, table.chains.length);
        return table.chains.length;
      };
      await look();
      for (let edit = 0; edit < 10; edit++) {
        await scene.put(peering('oslo', variants[edit % variants.length] ?? []));
        await look();
      }
      await scene.put(peering('oslo', [{ source: { group: 'offloaded' }, action: 'deny' }]));
      const LAST = 'allow-established-related,deny-0,deny-0-contested-source';
      const names = async () => (await tableOf('oslo'))?.chains[0]?.rules.filterRules.map(({ name }) => name).join();
      // Before the engine has read the last edit, what is stored may look as if it had ended.
      await comes('it is swapped', async () => (await look()) === 2 && (await names()) === LAST);
      await comes('and told', async () => (await ready('oslo')) === 'Unknown NotApplied');
      assert.deepEqual(wrong, []);
      assert.ok(most > 2 && most <= 6, `${most} chains`);
    });

    test('more rules than can be loaded are refused with the reason, and what was enforced stays', async () => {
      const before = JSON.stringify(await tableOf('paris'));
      const many = (count: number, group: string) =>
        peering(
          'paris',
          Array.from({ length: count }, () => ({ source: { group }, action: 'deny' })),
        );
      await scene.put(many(10_000, 'remote-cluster'));
      await comes('it is told', async () => (await ready('paris')) === 'False Unsupported');
      await assert.rejects(scene.put(many(10_001, 'remote-cluster')), /must have at most 10000 items/);
      // Each of these comes to two of a firewall: one more for addresses that several pods have.
      await scene.put(many(10_000, 'offloaded'));
      await comes('it is told', async () => (await ready('paris')) === 'False TooManyRules');
      assert.equal(JSON.stringify(await tableOf('paris')), before);
      await scene.put(peering('paris', STRICT));
      await comes('it is as before', async () => (await ready('paris')) === 'Unknown NotApplied');
      assert.equal(JSON.stringify(await tableOf('paris')), before);
    });
  });
}

const isTable = (value: unknown): value is FirewallTable => Array.isArray(at(value, 'chains'));
