import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { createClient } from '../client/index.ts';
import { means } from '../errors.ts';
import { at, stringAt } from '../json.ts';
import { handClock } from '../testing/hand-clock.ts';
import { configMap, CONFIG_MAP } from '../testing/kinds.ts';
import { mockServer } from '../testing/mock-server.ts';
import { tally } from '../testing/tally.ts';
import { createWatch } from '../watch/index.ts';
import { createApplier, type Desired } from './apply.ts';
import { observedProjection } from './observed.ts';

const LABEL = 'example.com/owner';
const signal = new AbortController().signal;

async function scene(t: TestContext, options: { readonly labelSelector?: string } = {}) {
  const server = await mockServer();
  const clock = handClock();
  const client = createClient(server.access(), { clock, random: () => 0 });
  const drifts: string[] = [];
  const driftTally = tally();
  const make = () =>
    createApplier({
      client,
      ownerLabel: LABEL,
      onDrift(owner, id) {
        drifts.push(`${owner}: ${id}`);
        driftTally.add();
      },
    });
  let applier = make();
  const seenTally = tally();
  const stopping = new AbortController();
  const start = (): { readonly synced: Promise<void>; readonly ended: Promise<void> } => {
    const watch = createWatch(client, {
      kind: CONFIG_MAP,
      projection: observedProjection(LABEL),
      onChange(change) {
        applier.see(CONFIG_MAP, change);
        seenTally.add();
      },
      clock,
      random: () => 0,
      ...options,
    });
    return { synced: watch.synced, ended: watch.run(stopping.signal) };
  };
  const { synced, ended } = start();
  await synced;
  t.after(async () => {
    stopping.abort();
    await ended;
    await client.close();
    await server.close();
  });
  return {
    server,
    clock,
    drifts,
    get applier() {
      return applier;
    },
    /** A new process: nothing remembered, the watch read anew. */
    async restart() {
      applier = make();
      await start().synced;
    },
    /** Resolves once the watch has told so many changes in all. */
    seen: seenTally.reach,
    drifted: driftTally.reach,
    writes: () =>
      server.requests
        .filter(({ method }) => method !== 'GET')
        .map(({ method, path }) => `${method} ${path.split('/').at(-1)}`),
  };
}

function desire(key: string, data: Readonly<Record<string, string>> = {}): Desired {
  return { kind: CONFIG_MAP, object: configMap(key, data) };
}

test('what is desired is created once, and an unchanged desire sends nothing', async (t) => {
  const { server, applier, writes } = await scene(t);
  const results = await applier.settle('me', [desire('shop/a', { k: '1' }), desire('shop/b')], signal);
  assert.deepEqual(
    results.map(({ did }) => did),
    ['created', 'created'],
  );
  assert.equal(stringAt(server.get(CONFIG_MAP, 'shop/a'), 'metadata', 'labels', LABEL), 'me');
  const before = server.requests.length;
  assert.deepEqual(await applier.settle('me', [desire('shop/a', { k: '1' }), desire('shop/b')], signal), []);
  assert.equal(server.requests.length, before);
  assert.deepEqual(writes(), ['PATCH a', 'PATCH b']);
});

test('a restart recognises what stands, without writing and without asking', async (t) => {
  const here = await scene(t);
  await here.applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  await here.restart();
  const before = here.server.requests.length;
  assert.deepEqual(await here.applier.settle('me', [desire('shop/a', { k: '1' })], signal), []);
  assert.equal(here.server.requests.length, before);
});

test('only what differs is written, and a field that is no longer desired goes', async (t) => {
  const { server, applier, writes } = await scene(t);
  await applier.settle('me', [desire('shop/a', { k: '1', old: 'x' }), desire('shop/b')], signal);
  await applier.settle('me', [desire('shop/a', { k: '2' }), desire('shop/b')], signal);
  assert.deepEqual(writes(), ['PATCH a', 'PATCH b', 'PATCH a']);
  assert.deepEqual(at(server.get(CONFIG_MAP, 'shop/a'), 'data'), { k: '2' });
});

test("what is no longer desired is pruned; another owner's and a foreign object are not", async (t) => {
  const { server, applier, seen } = await scene(t);
  server.put(CONFIG_MAP, configMap('shop/foreign'));
  await applier.settle('you', [desire('shop/yours')], signal);
  await applier.settle('me', [desire('shop/a'), desire('shop/b')], signal);
  await seen(4);
  const results = await applier.settle('me', [desire('shop/b')], signal);
  assert.deepEqual(results, [{ id: 'v1/ConfigMap shop/a', did: 'deleted' }]);
  assert.deepEqual(await applier.settle('me', [desire('shop/b')], signal), []);
  assert.deepEqual(
    server.store.all('/api/v1/configmaps').map(([key]) => key),
    ['shop/b', 'shop/foreign', 'shop/yours'],
  );
});

test('an object left over from a former life is pruned after a restart', async (t) => {
  const here = await scene(t);
  await here.applier.settle('me', [desire('shop/a')], signal);
  await here.restart();
  const results = await here.applier.settle('me', [], signal);
  assert.deepEqual(
    results.map(({ did }) => did),
    ['deleted'],
  );
});

test("a foreign object, or another owner's, is refused and untouched, known to the watch or not", async (t) => {
  const here = await scene(t, { labelSelector: LABEL });
  here.server.put(CONFIG_MAP, configMap('shop/a', { k: 'theirs' }));
  await here.applier.settle('you', [desire('shop/b', { k: 'yours' })], signal);
  const results = await here.applier.settle('me', [desire('shop/a', { k: '1' }), desire('shop/b', { k: '1' })], signal);
  assert.deepEqual(results, [
    { id: 'v1/ConfigMap shop/a', did: 'refused', reason: 'ForeignObject' },
    { id: 'v1/ConfigMap shop/b', did: 'refused', reason: 'OwnedByOther' },
  ]);
  assert.equal(at(here.server.get(CONFIG_MAP, 'shop/a'), 'data', 'k'), 'theirs');
  assert.equal(at(here.server.get(CONFIG_MAP, 'shop/b'), 'data', 'k'), 'yours');
});

test('an object that appears between the look and the write keeps its fields', async (t) => {
  const { server, applier } = await scene(t);
  server.onRequest(({ method }) => {
    if (method === 'PATCH' && !server.get(CONFIG_MAP, 'shop/a'))
      server.put(CONFIG_MAP, configMap('shop/a', { k: 'theirs' }));
    return undefined;
  });
  const results = await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  assert.deepEqual(results, [{ id: 'v1/ConfigMap shop/a', did: 'refused', reason: 'ForeignObject' }]);
  assert.equal(at(server.get(CONFIG_MAP, 'shop/a'), 'data', 'k'), 'theirs');
});

for (const [what, edit] of [
  ['an edited field', { data: { k: 'edited' }, labels: { [LABEL]: 'me' } }],
  ['a removed field', { data: {}, labels: { [LABEL]: 'me' } }],
  ['a removed owner label', { data: { k: '1' }, labels: {} }],
] as const)
  test(`${what} is seen in the watch and repaired`, async (t) => {
    const { server, applier, drifts, drifted, seen } = await scene(t);
    await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
    await seen(1);
    const quiet = drifts.length;
    server.put(CONFIG_MAP, configMap('shop/a', edit.data, edit.labels), 'kubectl-edit');
    await drifted(quiet + 1);
    const results = await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
    assert.deepEqual(
      results.map(({ did }) => did),
      ['updated'],
    );
    const repaired = server.get(CONFIG_MAP, 'shop/a');
    assert.deepEqual([at(repaired, 'data'), stringAt(repaired, 'metadata', 'labels', LABEL)], [{ k: '1' }, 'me']);
    assert.deepEqual(await applier.settle('me', [desire('shop/a', { k: '1' })], signal), []);
  });

test('an object that someone deletes is made again', async (t) => {
  const { server, applier, drifts, drifted, seen } = await scene(t);
  await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  await seen(1);
  const quiet = drifts.length;
  server.remove(CONFIG_MAP, 'shop/a');
  await drifted(quiet + 1);
  assert.deepEqual(
    (await applier.settle('me', [desire('shop/a', { k: '1' })], signal)).map(({ did }) => did),
    ['created'],
  );
});

test('what others add to our object is no drift and survives', async (t) => {
  const { server, applier, drifts, seen } = await scene(t);
  await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  await seen(1);
  const quiet = drifts.length;
  server.put(
    CONFIG_MAP,
    { ...configMap('shop/a', { k: '1', theirs: 'x' }, { [LABEL]: 'me' }), status: { ready: true } },
    'controller',
  );
  await seen(2);
  assert.equal(drifts.length, quiet);
  assert.deepEqual(await applier.settle('me', [desire('shop/a', { k: '1' })], signal), []);
  await applier.settle('me', [desire('shop/a', { k: '2' })], signal);
  assert.deepEqual(at(server.get(CONFIG_MAP, 'shop/a'), 'data'), { k: '2', theirs: 'x' });
});

test('our own writes, coming back late through the watch, cause no work', async (t) => {
  const { server, applier, seen } = await scene(t);
  for (const value of ['1', '2', '3']) await applier.settle('me', [desire('shop/a', { k: value })], signal);
  await seen(3);
  const before = server.requests.length;
  assert.deepEqual(await applier.settle('me', [desire('shop/a', { k: '3' })], signal), []);
  assert.equal(server.requests.length, before);
});

test('an object replaced by another of the same name is not overwritten by mistake', async (t) => {
  const { server, applier } = await scene(t);
  await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  server.onRequest(({ method }) => {
    if (
      method === 'PATCH' &&
      server.get(CONFIG_MAP, 'shop/a') &&
      at(server.get(CONFIG_MAP, 'shop/a'), 'data', 'k') === '1'
    ) {
      server.remove(CONFIG_MAP, 'shop/a');
      server.put(CONFIG_MAP, configMap('shop/a', { k: 'theirs' }));
    }
    return undefined;
  });
  const [failed] = await applier.settle('me', [desire('shop/a', { k: '2' })], signal);
  assert.ok(failed?.did === 'failed' && means(failed.error, 'conflict'));
  const [refused] = await applier.settle('me', [desire('shop/a', { k: '2' })], signal);
  assert.equal(refused?.did, 'refused');
  assert.equal(at(server.get(CONFIG_MAP, 'shop/a'), 'data', 'k'), 'theirs');
});

test('an object whose label is taken off before it is pruned is conflict first, and gone in the end', async (t) => {
  const { server, applier, drifts, drifted, seen } = await scene(t, { labelSelector: LABEL });
  await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  await seen(1);
  const quiet = drifts.length;
  server.put(CONFIG_MAP, configMap('shop/a', { k: '1' }), 'kubectl-edit');
  await drifted(quiet + 1);
  assert.deepEqual(
    (await applier.settle('me', [], signal)).map(({ did }) => did),
    ['deleted'],
  );
  assert.equal(server.get(CONFIG_MAP, 'shop/a'), undefined);
});

test('one object that the server refuses does not keep a revocation from going out', async (t) => {
  const { server, applier, seen } = await scene(t);
  await applier.settle('me', [desire('shop/old')], signal);
  await seen(1);
  server.onRequest(({ path, method }) =>
    method === 'PATCH' && path.endsWith('/bad') ? { kind: 'status', code: 422, reason: 'Invalid' } : undefined,
  );
  const results = await applier.settle('me', [desire('shop/bad'), desire('shop/good')], signal);
  assert.deepEqual(
    results.map(({ did }) => did),
    ['failed', 'created', 'deleted'],
  );
  assert.equal(server.get(CONFIG_MAP, 'shop/old'), undefined);
});

test('a write whose answer is lost is neither doubled nor forgotten', async (t) => {
  const { server, clock, applier, seen } = await scene(t);
  let losses = 1;
  server.onRequest(({ method }) => (method === 'PATCH' && losses-- > 0 ? { kind: 'lose answer' } : undefined));
  const settled = applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  await clock.untilDelay(100);
  clock.wind(100);
  assert.deepEqual(
    (await settled).map(({ did }) => did),
    // Tried again, it finds what it has made.
    ['nothing'],
  );
  await seen(1);
  assert.equal(server.store.version, 101);
  assert.deepEqual(await applier.settle('me', [desire('shop/a', { k: '1' })], signal), []);
});

test('an object in deletion is waited for, not applied to', async (t) => {
  const { server, applier, seen } = await scene(t);
  await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  await seen(1);
  const going = {
    ...configMap('shop/a', { k: '1' }),
    metadata: { ...configMap('shop/a', {}, { [LABEL]: 'me' }).metadata, deletionTimestamp: '2026-01-01T00:00:00Z' },
  };
  server.put(CONFIG_MAP, going);
  await seen(2);
  assert.deepEqual(
    (await applier.settle('me', [desire('shop/a', { k: '2' })], signal)).map(({ did }) => did),
    ['waiting'],
  );
  assert.deepEqual(await applier.settle('me', [], signal), []);
});

test('an object that was made and lost while the watch was away is made again after the next full read', async (t) => {
  const { server, applier, drifts } = await scene(t);
  await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  server.remove(CONFIG_MAP, 'shop/a');
  applier.reread(CONFIG_MAP, () => false, String(server.store.version));
  assert.deepEqual(drifts.at(-1), 'me: v1/ConfigMap shop/a');
  assert.deepEqual(
    (await applier.settle('me', [desire('shop/a', { k: '1' })], signal)).map(({ did }) => did),
    ['created'],
  );
});

test('a full read that is older than our last write does not make us doubt it', async (t) => {
  const { server, applier } = await scene(t);
  const before = String(server.store.version);
  await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  applier.reread(CONFIG_MAP, () => false, before);
  assert.deepEqual(await applier.settle('me', [desire('shop/a', { k: '1' })], signal), []);
});

test('an object deleted by us and desired again at once is made again, even if the watch never saw it go', async (t) => {
  const { server, applier } = await scene(t, { labelSelector: 'nothing=selected' });
  await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  assert.deepEqual(
    (await applier.settle('me', [], signal)).map(({ did }) => did),
    ['deleted'],
  );
  assert.deepEqual(
    (await applier.settle('me', [desire('shop/a', { k: '2' })], signal)).map(({ did }) => did),
    ['created'],
  );
  assert.equal(at(server.get(CONFIG_MAP, 'shop/a'), 'data', 'k'), '2');
});

test('an answer that comes after the watch has shown the object gone again is not believed', async (t) => {
  const { server, applier, seen, drifts } = await scene(t);
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  server.onRequest(({ method }) => (method === 'PATCH' ? { kind: 'hold answer', until: gate } : undefined));
  const settled = applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  await seen(1);
  server.remove(CONFIG_MAP, 'shop/a');
  await seen(2);
  const quiet = drifts.length;
  open();
  await settled;
  assert.equal(drifts.length, quiet + 1);
  assert.deepEqual(
    (await applier.settle('me', [desire('shop/a', { k: '1' })], signal)).map(({ did }) => did),
    ['created'],
  );
});

test('a deletion is for the object as it was judged: one that changes at that moment is left for another look', async (t) => {
  const { server, applier, seen } = await scene(t);
  await applier.settle('me', [desire('shop/a', { k: '1' })], signal);
  await seen(1);
  server.onRequest(({ method }) => {
    if (method === 'DELETE') server.put(CONFIG_MAP, configMap('shop/a', { k: 'mine now' }), 'kubectl-edit');
    return undefined;
  });
  const [result] = await applier.settle('me', [], signal);
  assert.ok(result?.did === 'failed' && means(result.error, 'conflict'));
  assert.equal(at(server.get(CONFIG_MAP, 'shop/a'), 'data', 'k'), 'mine now');
});
