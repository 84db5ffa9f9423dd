import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../errors.ts';
import { handClock } from '../testing/hand-clock.ts';
import { workQueue } from './queue.ts';
import { work, type WorkOptions } from './work.ts';

function scene(reconcile: WorkOptions['reconcile'], workers = 2) {
  const clock = handClock();
  const queue = workQueue({ clock, random: () => 0 });
  const [stopping, abort] = [new AbortController(), new AbortController()];
  const errors: string[] = [];
  const ended = work({
    queue,
    workers,
    reconcile,
    onError: (key, error, failures) => errors.push(`${key}: ${error.message} (${failures})`),
    stopping: stopping.signal,
    signal: abort.signal,
  });
  return { clock, queue, errors, stopping, abort, ended };
}

test('a failed key is reported and tried again until it succeeds', async () => {
  let tries = 0;
  const { promise: succeeded, resolve } = Promise.withResolvers<void>();
  const { clock, queue, errors, stopping, ended } = scene(async () => {
    tries += 1;
    if (tries < 3) throw new Error('not yet');
    resolve();
    return undefined;
  });
  queue.add('a');
  for (let i = 0; i < 2; i++) {
    await clock.until(1);
    clock.windToNext();
  }
  await succeeded;
  stopping.abort();
  await ended;
  assert.deepEqual(errors, ['a: not yet (1)', 'a: not yet (2)']);
  assert.equal(queue.failures('a'), 0);
});

test('a throttled key returns when the server said', async () => {
  const { clock, queue, stopping, ended } = scene(async () => {
    throw new KubeError('throttled', 'x', { retryAfterMs: 9000 });
  });
  queue.add('a');
  await clock.untilDelay(9000);
  stopping.abort();
  await ended;
});

test('stopping finishes what runs and takes nothing new', async () => {
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const finished: string[] = [];
  const { queue, stopping, ended } = scene(async (key) => {
    start();
    await gate;
    finished.push(key);
    return undefined;
  }, 1);
  queue.add('a');
  queue.add('b');
  await started;
  stopping.abort();
  open();
  await ended;
  assert.deepEqual(finished, ['a']);
  assert.equal(queue.counts().live, 1);
});

test('aborting tells what runs to stop, and that is no failure of the key', async () => {
  const { promise: started, resolve: start } = Promise.withResolvers<void>();
  const { queue, errors, abort, ended } = scene((_key, signal) => {
    start();
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('stopped')));
    });
  });
  queue.add('a');
  await started;
  abort.abort();
  await ended;
  assert.deepEqual(errors, []);
});
