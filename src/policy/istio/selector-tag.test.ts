import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tagged } from './selector-tag.ts';

test('a tag follows from the labels, not from the other alternatives or their order', () => {
  const [alone] = tagged([{ app: 'cart' }]);
  const among = tagged([{ app: 'z' }, { app: 'cart' }, { app: 'a' }]);
  assert.match(alone?.tag ?? '', /^[0-9a-z]{4}$/);
  assert.deepEqual(
    among.find(({ labels }) => labels['app'] === 'cart'),
    alone,
  );
  assert.deepEqual(tagged([{ app: 'a' }, { app: 'cart' }, { app: 'z' }]), among);
});

test('alternatives whose hashes meet still get tags of their own, and equal ones are one', () => {
  const labels = Array.from({ length: 5000 }, (_, index) => ({ app: `v${index}` }));
  const tags = tagged([...labels, { app: 'v0' }]).map(({ tag }) => tag);
  assert.equal(tags.length, 5000);
  assert.equal(new Set(tags).size, 5000);
});
