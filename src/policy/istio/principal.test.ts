import assert from 'node:assert/strict';
import { test } from 'node:test';
import { principalBooks } from './principal.ts';
import { workload } from './testing/views.ts';

test('the principals of a workload are made once per trust domain, and never mixed between two', () => {
  const bookOf = principalBooks();
  const web = workload('shop/web');
  assert.equal(bookOf('a')(web), bookOf('a')(web));
  assert.deepEqual([bookOf('a')(web), bookOf('b')(web)], ['a/ns/shop/sa/web', 'b/ns/shop/sa/web']);
});

test('a changed workload has its own principals', () => {
  const principalsOf = principalBooks()('td');
  assert.equal(principalsOf(workload('shop/web')), 'td/ns/shop/sa/web');
  assert.deepEqual(principalsOf(workload('shop/web', { accounts: ['a', 'b'] })), [
    'td/ns/shop/sa/a',
    'td/ns/shop/sa/b',
  ]);
});
