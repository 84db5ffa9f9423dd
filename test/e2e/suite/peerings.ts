// Peerings on a server that prunes, defaults and validates by itself: both shapes of Liqo's FirewallConfiguration.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { at, condition, FIREWALL_CRD, KINDS, openScene, type Plain, type Scene, skip } from '../../peering/scene.ts';
import { guest, localNetwork, node, peering, QUICK_START, remoteNetwork, report } from '../../peering/world.ts';
import { until } from '../until.ts';
import { type Context, forever } from './context.ts';

const TENANT = 'liqo-tenant-rome';

export function peeringsSuite(contextOf: () => Context): void {
  suite('peerings', { skip }, () => {
    let scene: Scene;
    const firewall = () => scene.get('FirewallConfiguration', TENANT, 'rome-security-fabric');
    const stored = () => scene.get('PeeringConnectivity', TENANT, 'rome');
    const program = () => scene.get('FabricProgram', undefined, 'rome');
    const members = (object: Plain | undefined): string =>
      JSON.stringify(at(object, 'spec', 'table', 'sets', 0, 'elements'));
    const comes = async (what: string, ask: () => Promise<boolean>): Promise<void> => {
      await until(what, async () => ((await ask()) ? true : undefined));
    };

    before(async () => {
      const { cluster, namespace } = contextOf();
      for (const name of ['liqo', TENANT, 'demo-rome']) await namespace(name);
      scene = await openScene(cluster.access, 'liqo');
      // The suite has no controller that makes the account that pods run under.
      for (const object of [localNetwork, remoteNetwork('rome', '10.61.0.0/16'), guest('web', '10.200.1.4')])
        await scene.put(object);
      await scene.operate();
    });
    after(async () => {
      await scene.remove('Pod', 'demo-rome', 'web');
      await scene.remove('Node', undefined, 'worker-1');
      await scene.remove('FabricNodeStatus', undefined, 'worker-1');
      await scene.close();
    });

    test('stock Liqo would drop ctstate: nothing is written, and the condition says why', async () => {
      await scene.put(peering('rome', QUICK_START));
      await comes('it is told', async () => condition(await stored(), 'Ready') === 'False Unsupported');
      assert.equal(await firewall(), undefined);
    });

    test('the definition is upgraded while the engine runs, and the object that is read back is the one that was meant', async () => {
      await scene.define('liqo-sets', FIREWALL_CRD);
      await comes('it is written', async () => members(await firewall()) === '[{"key":"10.200.1.4"}]');
      assert.match(JSON.stringify(await firewall()), /"ctstate":\{"value":\["established","related"\]\}/);
      await comes('it is told', async () => condition(await stored(), 'Ready') === 'Unknown NotApplied');
    });

    test('a definition that keeps less again leaves nothing that is said to enforce', async () => {
      await scene.define('liqo', FIREWALL_CRD);
      await comes('it is told', async () => condition(await stored(), 'Ready') === 'False Unsupported');
      const message = async () => String(at(await stored(), 'status', 'conditions', 0, 'message'));
      await comes('and what became of it', async () => /what was written before is cut/.test(await message()));
      await scene.define('liqo-sets', FIREWALL_CRD);
      await comes('it is whole again', async () => /"ctstate":/.test(JSON.stringify(await firewall())));
      await comes('and told', async () => condition(await stored(), 'Ready') === 'Unknown NotApplied');
    });

    test('a pod comes and goes by patches of one element each', async () => {
      const before = (await firewall())?.metadata.generation ?? 0;
      await scene.put(guest('api', '10.200.1.9'));
      await comes('it is in', async () => members(await firewall()).includes('10.200.1.9'));
      await scene.remove('Pod', 'demo-rome', 'api');
      await comes('it is out', async () => !members(await firewall()).includes('10.200.1.9'));
      assert.equal((await firewall())?.metadata.generation, before + 2, 'one write for each event');
    });

    test('drift is repaired', async () => {
      const patch = [
        { op: 'replace', path: '/spec/table/chains/0/rules/filterRules/3/action', value: 'accept' },
      ] as const;
      const ref = { namespace: TENANT, name: 'rome-security-fabric' };
      await scene.client.jsonPatch(KINDS.FirewallConfiguration, ref, patch, { signal: forever() });
      const action = async () =>
        at(await firewall(), 'spec', 'table', 'chains', 0, 'rules', 'filterRules', 3, 'action');
      await comes('it is back', async () => (await action()) === 'drop');
    });

    test('the node agent takes over, members live in slices, and a deletion leaves nothing', async () => {
      await scene.put(node('worker-1'));
      await scene.put(report('worker-1', []));
      await comes('the program', async () => (await program()) !== undefined);
      // An agent tells of each generation, and there may be several until the engine has read all.
      const tell = async () =>
        scene.put(report('worker-1', [{ name: 'rome', generation: at(await program(), 'spec', 'generation') }]));
      await comes('Ready', async () => {
        await tell();
        return condition(await stored(), 'Ready') === 'True FabricSynced';
      });
      await comes('the other one goes', async () => (await firewall()) === undefined);
      await scene.put(guest('api', '10.200.1.9'));
      await comes('it is in a slice', async () =>
        JSON.stringify(await scene.list('FabricMemberSlice')).includes('10.200.1.9'),
      );
      await scene.remove('PeeringConnectivity', TENANT, 'rome');
      await comes('disarmed', async () => at(await program(), 'spec', 'disarmed') === true);
      await tell();
      await comes('gone', async () => (await stored()) === undefined && (await program()) === undefined);
    });
  });
}
