import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { limiterOf, nextLimit } from './limiter.ts';

const signal = new AbortController().signal;

test('never more in flight than allowed, and everyone is served in the order they came', async () => {
  const limiter = limiterOf(2);
  const order: number[] = [];
  const first = await limiter.acquire(signal);
  const second = await limiter.acquire(signal);
  const third = limiter.acquire(signal).then((release) => (order.push(3), release));
  const fourth = limiter.acquire(signal).then((release) => (order.push(4), release));
  assert.equal(limiter.inFlight, 2);
  first();
  first();
  await third;
  assert.deepEqual([limiter.inFlight, order], [2, [3]]);
  second();
  await fourth;
  assert.deepEqual(order, [3, 4]);
});

test('who gives up waiting leaves the line and takes no slot', async () => {
  const limiter = limiterOf(1);
  const release = await limiter.acquire(signal);
  const tired = new AbortController();
  const waiting = limiter.acquire(tired.signal);
  const next = limiter.acquire(signal);
  tired.abort(new Error('tired'));
  await assert.rejects(waiting, /tired/);
  await assert.rejects(limiter.acquire(tired.signal), /tired/);
  release();
  await next;
  assert.equal(limiter.inFlight, 1);
});

test('a throttled answer halves the limit, one slot always remains, and service widens it to the maximum again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('served' as const, 'throttled' as const)),
      fc.integer({ min: 1, max: 64 }),
      (outcomes, max) => {
        let limit = max;
        for (const outcome of outcomes) {
          const next = nextLimit(limit, outcome, max);
          assert.ok(outcome === 'throttled' ? next <= Math.max(1, limit / 2) : next >= limit);
          assert.ok(next >= 1 && next <= max);
          limit = next;
        }
        for (let i = 0; i < max * max; i++) limit = nextLimit(limit, 'served', max);
        assert.equal(limit, max);
      },
    ),
  );
});

test('throttling holds back those who wait until enough have finished', async () => {
  const limiter = limiterOf(4);
  const releases = await Promise.all([1, 2, 3, 4].map(() => limiter.acquire(signal)));
  limiter.report('throttled');
  let admitted = false;
  const fifth = limiter.acquire(signal).then(() => (admitted = true));
  for (const release of releases.slice(0, 2)) release();
  await Promise.resolve();
  assert.equal(admitted, false);
  releases[2]?.();
  await fifth;
  assert.equal(limiter.inFlight, 2);
});
