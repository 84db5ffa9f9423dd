import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { handClock } from '../testing/hand-clock.ts';
import { takeToken, type Bucket } from './bucket.ts';
import { workQueue, type QueueOptions } from './queue.ts';

function queueOf(options: Partial<QueueOptions> = {}) {
  const clock = handClock();
  return { clock, queue: workQueue({ clock, random: () => 0, ...options }) };
}

const signal = new AbortController().signal;

test('a key asked for many times is worked on once', () => {
  const { queue } = queueOf();
  for (let i = 0; i < 3; i++) queue.add('a');
  assert.equal(queue.take(), 'a');
  assert.equal(queue.take(), undefined);
});

test('a key asked for while it is worked on waits for that worker and then runs again', () => {
  const { queue } = queueOf();
  queue.add('a');
  queue.take();
  queue.add('a');
  assert.equal(queue.take(), undefined);
  queue.finish('a', { kind: 'done' });
  assert.equal(queue.take(), 'a');
});

test('live changes overtake the initial list, and a listed key that changes live moves ahead', () => {
  const { queue } = queueOf();
  for (const key of ['a', 'b', 'c']) queue.add(key, { priority: 'background' });
  queue.add('x');
  queue.add('c');
  queue.add('x', { priority: 'background' });
  assert.deepEqual(
    [1, 2, 3, 4, 5].map(() => queue.take()),
    ['x', 'c', 'a', 'b', undefined],
  );
});

test('an endless stream of live changes does not starve the background', () => {
  const { queue } = queueOf();
  queue.add('resync', { priority: 'background' });
  let taken = 0;
  for (let key: string | undefined; key !== 'resync'; taken++) {
    queue.add(`live-${taken}`);
    key = queue.take();
    assert.ok(taken < 100, 'the background key never came');
  }
});

test('coming again later is no error: the failures are forgotten and the time is kept', () => {
  const { clock, queue } = queueOf();
  queue.add('a');
  queue.take();
  queue.finish('a', { kind: 'failed' });
  clock.windToNext();
  queue.take();
  queue.finish('a', { kind: 'again', afterMs: 5000 });
  assert.equal(queue.failures('a'), 0);
  assert.deepEqual(clock.waiting(), [5000]);
  clock.wind(4999);
  assert.equal(queue.take(), undefined);
  clock.wind(1);
  assert.equal(queue.take(), 'a');
});

test('a key that always fails is tried ever more rarely, never given up', () => {
  const { clock, queue } = queueOf({ backoff: { baseMs: 100, capMs: 1000 } });
  queue.add('a');
  const pauses: number[] = [];
  for (let i = 0; i < 50; i++) {
    assert.equal(queue.take(), 'a');
    queue.finish('a', { kind: 'failed' });
    pauses.push(clock.waiting()[0] ?? 0);
    clock.windToNext();
  }
  assert.deepEqual(pauses.slice(0, 6), [50, 100, 200, 400, 500, 500]);
  assert.equal(pauses.at(-1), 500);
});

test('a live change does not wait for the end of a backoff, nor for an appointment', () => {
  const { clock, queue } = queueOf();
  queue.add('a', { afterMs: 60_000 });
  queue.add('a');
  assert.equal(queue.take(), 'a');
  assert.deepEqual(clock.waiting(), []);
});

test('of two appointments the earlier counts', () => {
  const { clock, queue } = queueOf();
  queue.add('a', { afterMs: 500 });
  queue.add('a', { afterMs: 100 });
  queue.add('a', { afterMs: 900 });
  assert.deepEqual(clock.waiting(), [100]);
});

test('a server that says when to return is believed', () => {
  const { clock, queue } = queueOf();
  queue.add('a');
  queue.take();
  queue.finish('a', { kind: 'failed', retryAfterMs: 7000 });
  assert.deepEqual(clock.waiting(), [7000]);
});

test('many keys failing at once are retried at a bounded rate', () => {
  const { clock, queue } = queueOf({ retries: { perSecond: 10, burst: 5 }, backoff: { baseMs: 1, capMs: 1 } });
  for (let i = 0; i < 25; i++) queue.add(`k${i}`);
  for (let key = queue.take(); key !== undefined; key = queue.take()) queue.finish(key, { kind: 'failed' });
  assert.equal(clock.waiting().filter((ms) => ms <= 1).length, 5);
  assert.equal(clock.waiting().at(-1), 2000);
});

test('a bucket never gives more tokens in a span of time than rate and burst allow', () => {
  const rate = { perSecond: 10, burst: 3 };
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 }), (gaps) => {
      let bucket: Bucket = { at: 0 };
      let now = 0;
      const given: number[] = [];
      for (const gap of gaps) {
        now += gap;
        const taken = takeToken(bucket, now, rate);
        bucket = taken.bucket;
        given.push(now + taken.waitMs);
      }
      for (const [i, start] of given.entries())
        for (const [j, end] of given.entries())
          if (j > i) assert.ok(j - i + 1 <= ((end - start) / 1000) * rate.perSecond + rate.burst + 1 + 1e-9);
    }),
  );
});

test('closing lets nobody take any more and leaves no timer', async () => {
  const { clock, queue } = queueOf();
  queue.add('a', { afterMs: 10 });
  queue.add('b');
  queue.take();
  const waiting = queue.ready(signal);
  queue.close();
  await waiting;
  queue.finish('b', { kind: 'failed' });
  queue.add('c');
  assert.equal(queue.take(), undefined);
  assert.deepEqual(clock.waiting(), []);
});

test('who waits for work is woken by an add, by a timer and by the abort of the signal', async () => {
  const { clock, queue } = queueOf();
  const added = queue.ready(signal);
  queue.add('a');
  await added;
  queue.take();
  const timed = queue.ready(signal);
  queue.add('b', { afterMs: 5 });
  clock.wind(5);
  await timed;
  queue.take();
  const controller = new AbortController();
  const aborted = queue.ready(controller.signal);
  controller.abort();
  await aborted;
});

test('whatever happens, no key runs twice at once, and none that is owed work is stranded', () => {
  const key = fc.constantFrom('a', 'b', 'c');
  const operation = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        key,
        priority: fc.constantFrom('live' as const, 'background' as const),
        afterMs: fc.constantFrom(0, 0, 30, 5000),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('finish' as const),
        outcome: fc.constantFrom('done' as const, 'again' as const, 'failed' as const),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('wind' as const), ms: fc.integer({ min: 0, max: 100 }) }) },
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 80 }), (operations) => {
      const { clock, queue } = queueOf();
      const running: string[] = [];
      const owed = new Set<string>();
      const take = (): boolean => {
        const taken = queue.take();
        if (taken === undefined) return false;
        assert.ok(!running.includes(taken), `${taken} runs twice`);
        assert.ok(owed.has(taken), `${taken} runs without being asked for`);
        running.push(taken);
        owed.delete(taken);
        return true;
      };
      for (const step of operations) {
        if (step.kind === 'add') {
          queue.add(step.key, step);
          owed.add(step.key);
        } else if (step.kind === 'take') take();
        else if (step.kind === 'wind') clock.wind(step.ms);
        else {
          const finished = running.shift();
          if (finished === undefined) continue;
          if (step.outcome !== 'done') owed.add(finished);
          queue.finish(finished, step.outcome === 'again' ? { kind: 'again', afterMs: 20 } : { kind: step.outcome });
        }
      }
      for (const left of running.splice(0)) queue.finish(left, { kind: 'done' });
      while (owed.size > 0) {
        if (!take()) assert.ok(clock.windToNext(), `stranded: ${[...owed].join()}`);
        for (const left of running.splice(0)) queue.finish(left, { kind: 'done' });
      }
      assert.deepEqual(queue.counts(), { live: 0, background: 0, running: 0, waiting: 0 });
    }),
    { numRuns: 500 },
  );
});
