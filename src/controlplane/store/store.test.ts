import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject } from '../json.ts';
import { createStore, type Store } from './store.ts';

const object = (value: number): JsonObject => ({ metadata: { name: 'x' }, value });
const keys = (store: Store): readonly string[] => store.list('/things').map((entry) => entry.key);

test('every write gets a higher version than every write before it', () => {
  const store = createStore(10);
  const versions = ['a', 'b', 'a'].map((key) => store.put('/things', key, object(1)).metadata);
  store.remove('/things', 'a');
  assert.deepEqual(
    versions.map((meta) => JSON.stringify(meta)),
    [2, 3, 4].map((version) => JSON.stringify({ name: 'x', resourceVersion: String(version) })),
  );
  assert.equal(store.version(), 5);
  assert.deepEqual(keys(store), ['b']);
});

test('history that was dropped is not served as if it were complete', () => {
  const store = createStore(3);
  for (let count = 0; count < 10; count += 1) store.put('/things', 'a', object(count));
  assert.equal(store.oldest('/things'), 8);
  assert.equal(store.since('/things', 7), undefined);
  assert.deepEqual(
    store.since('/things', 8)?.map((event) => event.version),
    [9, 10, 11],
  );
  store.compact();
  assert.equal(store.since('/things', 10), undefined);
  assert.deepEqual(store.since('/things', 11), []);
});

test('a snapshot is the state that was stored at that version, whatever was written since', () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'ns/c'), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const store = createStore(100);
      const seen = new Map<number, string>([[store.version(), '[]']]);
      for (const [index, { key, remove }] of steps.entries()) {
        if (remove) store.remove('/things', key);
        else store.put('/things', key, object(index));
        seen.set(store.version(), JSON.stringify(store.list('/things')));
      }
      for (const [version, state] of seen) assert.equal(JSON.stringify(store.snapshot('/things', version)), state);
    }),
    { seed: 7, numRuns: 200 },
  );
});

test('a listener hears every write once, until it leaves', () => {
  const store = createStore(10);
  const heard: string[] = [];
  const leave = store.listen('/things', (event) => heard.push(`${event.type} ${event.key}`));
  store.put('/things', 'a', object(1));
  store.put('/others', 'z', object(1));
  store.put('/things', 'a', object(2));
  store.remove('/things', 'a');
  leave();
  store.put('/things', 'b', object(1));
  assert.deepEqual(heard, ['ADDED a', 'MODIFIED a', 'DELETED a']);
});
