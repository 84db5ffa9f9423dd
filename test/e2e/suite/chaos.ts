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
  /** What the runtime watches over, what it writes over, and both at once. */
  readonly watching: Way;
  readonly way: Pick<Way, 'cut' | 'refuse' | 'freeze' | 'slow'>;
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
    async disturb({ way, scene, churn }) {
      for (let round = 0; round < ROUNDS; round++) {
        await churn();
        // What waits between two tries has no connection to break.
        await hears(scene, ['unreachable'], () => way.cut());
      }
    },
  },
  {
    title: 'the server cannot be reached for a while',
    async disturb({ way, scene, churn }) {
      way.refuse(true);
      way.cut();
      await churn();
      await hears(scene, ['unreachable']);
      way.refuse(false);
    },
  },
  {
    title: 'its connections freeze: open, but silent',
    async disturb({ way, scene, churn }) {
      way.freeze();
      await churn();
      await hears(scene, ['timeout']);
    },
  },
  {
    title: 'every answer is slow',
    async disturb({ way, scene, churn }) {
      way.slow(60);
      for (let round = 0; round < ROUNDS; round++) await churn();
      await scene.agreed();
      way.slow(0);
    },
  },
  {
    title: 'the watch is always behind what is written',
    async disturb({ watching, scene, churn }) {
      watching.slow(400);
      for (let round = 0; round < ROUNDS; round++) {
        const before = scene.written.length;
        await churn();
        await until('the round is written', () => (scene.written.length > before ? true : undefined));
        assert.equal(await scene.isBehind(), true);
      }
      await scene.agreed();
      watching.slow(0);
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
      await hears(scene, ['expired']);
    },
  },
  {
    title: 'the server restarts in the middle of work',
    ours: true,
    async disturb({ way, scene, wish, churn, power }) {
      await churn();
      const heard = hears(scene, ['unreachable', 'unavailable']);
      const back = power.restart();
      wish();
      await Promise.all([back, heard]);
      way.cut();
      wish();
    },
  },
];

export function chaosSuite(contextOf: () => Context, ours: boolean): void {
  suite('cache = server', () => {
    let stage: Stage;
    let close = (): Promise<void> => Promise.resolve();
    before(async () => {
      const { access, power = NO_POWER } = contextOf().cluster;
      const [watching, writing] = await Promise.all([openWay(access), openWay(access)]);
      const scene = await openScene(
        contextOf(),
        { watch: watching.access, write: writing.access },
        'lattice-e2e-chaos',
      );
      stage = { scene, watching, way: both(watching, writing), power, ...churnOf(scene) };
      close = async () => {
        await scene.end();
        await Promise.all([watching.close(), writing.close()]);
      };
      await stage.churn();
      await scene.agreed();
    });
    after(() => close());

    for (const { title, ours: needed, disturb } of DISTURBANCES) {
      const skip = needed === true && !ours ? 'the server is not ours to break' : false;
      test(`although ${title}`, { skip }, async () => {
        await disturb(stage);
        await stage.scene.agreed();
        assert.deepEqual(writtenTwice(stage.scene), []);
        const versions = await stage.scene.versions();
        const writes = stage.scene.written.length;
        await stage.scene.lookAgain();
        await stage.scene.agreed();
        assert.deepEqual(await stage.scene.versions(), versions);
        assert.deepEqual(stage.scene.written.slice(writes), []);
      });
    }
  });
}

function both(a: Way, b: Way): Stage['way'] {
  const each = (act: (way: Way) => void): void => [a, b].forEach(act);
  return {
    cut: () => each((way) => way.cut()),
    refuse: (refusing) => each((way) => way.refuse(refusing)),
    freeze: () => each((way) => way.freeze()),
    slow: (millis) => each((way) => way.slow(millis)),
  };
}

/** Nobody meddles with what is red, and each of its values is wished for once: it needs one write that is answered. */
function writtenTwice({ written }: Scene): readonly string[] {
  const red = written.filter((each) => each.startsWith('red-'));
  return red.filter((each, index) => red.indexOf(each) !== index);
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

/** That the disturbance was felt, and not slept through; `again` disturbs until it is. */
async function hears(scene: Scene, meanings: Scene['troubles'], again = (): void => undefined): Promise<void> {
  const before = scene.troubles.length;
  await until(`the watch hears "${meanings.join('" or "')}"`, () => {
    if (scene.troubles.slice(before).some((heard) => meanings.includes(heard))) return true;
    again();
    return undefined;
  });
}
