import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { createClient } from '../client/index.ts';
import { systemClock } from '../clock.ts';
import { means } from '../errors.ts';
import type { Life } from '../lifecycle.ts';
import { handClock } from '../testing/hand-clock.ts';
import { configMap, CONFIG_MAP } from '../testing/kinds.ts';
import { leaseWorld, machine, type Fare } from '../testing/lease-world.ts';
import { mockServer } from '../testing/mock-server.ts';
import { createElector, type Elector } from './elector.ts';
import { leaseStore } from './lease-store.ts';

/** The timing that tests with two holders use (design.md section 10). */
const TIMING = { leaseMs: 2000, renewMs: 1500, retryMs: 500 };
const PROMPT: Fare = { thereMs: 0, backMs: 0, fate: 'answered' };

/** Lets all promises that can settle do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

function leads(elector: Elector): boolean {
  try {
    elector.fence();
    return true;
  } catch {
    return false;
  }
}

/** Work that ends when it is asked to. */
function untilStopped(life: Life): Promise<void> {
  return new Promise((resolve) => {
    life.stopping.addEventListener('abort', () => resolve(), { once: true });
  });
}

function world(fareOf: () => Fare = () => PROMPT) {
  const clock = handClock();
  const lease = leaseWorld(clock, fareOf);
  const elector = (identity: string, on: ReturnType<typeof machine> = machine(clock, 0, 0)): Elector =>
    createElector({
      store: lease.storeOn(on),
      identity,
      timing: TIMING,
      clock: on,
      random: () => 0,
      onTrouble: () => undefined,
    });
  const pass = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += 20) {
      await settle();
      clock.wind(20);
    }
    await settle();
  };
  /** Lets time pass until `promise` has settled. */
  const passUntil = async <T>(promise: Promise<T>): Promise<T> => {
    const waiting = { still: true };
    void promise.then(
      () => (waiting.still = false),
      () => (waiting.still = false),
    );
    while (waiting.still) await pass(100);
    return promise;
  };
  return { clock, lease, elector, pass, passUntil };
}

test('the first takes the Lease at once, the second waits until it is given back', async () => {
  const { elector, pass, passUntil, lease } = world();
  const [a, b] = [elector('a'), elector('b')];
  const [stopA, stopB] = [new AbortController(), new AbortController()];
  const endA = a.lead(untilStopped, stopA.signal, 1000);
  await pass(100);
  const endB = b.lead(untilStopped, stopB.signal, 1000);
  await pass(10_000);
  assert.deepEqual([leads(a), leads(b)], [true, false]);
  stopA.abort();
  assert.equal(await passUntil(endA), 'ended');
  assert.equal(lease.current()?.holder, '');
  await pass(700);
  assert.deepEqual([leads(a), leads(b)], [false, true]);
  stopB.abort();
  await passUntil(endB);
});

test('a leader that cannot renew stops before anyone else may start', async () => {
  let down = false;
  const { elector, pass, passUntil } = world(() => (down ? { ...PROMPT, fate: 'refused' } : PROMPT));
  const a = elector('a');
  let aborted = false;
  const end = a.lead(
    (life) => {
      life.signal.addEventListener('abort', () => (aborted = true));
      return untilStopped(life);
    },
    new AbortController().signal,
    1000,
  );
  await pass(2000);
  down = true;
  await pass(1000);
  assert.deepEqual([leads(a), aborted], [true, false]);
  await pass(600);
  assert.deepEqual([leads(a), aborted], [false, true]);
  assert.equal(await passUntil(end), 'lost');
});

test('a renewal whose answer is lost does not cost the leadership', async () => {
  let fares: Fare[] = [];
  const { elector, pass, passUntil } = world(() => fares.shift() ?? PROMPT);
  const a = elector('a');
  const stop = new AbortController();
  const end = a.lead(untilStopped, stop.signal, 1000);
  await pass(300);
  fares = [{ ...PROMPT, fate: 'answer lost' }];
  for (let i = 0; i < 60; i++) {
    await pass(100);
    assert.ok(leads(a));
  }
  stop.abort();
  await passUntil(end);
});

test('a machine that was suspended may not write when it wakes up, before any of its timers have run', async () => {
  const { clock, elector, pass, passUntil } = world();
  const sleeper = machine(clock, 0, 0);
  const [a, b] = [elector('a', sleeper), elector('b')];
  const stop = new AbortController();
  const endA = a.lead(untilStopped, stop.signal, 1000);
  await pass(200);
  const endB = b.lead(untilStopped, stop.signal, 1000);
  await pass(300);
  sleeper.pause();
  await pass(4000);
  assert.ok(leads(b));
  assert.throws(
    () => a.fence(),
    (error) => means(error, 'fenced'),
  );
  sleeper.resume();
  assert.equal(await passUntil(endA), 'lost');
  assert.ok(leads(b));
  stop.abort();
  await passUntil(endB);
});

test('stopping lets the work finish under the Lease, but not for ever', async () => {
  const { elector, pass, passUntil, lease } = world();
  const a = elector('a');
  const stop = new AbortController();
  let told = false;
  const end = a.lead(
    (life) =>
      new Promise((resolve) => {
        life.signal.addEventListener('abort', () => {
          told = true;
          resolve();
        });
      }),
    stop.signal,
    5000,
  );
  await pass(200);
  stop.abort();
  await pass(4500);
  assert.deepEqual([leads(a), told, lease.current()?.holder], [true, false, 'a']);
  await pass(600);
  assert.equal(await passUntil(end), 'ended');
  assert.deepEqual([told, lease.current()?.holder], [true, '']);
});

test('what the work throws is thrown, and the Lease is given back', async () => {
  const { elector, passUntil, lease } = world();
  const end = elector('a').lead(() => Promise.reject(new Error('a bug')), new AbortController().signal, 0);
  await passUntil(assert.rejects(end, /a bug/));
  assert.equal(lease.current()?.holder, '');
});

test('one that is stopped while it waits never leads', async () => {
  const { elector, pass, passUntil } = world(() => ({ ...PROMPT, fate: 'refused' }));
  const stop = new AbortController();
  const end = elector('a').lead(untilStopped, stop.signal, 0);
  await pass(1000);
  stop.abort();
  assert.equal(await passUntil(end), 'never led');
});

test('whatever the network and the clocks do, never do two lead, and after peace someone does', async () => {
  const fare = fc.record({
    thereMs: fc.integer({ min: 0, max: 900 }),
    backMs: fc.integer({ min: 0, max: 900 }),
    fate: fc.constantFrom<Fare['fate']>(
      'answered',
      'answered',
      'answered',
      'answered',
      'refused',
      'lost on the way',
      'answer lost',
    ),
  });
  const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 600 }) }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('pause' as const, 'resume' as const, 'stop' as const),
        who: fc.integer({ min: 0, max: 1 }),
      }),
    },
  );
  const offset = fc.integer({ min: -1e6, max: 1e6 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fare, { maxLength: 60 }),
      fc.array(action, { maxLength: 60 }),
      offset,
      offset,
      async (fares, actions, monotonic, wall) => {
        const { clock, elector, passUntil } = world(() => fares.shift() ?? PROMPT);
        const machines = [machine(clock, 0, 0), machine(clock, monotonic, wall)];
        const ending = new AbortController();
        const runs = machines.map((on, index) => {
          const run = {
            on,
            elector: elector(`m${index}-0`, on),
            stop: new AbortController(),
            ended: Promise.resolve(),
          };
          run.ended = (async () => {
            for (let life = 1; !ending.signal.aborted; life++) {
              await run.elector.lead(untilStopped, AbortSignal.any([run.stop.signal, ending.signal]), 300);
              run.stop = new AbortController();
              run.elector = elector(`m${index}-${life}`, on);
            }
          })();
          return run;
        });
        const leaders = (): number => runs.filter((run) => !run.on.paused && leads(run.elector)).length;
        const pass = async (ms: number): Promise<void> => {
          for (let left = ms; left > 0; left -= 50) {
            await settle();
            assert.ok(leaders() <= 1, 'two lead');
            clock.wind(Math.min(left, 50));
            assert.ok(leaders() <= 1, 'two lead');
          }
        };
        for (const step of actions) {
          if (step.kind === 'wait') await pass(step.ms);
          else if (step.kind === 'stop') runs[step.who]?.stop.abort();
          else runs[step.who]?.on[step.kind]();
        }
        fares = [];
        for (const run of runs) run.on.resume();
        await pass(8000);
        assert.equal(leaders(), 1);
        ending.abort();
        await passUntil(Promise.all(runs.map((run) => run.ended)));
      },
    ),
    { numRuns: 60 },
  );
});

test('over the API: two replicas, one writes; when its connection breaks the other takes over, and the first is fenced', async (t: TestContext) => {
  const server = await mockServer();
  const replica = (name: string) => {
    const client = createClient(server.access(), { fence: () => elector.fence(), maxAttempts: 1 });
    const elector: Elector = createElector({
      store: leaseStore(client, 'lattice', 'operator'),
      identity: name,
      // Real time: a try may take long on a busy machine.
      timing: { leaseMs: 4000, renewMs: 3000, retryMs: 100 },
      clock: systemClock,
      random: Math.random,
      onTrouble: () => undefined,
    });
    const { promise: began, resolve: begin } = Promise.withResolvers<void>();
    const stop = new AbortController();
    const lead = (): Promise<string> =>
      elector.lead(
        async (life) => {
          begin();
          await untilStopped(life);
        },
        stop.signal,
        1000,
      );
    const write = (): Promise<unknown> =>
      client.apply(CONFIG_MAP, configMap(`shop/${name}`), { signal: new AbortController().signal });
    return { client, elector, began, stop, lead, write };
  };
  const [a, b] = [replica('a'), replica('b')];
  t.after(async () => {
    await a.client.close();
    await b.client.close();
    await server.close();
  });
  const endA = a.lead();
  await a.began;
  const endB = b.lead();
  await a.write();
  await assert.rejects(b.write(), (error) => means(error, 'fenced'));
  server.onRequest(({ path, body }) =>
    path.includes('/leases') && body.includes('"a"') ? { kind: 'reset' } : undefined,
  );
  assert.equal(await endA, 'lost');
  await assert.rejects(a.write(), (error) => means(error, 'fenced'));
  await b.began;
  await b.write();
  b.stop.abort();
  assert.equal(await endB, 'ended');
  assert.deepEqual(
    server.store.all('/api/v1/configmaps').map(([key]) => key),
    ['shop/a', 'shop/b'],
  );
});
