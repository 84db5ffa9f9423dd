// The runtime while its server and the way to it misbehave. After each: server, cache and desire agree, no key is
// stranded, and nothing more is written.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { until } from '../until.ts';
import { openWay, type Way } from '../way.ts';
import type { Cluster } from '../cluster/index.ts';
import type { Context } from './context.ts';
import { openScene, type Scene } from './scene.ts';

interface Stage {
  readonly scene: Scene;
  readonly way: Way;
  readonly power: NonNullable<Cluster['power']>;
  /** The desire changes. */
  readonly wish: () => void;
  /** The desire changes, and others write, delete and meddle. */
  readonly churn: () => Promise<void>;
}

interface Disturbance {
  readonly title: string;
  /** Needs a server that is ours to break. */
  readonly ours?: boolean;
  readonly disturb: (stage: Stage) => Promise<void>;
}

const ROUNDS = 5;

const DISTURBANCES: readonly Disturbance[] = [
  {
    title: 'its connections break again and again',
    async disturb({ way, churn }) {
      for (let round = 0; round < ROUNDS; round++) {
        await churn();
        way.cut();
      }
    },
  },
  {
    title: 'the server cannot be reached for a while',
    async disturb({ way, scene, churn }) {
      way.refuse(true);
      way.cut();
      await churn();
      await hears(scene, 'unreachable');
      way.refuse(false);
    },
  },
  {
    title: 'its connections freeze: open, but silent',
    async disturb({ way, scene, churn }) {
      way.freeze();
      await churn();
      await hears(scene, 'timeout');
    },
  },
  {
    title: 'answers are slow, and the watch is always behind',
    async disturb({ way, scene, churn }) {
      way.slow(60);
      for (let round = 0; round < ROUNDS; round++) await churn();
      await scene.agreed();
      way.slow(0);
    },
  },
  {
    title: 'the server forgets its history while the watch is away',
    ours: true,
    async disturb({ way, scene, churn, power }) {
      way.refuse(true);
      way.cut();
      await churn();
      await power.forget();
      way.refuse(false);
      await hears(scene, 'expired');
    },
  },
  {
    title: 'the server restarts in the middle of work',
    ours: true,
    async disturb({ way, wish, churn, power }) {
      await churn();
      const back = power.restart();
      wish();
      await back;
      way.cut();
      wish();
    },
  },
];

export function chaosSuite(contextOf: () => Context, ours: boolean): void {
  suite('cache = server', () => {
    let stage: Stage;
    before(async () => {
      const way = await openWay(contextOf().cluster.access);
      const scene = await openScene(contextOf(), way.access, 'lattice-e2e-chaos');
      const power = contextOf().cluster.power ?? NO_POWER;
      stage = { scene, way, power, ...churnOf(scene) };
      await stage.churn();
      await scene.agreed();
    });
    after(async () => {
      await stage.scene.end();
      await stage.way.close();
    });

    for (const { title, ours: needed, disturb } of DISTURBANCES) {
      const skip = needed === true && !ours ? 'the server is not ours to break' : false;
      test(`although ${title}`, { skip }, async () => {
        await disturb(stage);
        await stage.scene.agreed();
        const versions = await stage.scene.versions();
        await stage.scene.lookAgain();
        await stage.scene.agreed();
        assert.deepEqual(await stage.scene.versions(), versions);
      });
    }
  });
}

const powerless = (): Promise<void> => Promise.reject(new Error('the server is not ours to break'));
const NO_POWER = { restart: powerless, forget: powerless };

function churnOf(scene: Scene): Pick<Stage, 'wish' | 'churn'> {
  let round = 0;
  const wish = (): void => {
    round++;
    scene.desire(
      'red',
      Array.from({ length: 5 + (round % 3) }, (_, index) => `${round}.${index}`),
    );
    scene.desire('blue', [`${round}`]);
  };
  return {
    wish,
    async churn() {
      wish();
      await scene.meddle('stays', `${round}`);
      await scene.meddle(`comes-${round}`, 'here');
      const stored = await scene.stored();
      for (const name of Object.keys(stored))
        if (name.startsWith('comes-') && name !== `comes-${round}`) await scene.meddle(name, undefined);
      if ('blue-0' in stored) await scene.meddle('blue-0', 'edited');
    },
  };
}

/** That the disturbance was felt, and not slept through. */
async function hears(scene: Scene, meaning: Scene['troubles'][number]): Promise<void> {
  const before = scene.troubles.length;
  await until(`the watch hears "${meaning}"`, () =>
    scene.troubles.slice(before).includes(meaning) ? true : undefined,
  );
}
