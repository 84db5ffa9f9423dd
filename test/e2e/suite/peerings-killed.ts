// The engine of peerings as a process that is killed: what it wrote before never opens what every declared rule list
// denies, and a new one brings it to the same objects.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { createWatch, type JsonObject, type Kind, only, systemClock } from '../../../src/kube/index.ts';
import type { FirewallTable } from '../../../src/peering/index.ts';
import { applyTable, type KernelTable, passes } from '../../../src/peering/liqo-model/index.ts';
import { at, condition, KINDS, openScene, type Scene, skip } from '../../peering/scene.ts';
import { guest, localNetwork, node, peering, QUICK_START, remoteNetwork, report } from '../../peering/world.ts';
import { type OperatorProcess, startOperatorProcess, writeKubeconfig } from '../operator-process.ts';
import { until } from '../until.ts';
import type { Context } from './context.ts';
import { type OperatedOptions, randomFrom } from './operated.ts';

const TENANT = 'liqo-tenant-milan';
const FIREWALL = 'milan-security-fabric';
// Addresses of no other suite: one that two pods have is in no rule that allows.
const WEB = '10.200.2.4';
const STRICTER = [...QUICK_START, { source: { group: 'remote-cluster' }, action: 'deny' }];
/** What both rule lists deny, and what both allow. */
const DENIED = { hook: 'forward', source: WEB, destination: '203.0.113.9', state: 'new' } as const;
const ALLOWED = { hook: 'forward', source: '10.61.0.2', destination: WEB, state: 'new' } as const;

export function peeringsKilledSuite(contextOf: () => Context, { folder, kills, seed }: OperatedOptions): void {
  suite(`the engine of peerings, killed ${kills} times by each enforcer at random instants (seed ${seed})`, {
    skip,
  }, () => {
    const random = randomFrom(seed);
    let scene: Scene;
    let kubeconfig: string;
    let engine: OperatorProcess | undefined;
    const start = (): OperatorProcess => {
      engine = startOperatorProcess(kubeconfig, [], 'peering');
      return engine;
    };
    before(async () => {
      const { cluster, namespace } = contextOf();
      for (const name of ['liqo', TENANT, 'demo-milan']) await namespace(name);
      scene = await openScene(cluster.access, 'liqo-sets');
      for (const object of [localNetwork, remoteNetwork('milan', '10.61.0.0/16'), guest('web', WEB, 'milan')])
        await scene.put(object);
      await scene.put(peering('milan', QUICK_START));
      kubeconfig = writeKubeconfig(join(folder, 'peerings-kubeconfig'), cluster.access);
    });
    after(async () => {
      await engine?.kill();
      // Nobody else lets pods of a node go that there is not.
      for (const name of ['web', 'api']) await scene.remove('Pod', 'demo-milan', name);
      await scene.remove('Node', undefined, 'worker-1');
      await scene.remove('FabricNodeStatus', undefined, 'worker-1');
      await scene.close();
    });

    /**
     * Kills an engine in the middle of changes, again and again, and starts one that is to bring it to rest. `written` is
     * what was heard last of the members.
     */
    const survive = async (written: () => string): Promise<void> => {
      for (let round = 0; round < kills; round++) {
        const running = start();
        // Before, while and after it reads; while it writes; or with nothing to do.
        if (random() < 0.8) await running.synced();
        const address = `10.200.2.${20 + (round % 200)}`;
        await scene.put(guest('api', address, 'milan'));
        await scene.put(peering('milan', round % 2 === 0 ? STRICTER : QUICK_START));
        // However slow it is, every second one gets to write before it dies.
        if (round % 2 === 0) await comes(`${address} is written`, () => Promise.resolve(written().includes(address)));
        await later(random() * 100);
        await scene.remove('Pod', 'demo-milan', 'api');
        // A swap of rules by Liqo ends after five seconds.
        await later(random() < 0.15 ? 4500 + random() * 1000 : random() * 100);
        await running.kill();
      }
      await scene.put(peering('milan', QUICK_START));
      await start().synced();
    };

    test('by Liqo: no version that a node could apply opens what is denied or cuts what is allowed', async () => {
      // Each revision of rules has sets of its own: .b and .c are as good a name.
      const text = async () =>
        JSON.stringify((await scene.get('FirewallConfiguration', TENANT, FIREWALL))?.spec).replace(/\.[bc]"/g, '"');
      await start().synced();
      await comes('it is told', async () => (await ready(scene)) === 'Unknown NotApplied');
      await engine?.kill();
      const bytes = await text();
      let kernel: KernelTable | undefined;
      const wrong: string[] = [];
      let versions = 0;
      let last = '';
      const history = follow(scene, KINDS.FirewallConfiguration, (key, object) => {
        if (key !== `${TENANT}/${FIREWALL}`) return;
        versions++;
        last = JSON.stringify(object);
        const table = object ? tableOf(object) : undefined;
        if (!table) {
          wrong.push('it was deleted');
          return;
        }
        const [between, done] = applyTable(kernel, table);
        for (const state of kernel ? [between, done] : [done]) {
          if (passes([state], DENIED)) wrong.push(`opened: ${JSON.stringify(table)}`);
          if (!passes([state], ALLOWED)) wrong.push(`cut: ${JSON.stringify(table)}`);
        }
        kernel = done;
      });
      await history.synced;
      await survive(() => last);
      await comes('it is as before', async () => (await text()) === bytes);
      await comes('and told', async () => (await ready(scene)) === 'Unknown NotApplied');
      await engine?.kill();
      await history.end();
      assert.deepEqual(wrong, []);
      assert.ok(versions > Math.ceil(kills / 2), `${versions} versions`);
    });

    test('by the node agent: the program is never disarmed, and its sets never lose who stays', async () => {
      await scene.put(node('worker-1'));
      await scene.put(report('worker-1', []));
      await start().synced();
      const program = () => scene.get('FabricProgram', undefined, 'milan');
      const meaning = async (): Promise<string> => {
        const slices = (await scene.list('FabricMemberSlice')).filter(
          (slice) => at(slice, 'spec', 'program') === 'milan',
        );
        const members = slices.map((slice) => [at(slice, 'spec', 'set'), at(slice, 'spec', 'addresses')]);
        const { rules, sets } = { rules: undefined, sets: undefined, ...recordOf(await program()) };
        return JSON.stringify([rules, sets, members.map((each) => JSON.stringify(each)).sort()]);
      };
      await comes('it is written', async () => (await meaning()).includes(WEB));
      await comes('the other one goes', async () => {
        // An agent tells of each generation, and there may be several until the engine has read all.
        await loaded(scene);
        return (await scene.get('FirewallConfiguration', TENANT, FIREWALL)) === undefined;
      });
      await engine?.kill();
      const before = await meaning();
      const wrong: string[] = [];
      const slices = new Map<string, string>();
      const programs = follow(scene, KINDS.FabricProgram, (key, object) => {
        if (key === 'milan' && (!object || at(object, 'spec', 'disarmed') === true)) wrong.push(JSON.stringify(object));
      });
      const members = follow(scene, KINDS.FabricMemberSlice, (key, object) => {
        if (object) slices.set(key, JSON.stringify(at(object, 'spec')));
        else slices.delete(key);
        if (![...slices.values()].some((slice) => slice.includes(WEB))) wrong.push(`${key}: ${WEB} is nowhere`);
      });
      await Promise.all([programs.synced, members.synced]);
      await survive(() => [...slices.values()].join());
      await comes('it means what it meant', async () => (await meaning()) === before);
      await Promise.all([programs.end(), members.end()]);
      assert.deepEqual(wrong, []);
    });

    test('a deletion that is interrupted is finished by the next one', async () => {
      await engine?.kill();
      await scene.remove('PeeringConnectivity', TENANT, 'milan');
      const disarmed = async () =>
        at(await scene.get('FabricProgram', undefined, 'milan'), 'spec', 'disarmed') === true;
      start();
      await comes('it is disarmed', disarmed);
      await engine?.kill();
      assert.notEqual(await ready(scene), undefined, 'its finalizer holds it');
      await loaded(scene);
      start();
      await comes('nothing is left', async () => {
        const slices = (await scene.list('FabricMemberSlice')).filter(
          (each) => at(each, 'spec', 'program') === 'milan',
        );
        const held = [await scene.get('FabricProgram', undefined, 'milan'), await stored(scene)];
        return slices.length === 0 && held.every((each) => each === undefined);
      });
    });
  });
}

const stored = (scene: Scene) => scene.get('PeeringConnectivity', TENANT, 'milan');
const ready = async (scene: Scene) => condition(await stored(scene), 'Ready');

/** The agent of the one node says that it has what is stored. */
async function loaded(scene: Scene): Promise<void> {
  const spec = at(await scene.get('FabricProgram', undefined, 'milan'), 'spec');
  const told = { name: 'milan', generation: at(spec, 'generation'), disarmed: at(spec, 'disarmed') === true };
  await scene.put(report('worker-1', [told]));
}

interface Followed {
  readonly synced: Promise<void>;
  readonly end: () => Promise<void>;
}

/** Hears of every version of every object of a kind; undefined: it was deleted. */
function follow(scene: Scene, kind: Kind, hear: (key: string, object: JsonObject | undefined) => void): Followed {
  const ending = new AbortController();
  const watch = createWatch<JsonObject>(scene.client, {
    kind,
    projection: { mask: only('spec'), of: (object) => object },
    onChange: (change) => hear(change.key, change.kind === 'deleted' ? undefined : change.after),
    onTrouble: () => undefined,
    clock: systemClock,
    random: Math.random,
  });
  const running = watch.run(ending.signal);
  return {
    synced: watch.synced,
    async end() {
      ending.abort();
      await running;
    },
  };
}

/** Of an object that the engine printed, and the API server took. */
function tableOf(object: JsonObject): FirewallTable | undefined {
  const table = at(object, 'spec', 'table');
  return isTable(table) ? table : undefined;
}

const isTable = (value: unknown): value is FirewallTable => Array.isArray(at(value, 'chains'));

function recordOf(object: unknown): Readonly<Record<string, unknown>> {
  const spec = at(object, 'spec');
  return typeof spec === 'object' && spec !== null ? { ...spec } : {};
}

async function comes(what: string, ask: () => Promise<boolean>): Promise<void> {
  await until(what, async () => ((await ask()) ? true : undefined), 60_000);
}

/** The instant of a kill is what is random here. */
async function later(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
