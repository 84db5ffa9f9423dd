import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketsOf } from './bucket.ts';

const members = (count: number, bytes = 200) => [
  { members: Array.from({ length: count }, (_, index) => ({ key: `pod ns/${index}`, bytes })) },
];

test('up to a thousand small peers stay in one object', () => {
  const [bucket, ...more] = bucketsOf(members(1000));
  assert.deepEqual([bucket?.whole, bucket?.suffix, more.length], [true, '', 0]);
});

test('every member is in exactly one bucket, and stays there while others come', () => {
  const few = bucketsOf(members(3000));
  const many = bucketsOf(members(3900));
  assert.deepEqual(
    few.map((bucket) => bucket.suffix),
    ['2-00', '2-01', '2-02', '2-03'],
  );
  for (const member of members(3000)[0]?.members ?? []) {
    const home = few.filter((bucket) => bucket.has(member)).map((bucket) => bucket.suffix);
    assert.equal(home.length, 1);
    assert.deepEqual(
      many.filter((bucket) => bucket.has(member)).map((bucket) => bucket.suffix),
      home,
    );
  }
});

test('large peers are split by their size', () => {
  assert.equal(bucketsOf(members(10, 100_000)).length, 4);
});
