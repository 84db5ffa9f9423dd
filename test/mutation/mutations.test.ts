import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Mutation, mutated, StaleMutationError } from './mutation.ts';
import { groups } from './mutations.ts';

const root = join(import.meta.dirname, '../..');
const all = groups.flatMap(({ list }) => list);

test('every mutation still has its text, once, and changes it', () => {
  for (const mutation of all) {
    const text = readFileSync(join(root, mutation.file), 'utf8');
    assert.notEqual(mutated(text, mutation), text, mutation.rule);
  }
});

test('no two mutations have one name, so that each can be run alone', () => {
  assert.equal(new Set(all.map(({ rule }) => rule)).size, all.length);
});

test('a mutation whose text is gone, or is there twice, is an error', () => {
  const mutation: Mutation = { rule: 'r', says: '', broken: '', file: 'f', find: 'a', replace: 'b' };
  assert.equal(mutated('cat', mutation), 'cbt');
  for (const text of ['dog', 'cat and rat']) assert.throws(() => mutated(text, mutation), StaleMutationError);
});
