import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { exemptionsOf } from '../graph/index.ts';
import { type ClusterAccess, createClient, systemClock } from '../kube/index.ts';
import { type ControllerContext, noMetrics, silentLog } from './context.ts';
import { type ControllerWork, openLoop } from './controller-loop.ts';

const NOWHERE: ClusterAccess = {
  server: 'https://127.0.0.1:1',
  namespace: 'default',
  ca: undefined,
  serverName: undefined,
  insecure: false,
  proxyUrl: undefined,
  certificate: undefined,
  bearer: { kind: 'none' },
  impersonate: undefined,
};

/** A loop of which nothing is real but its queue and its clock: no request is made. */
function loopOf(logged: unknown[] = []) {
  const stopping = new AbortController();
  const context: ControllerContext = {
    client: createClient(NOWHERE),
    clock: systemClock,
    random: () => 0,
    log: { ...silentLog, warn: (message, fields) => logged.push({ message, ...fields }) },
    metrics: noMetrics,
    identity: 'test',
    compile: {
      engines: [],
      trustDomain: 'cluster.local',
      clusterName: 'default',
      mesh: 'none',
      exemptions: exemptionsOf(),
    },
    settings: { mesh: 'none', exemptions: exemptionsOf() },
    config: undefined,
    stopping: stopping.signal,
    signal: new AbortController().signal,
  };
  const loop = openLoop(context);
  const cache = Promise.withResolvers<void>();
  const run = (todo: Partial<ControllerWork> = {}) =>
    loop.run({
      workers: 1,
      caches: [{ synced: cache.promise }],
      begin: () => loop.queue.add('a'),
      reconcile: () => Promise.resolve(undefined),
      named: (key) => ({ service: key }),
      ...todo,
    });
  return { loop, run, synced: cache.resolve, stop: () => stopping.abort() };
}

test('nothing is looked at, and nothing is said to be idle, before every cache is complete', async () => {
  const { loop, run, stop } = loopOf();
  const seen: string[] = [];
  const done = Promise.withResolvers<void>();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const running = run({
    caches: [{ synced: first.promise }, { synced: second.promise }],
    begin: () => {
      seen.push('begin');
      loop.queue.add('a');
    },
    reconcile: (key) => {
      seen.push(key);
      done.resolve();
      return Promise.resolve(undefined);
    },
  });
  first.resolve();
  await first.promise;
  assert.deepEqual([running.idle(), loop.working(), seen], [false, false, []]);
  second.resolve();
  await done.promise;
  assert.deepEqual([loop.working(), seen], [true, ['begin', 'a']]);
  stop();
  await running.ended;
  assert.ok(running.idle());
});

test('told to stop before its caches are complete, a controller ends without having begun', async () => {
  const { loop, run, stop } = loopOf();
  const running = run({ begin: () => assert.fail('it began') });
  stop();
  await running.ended;
  assert.deepEqual([loop.working(), loop.scope.signal.aborted], [false, true]);
});

for (const when of ['before', 'after'] as const)
  test(`a piece that breaks ${when} work began ends the controller with its error, and all that was started with it`, async () => {
    const { loop, run, synced } = loopOf();
    const breaks = Promise.withResolvers<void>();
    let ended = 0;
    // As a connection does, it takes a turn of the event loop to end.
    const lasting = async (signal: AbortSignal): Promise<undefined> => {
      while (!signal.aborted) await setImmediate();
      ended++;
    };
    loop.scope.tasks.start(lasting(loop.scope.signal));
    loop.scope.tasks.start(breaks.promise);
    const running = run({
      workers: 2,
      reconcile: (_, call) => {
        breaks.reject(new Error('broken'));
        return lasting(call);
      },
    });
    if (when === 'after') synced();
    else breaks.reject(new Error('broken'));
    await assert.rejects(running.ended, { message: 'broken' });
    assert.deepEqual([loop.working(), ended], [when === 'after', when === 'after' ? 2 : 1]);
  });

test('a key that fails is named in the log, and tried again', async () => {
  const logged: unknown[] = [];
  const { run, synced, stop } = loopOf(logged);
  const error = new Error('refused');
  let tries = 0;
  const done = Promise.withResolvers<void>();
  const running = run({
    reconcile: () => {
      if (tries++ === 0) return Promise.reject(error);
      done.resolve();
      return Promise.resolve(undefined);
    },
  });
  synced();
  await done.promise;
  stop();
  await running.ended;
  assert.deepEqual(logged, [{ message: 'reconcile: failed, trying again', service: 'a', error, failures: 1 }]);
});

test('a key with an appointment is work left, unless the controller says otherwise', async () => {
  for (const [isIdle, expected] of [
    [undefined, false],
    [() => true, true],
  ] as const) {
    const { loop, run, synced, stop } = loopOf();
    const begun = Promise.withResolvers<void>();
    const running = run({
      ...(isIdle ? { isIdle } : {}),
      begin: () => {
        loop.queue.add('a', { afterMs: 60_000 });
        begun.resolve();
      },
    });
    synced();
    await begun.promise;
    assert.equal(running.idle(), expected);
    stop();
    await running.ended;
  }
});
