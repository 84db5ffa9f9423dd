import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FirewallProgram, FirewallRule } from '../../../src/api/index.ts';
import { until } from '../../e2e/until.ts';
import type { Lab } from '../lab.ts';
import { inNode, tablesOf } from '../nodes.ts';
import { agentVariant, swapUnderTraffic } from '../swaps.ts';

const program = (rules: readonly FirewallRule[]): FirewallProgram => ({
  peering: 'liqo-tenant-rome/rome',
  generation: 0,
  disarmed: false,
  sets: [{ name: 'remote', members: ['10.61.0.2', 'fd00:61::2'] }],
  rules,
});
const SWAPS = 40;

/** What becomes of connections and packets while programs change. */
export function trafficTests(lab: () => Lab): void {
  test('an established connection that stays allowed survives a swap, and one that is revoked is cut', async () => {
    const { cluster, actors } = lab();
    await cluster.load('rome', program([]));
    for (const family of [4, 6] as const) {
      assert.ok(await actors.hold(`kept${family}`, { from: 'r2', to: 'p1', family, patience: 8000 }));
      assert.ok(await actors.hold(`cut${family}`, { from: 'r1', to: 'p1', family, patience: 8000 }));
    }
    await cluster.load('rome', program([{ name: 'cut', source: { set: 'remote' }, action: 'deny' }]));
    for (const family of [4, 6] as const) {
      await until('it is cut', async () => ((await actors.isAlive(`cut${family}`, 'r1')) ? undefined : true), 60_000);
      assert.ok(await actors.isAlive(`kept${family}`, 'r2', 8000));
    }
  });

  test('a revoked connection is cut even while the side that may call goes on sending', async () => {
    const { cluster, actors } = lab();
    await cluster.load('rome', program([]));
    assert.ok(await actors.hold('pushed', { from: 'r1', to: 'p1', pushed: true, patience: 8000 }));
    assert.ok(await actors.isAlive('pushed', 'r1', 8000));
    // Only what r1 opens is denied: p1 may call r1, and its packets would open the connection anew.
    await cluster.load('rome', program([{ name: 'cut', source: { set: 'remote' }, action: 'deny' }]));
    await until('it is cut', async () => ((await actors.isAlive('pushed', 'r1')) ? undefined : true), 60_000);
    assert.equal(await actors.isAlive('pushed', 'r1', 1500), false, 'and it stays cut');
    assert.equal(await actors.call({ from: 'p1', to: 'r1', patience: 8000 }), true, 'the other direction is allowed');
    assert.doesNotMatch(inNode(lab(), 'n1', 'conntrack -L -p tcp --orig-src 10.61.0.2 2>/dev/null'), /ESTABLISHED/);
    const [table = ''] = tablesOf(lab(), 'n1');
    inNode(lab(), 'n1', `nft delete table inet ${table}`);
    await until('the table is back', () => (tablesOf(lab(), 'n1').includes(table) ? true : undefined), 60_000);
    assert.match(
      inNode(lab(), 'n1', `nft list set inet ${table} cut.v4`),
      /10\.200\.1\.2 \. tcp \. 8080 \. 10\.61\.0\.2/,
    );
    assert.equal(await actors.isAlive('pushed', 'r1', 1500), false, 'also when somebody has deleted the table');
  });

  test('a new member of a deny cuts what it has open, and an allow gives back what it cut', async () => {
    const { cluster, actors } = lab();
    const rules: readonly FirewallRule[] = [{ name: 'cut', source: { set: 'remote' }, action: 'deny' }];
    const withMembers = (members: readonly string[]): FirewallProgram => ({
      ...program(rules),
      sets: [{ name: 'remote', members }],
    });
    await cluster.load('rome', withMembers([]));
    assert.ok(await actors.hold('later', { from: 'r1', to: 'p1', patience: 8000 }));
    await cluster.declare('rome', withMembers(['10.61.0.2']));
    await until('it is cut', async () => ((await actors.isAlive('later', 'r1')) ? undefined : true), 60_000);
    await cluster.declare('rome', withMembers([]));
    await until('it goes on', async () => ((await actors.isAlive('later', 'r1', 2000)) ? true : undefined), 60_000);
  });

  test(`no packet of a denied flow passes, and no allowed call fails, during ${SWAPS} swaps under traffic`, async () => {
    const { leaked, sent, failed, calls } = await swapUnderTraffic(lab(), {
      swaps: SWAPS,
      load: (next) => lab().cluster.load('rome', next),
      variant: agentVariant,
    });
    assert.ok(sent > 1000 && calls > 20, `${sent} datagrams, ${calls} calls`);
    assert.deepEqual({ leaked, failed }, { leaked: 0, failed: 0 });
  });
}
