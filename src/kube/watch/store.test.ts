import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { storeWriter, type Change } from './store.ts';

function recorded() {
  const changes: Change<number>[] = [];
  return { changes, writer: storeWriter<number>((change) => changes.push(change)) };
}

test('a change is told with what was and what is, and the same event twice is told once', () => {
  const { changes, writer } = recorded();
  writer.put({ key: 'a', version: '5', value: 1 });
  writer.put({ key: 'a', version: '5', value: 1 });
  writer.put({ key: 'a', version: '6', value: 2 });
  writer.put({ key: 'a', version: '5', value: 1 });
  writer.remove('a', '5');
  writer.remove('a', '7');
  writer.remove('a', '8');
  assert.deepEqual(changes, [
    { kind: 'added', key: 'a', after: 1, initial: false },
    { kind: 'modified', key: 'a', before: 1, after: 2, initial: false },
    { kind: 'deleted', key: 'a', before: 2, initial: false },
  ]);
});

test('a new version of an equal projection is remembered but not told', () => {
  const { changes, writer } = recorded();
  writer.put({ key: 'a', version: '5', value: 1 });
  writer.put({ key: 'a', version: '6', value: 1 });
  assert.equal(changes.length, 1);
  assert.equal(writer.store.versionOf('a'), '6');
});

test('a full read is invisible until it is complete, and one that is discarded leaves no trace', () => {
  const { changes, writer } = recorded();
  writer.put({ key: 'old', version: '1', value: 1 });
  writer.collect('half', { key: 'half', version: '2', value: 2 });
  assert.deepEqual([...writer.store.keys()], ['old']);
  writer.discard();
  writer.collect('new', { key: 'new', version: '3', value: 3 });
  writer.collect('gone', { key: 'gone', version: '3', value: 3 });
  writer.collect('gone', undefined);
  writer.commit();
  assert.deepEqual([...writer.store.entries()], [['new', 3]]);
  assert.deepEqual(changes.slice(1), [
    { kind: 'added', key: 'new', after: 3, initial: true },
    { kind: 'deleted', key: 'old', before: 1, initial: true },
  ]);
});

test('whatever happens, the changes told add up to what is in the store', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd');
  const value = fc.integer({ min: 0, max: 3 });
  const operation = fc.oneof(
    fc.record({ kind: fc.constantFrom('put' as const, 'collect' as const), key, value }),
    fc.record({ kind: fc.constant('remove' as const), key }),
    fc.record({ kind: fc.constantFrom('commit' as const, 'discard' as const) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const told = new Map<string, number>();
      const writer = storeWriter<number>((change) => {
        assert.equal(told.get(change.key), change.kind === 'added' ? undefined : change.before);
        if (change.kind === 'deleted') told.delete(change.key);
        else told.set(change.key, change.after);
      });
      let version = 0;
      for (const step of operations) {
        const now = String(++version);
        if (step.kind === 'put') writer.put({ key: step.key, version: now, value: step.value });
        else if (step.kind === 'collect') writer.collect(step.key, { key: step.key, version: now, value: step.value });
        else if (step.kind === 'remove') writer.remove(step.key, now);
        else writer[step.kind]();
        assert.deepEqual(new Map(writer.store.entries()), told);
      }
    }),
  );
});
