import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createClient } from '../client/index.ts';
import { stringAt } from '../json.ts';
import { handClock, type HandClock } from '../testing/hand-clock.ts';
import { configMap, CONFIG_MAP } from '../testing/kinds.ts';
import type { MockOptions } from '../testing/mock-respond.ts';
import { mockServer, type MockServer } from '../testing/mock-server.ts';
import { only } from './mask.ts';
import type { Change } from './store.ts';
import { createWatch, type Watch, type WatchOptions } from './watch.ts';

const MAPS = '/api/v1/configmaps';

interface Scene {
  readonly server: MockServer;
  readonly clock: HandClock;
  readonly watch: Watch<string>;
  readonly changes: readonly Change<string>[];
  readonly troubles: readonly string[];
  readonly ended: Promise<void>;
  /** Resolves when a change is told for which this holds. */
  readonly told: (matches: (change: Change<string>) => boolean) => Promise<void>;
  stop(): Promise<void>;
}

async function scene(
  t: TestContext,
  options: Partial<WatchOptions<string>> & {
    readonly mock?: MockOptions;
    readonly prepare?: (server: MockServer) => void;
  } = {},
): Promise<Scene> {
  const server = await mockServer(options.mock);
  options.prepare?.(server);
  const clock = handClock();
  const client = createClient(server.access(), { clock, random: () => 0 });
  const changes: Change<string>[] = [];
  const troubles: string[] = [];
  const waiting = new Set<() => void>();
  const watch = createWatch(client, {
    kind: CONFIG_MAP,
    projection: { mask: only('data.k'), of: (object) => stringAt(object, 'data', 'k') ?? '' },
    onChange(change) {
      changes.push(change);
      for (const check of waiting) check();
    },
    onTrouble: (error) => troubles.push(error.meaning),
    clock,
    random: () => 0,
    ...options,
  });
  const stopping = new AbortController();
  const ended = watch.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await ended.catch(() => undefined);
  };
  t.after(async () => {
    await stop();
    await client.close();
    await server.close();
  });
  const told = (matches: (change: Change<string>) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!changes.some(matches)) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  return { server, clock, watch, changes, troubles, ended, told, stop };
}

function fill(count: number): (server: MockServer) => void {
  return (server) => {
    for (let i = 0; i < count; i++) server.put(CONFIG_MAP, configMap(`shop/m${i}`, { k: String(i), other: 'x' }));
  };
}

/** Winds to the wait that follows a failure, past the deadline timers that stand further off. */
async function retry(clock: HandClock, delay: number): Promise<void> {
  await clock.untilDelay(delay);
  clock.wind(delay);
}

test('the initial state arrives as a stream, then every change, each once', async (t) => {
  const { server, watch, changes, told } = await scene(t, { prepare: fill(3) });
  await watch.synced;
  assert.deepEqual(
    [...watch.store.entries()],
    [
      ['shop/m0', '0'],
      ['shop/m1', '1'],
      ['shop/m2', '2'],
    ],
  );
  assert.ok(changes.every((change) => change.kind === 'added' && change.initial));
  server.put(CONFIG_MAP, configMap('shop/m1', { k: 'new' }));
  server.remove(CONFIG_MAP, 'shop/m0');
  await told((change) => change.kind === 'deleted');
  assert.deepEqual(changes.slice(3), [
    { kind: 'modified', key: 'shop/m1', before: '1', after: 'new', initial: false },
    { kind: 'deleted', key: 'shop/m0', before: '0', initial: false },
  ]);
  assert.deepEqual(
    server.requests.map(({ query }) => query.get('sendInitialEvents')),
    ['true'],
  );
});

test('a server without streaming lists is listed in pages, then watched from the list', async (t) => {
  const { server, watch } = await scene(t, { mock: { refuseStreams: true }, prepare: fill(5), pageSize: 2 });
  await watch.synced;
  await server.watch(MAPS, 1);
  assert.equal(watch.store.size, 5);
  const asked = server.requests.map(({ query }) => [
    query.get('watch'),
    query.get('limit'),
    query.get('resourceVersion'),
  ]);
  assert.deepEqual(asked, [
    ['1', null, ''],
    [null, '2', null],
    [null, '2', null],
    [null, '2', null],
    ['1', null, '105'],
  ]);
});

test('after a broken connection the watch resumes where it was, and misses nothing', async (t) => {
  const { server, clock, watch, changes, troubles, told } = await scene(t, { prepare: fill(2) });
  await watch.synced;
  (await server.watch(MAPS, 1)).reset();
  server.put(CONFIG_MAP, configMap('shop/late', { k: 'late' }));
  await retry(clock, 400);
  await told((change) => change.key === 'shop/late');
  assert.equal((await server.watch(MAPS, 2)).query.get('resourceVersion'), '102');
  assert.equal(changes.length, 3);
  assert.deepEqual(troubles, ['unreachable']);
});

test('a bookmark moves the place to resume from, so that a quiet kind does not expire', async (t) => {
  const { server, clock, watch } = await scene(t, { prepare: fill(1) });
  await watch.synced;
  const first = await server.watch(MAPS, 1);
  server.put({ ...CONFIG_MAP, plural: 'secrets' }, configMap('shop/x'));
  first.bookmark();
  first.close();
  await retry(clock, 400);
  assert.equal((await server.watch(MAPS, 2)).query.get('resourceVersion'), '102');
});

test('when the history is compacted away everything is read again, and only differences are told', async (t) => {
  const { server, clock, watch, changes, told } = await scene(t, { prepare: fill(3) });
  await watch.synced;
  const first = await server.watch(MAPS, 1);
  first.freeze();
  server.remove(CONFIG_MAP, 'shop/m0');
  server.put(CONFIG_MAP, configMap('shop/m1', { k: 'new' }));
  server.store.compact();
  first.reset();
  await retry(clock, 400);
  await retry(clock, 800);
  await told((change) => change.kind === 'deleted');
  assert.deepEqual(changes.slice(3), [
    { kind: 'modified', key: 'shop/m1', before: '1', after: 'new', initial: true },
    { kind: 'deleted', key: 'shop/m0', before: '0', initial: true },
  ]);
  assert.deepEqual(
    [...watch.store.entries()],
    [
      ['shop/m1', 'new'],
      ['shop/m2', '2'],
    ],
  );
});

test('a connection that is open and silent past its deadline is given up and resumed', async (t) => {
  const { server, clock, watch, troubles, told } = await scene(t, {
    prepare: fill(1),
    timing: { watchSeconds: [300, 300] },
  });
  await watch.synced;
  (await server.watch(MAPS, 1)).close();
  await retry(clock, 400);
  (await server.watch(MAPS, 2)).freeze();
  server.put(CONFIG_MAP, configMap('shop/unseen', { k: 'x' }));
  clock.wind(329_000);
  assert.deepEqual(troubles, []);
  clock.wind(1000);
  await retry(clock, 800);
  await told((change) => change.key === 'shop/unseen');
  assert.deepEqual(troubles, ['timeout']);
});

test('nothing to tell for a while after the initial state is no silence, even if that came in one piece', {
  timeout: 60_000,
}, async (t) => {
  const { server, clock, watch, troubles, told } = await scene(t);
  await watch.synced;
  clock.wind(60_000);
  server.put(CONFIG_MAP, configMap('shop/late', { k: 'late' }));
  await told(({ key }) => key === 'shop/late');
  assert.deepEqual(troubles, []);
  assert.equal(server.requests.length, 1);
});

test('a server that never ends the initial events is listed instead', async (t) => {
  const { server, clock, watch } = await scene(t, {
    prepare: (server) => {
      fill(2)(server);
      server.onRequest(({ query }) => (query.has('sendInitialEvents') ? { kind: 'freeze' } : undefined));
    },
  });
  await server.until(({ query }) => query.has('sendInitialEvents'));
  clock.wind(30_000);
  await retry(clock, 400);
  await watch.synced;
  assert.equal(watch.store.size, 2);
});

test('an event cut off in the middle is not applied; it comes whole after the reconnect', async (t) => {
  const { server, clock, watch, changes, troubles, told } = await scene(t);
  await watch.synced;
  const first = await server.watch(MAPS, 1);
  first.send('{"type":"ADDED","object":{"metadata":{"namespace":"shop","name":"a","resourceVersion":"101"}');
  first.freeze();
  server.put(CONFIG_MAP, configMap('shop/a', { k: 'whole' }));
  first.close();
  await retry(clock, 400);
  await told((change) => change.key === 'shop/a');
  assert.deepEqual(changes, [{ kind: 'added', key: 'shop/a', after: 'whole', initial: false }]);
  assert.deepEqual(troubles, ['unreachable']);
});

test('events that come twice or late change nothing, and a deleted object stays deleted', async (t) => {
  const { server, watch, changes, told } = await scene(t);
  await watch.synced;
  const first = await server.watch(MAPS, 1);
  server.put(CONFIG_MAP, configMap('shop/a', { k: '1' }));
  const old = JSON.stringify({ type: 'ADDED', object: server.get(CONFIG_MAP, 'shop/a') });
  first.send(`${old}\n`);
  server.remove(CONFIG_MAP, 'shop/a');
  first.send(`${old}\n`);
  server.put(CONFIG_MAP, configMap('shop/end', { k: 'x' }));
  await told((change) => change.key === 'shop/end');
  assert.deepEqual(
    changes.map(({ kind, key }) => `${kind} ${key}`),
    ['added shop/a', 'deleted shop/a', 'added shop/end'],
  );
});

test('a throttling server is left alone for as long as it asks', async (t) => {
  let refusals = 1;
  const { clock, watch, troubles } = await scene(t, {
    prepare: (server) => {
      fill(1)(server);
      server.onRequest(() => (refusals-- > 0 ? { kind: 'status', code: 429, retryAfter: '7' } : undefined));
    },
  });
  await retry(clock, 7000);
  await watch.synced;
  assert.deepEqual(troubles, ['throttled']);
});

test('a kind that does not exist yet is waited for with growing pauses', async (t) => {
  let missing = true;
  const { clock, watch, troubles } = await scene(t, {
    prepare: (server) => {
      fill(1)(server);
      server.onRequest(() => (missing ? { kind: 'status', code: 404, body: '404 page not found' } : undefined));
    },
  });
  for (const pause of [400, 800, 1600]) await retry(clock, pause);
  await clock.untilDelay(3200);
  missing = false;
  clock.wind(3200);
  await watch.synced;
  assert.deepEqual(troubles, ['notFound', 'notFound', 'notFound', 'notFound']);
});

test('a server from before our version, restored from a backup, is read anew', async (t) => {
  const { server, clock, watch } = await scene(t, { prepare: fill(1) });
  await watch.synced;
  (await server.watch(MAPS, 1)).fail(504, 'Timeout');
  const details = { causes: [{ reason: 'ResourceVersionTooLarge' }] };
  let once = true;
  server.onRequest(({ query }) => {
    if (query.has('sendInitialEvents') || !once) return undefined;
    once = false;
    return { kind: 'status', code: 504, body: JSON.stringify({ kind: 'Status', details }) };
  });
  await retry(clock, 400);
  await retry(clock, 800);
  const again = await server.until(({ query }) => query.has('sendInitialEvents') && server.requests.length > 2);
  assert.ok(again);
});

test('only what is selected is asked for, in the namespace that is asked for', async (t) => {
  const { server, watch } = await scene(t, {
    namespace: 'shop',
    labelSelector: 'app=web',
    prepare: (server) => {
      server.put(CONFIG_MAP, configMap('shop/a', { k: 'a' }, { app: 'web' }));
      server.put(CONFIG_MAP, configMap('shop/b', { k: 'b' }, { app: 'db' }));
      server.put(CONFIG_MAP, configMap('data/c', { k: 'c' }, { app: 'web' }));
    },
  });
  await watch.synced;
  assert.deepEqual([...watch.store.keys()], ['shop/a']);
  assert.equal(server.requests[0]?.path, '/api/v1/namespaces/shop/configmaps');
});

test('an object that leaves the selection is gone', async (t) => {
  const { server, watch, told } = await scene(t, { labelSelector: 'app=web' });
  await watch.synced;
  server.put(CONFIG_MAP, configMap('shop/a', { k: 'a' }, { app: 'web' }));
  server.put(CONFIG_MAP, configMap('shop/a', { k: 'a' }, { app: 'db' }));
  await told((change) => change.kind === 'deleted');
  assert.equal(watch.store.size, 0);
});

test('code that throws on a change ends the watch instead of being swallowed', async (t) => {
  const { ended } = await scene(t, {
    prepare: fill(1),
    onChange: () => {
      throw new Error('a bug');
    },
  });
  await assert.rejects(
    ended,
    (error) => error instanceof Error && error.cause instanceof Error && error.cause.message === 'a bug',
  );
});

test('stopping ends the watch in every state and leaves no timer behind', async (t) => {
  const watching = await scene(t, { prepare: fill(1) });
  await watching.watch.synced;
  await watching.stop();
  assert.deepEqual(watching.clock.waiting(), []);
  const failing = await scene(t, { prepare: (server) => server.onRequest(() => ({ kind: 'reset' })) });
  await failing.clock.until(1);
  await failing.stop();
  await failing.ended;
  assert.deepEqual(failing.clock.waiting(), []);
});
