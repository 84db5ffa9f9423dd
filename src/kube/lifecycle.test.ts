import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withGrace, type Life } from './lifecycle.ts';
import { handClock } from './testing/hand-clock.ts';

function recording() {
  const heard: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const work = (life: Life): Promise<void> => {
    life.stopping.addEventListener('abort', () => heard.push('stopping'));
    life.signal.addEventListener('abort', () => heard.push('stop now'));
    return promise;
  };
  return { heard, work, resolve, reject };
}

test('work is asked to finish first, and told to stop only when its time is over', async () => {
  const clock = handClock();
  const stopping = new AbortController();
  const { heard, work, resolve } = recording();
  const ended = withGrace(work, { stopping: stopping.signal, graceMs: 5000, clock });
  stopping.abort();
  clock.wind(4999);
  assert.deepEqual(heard, ['stopping']);
  clock.wind(1);
  assert.deepEqual(heard, ['stopping', 'stop now']);
  resolve();
  await ended;
});

test('work that finishes in time leaves no timer; what it throws by itself is thrown', async () => {
  const clock = handClock();
  const { work, reject } = recording();
  const ended = withGrace(work, { stopping: AbortSignal.abort(), graceMs: 5000, clock });
  reject(new Error('a bug'));
  await assert.rejects(ended, /a bug/);
  assert.deepEqual(clock.waiting(), []);
});

test('an abort ends at once, and what the work throws then is its end', async () => {
  const abort = new AbortController();
  const { heard, work, reject } = recording();
  const ended = withGrace(work, {
    stopping: new AbortController().signal,
    abort: abort.signal,
    graceMs: 5000,
    clock: handClock(),
  });
  abort.abort();
  assert.deepEqual(heard, ['stop now', 'stopping']);
  reject(new Error('cut off'));
  await ended;
});
