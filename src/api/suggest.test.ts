import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closest } from './suggest.ts';

test('the nearest name is meant, whatever its case and dashes', () => {
  assert.equal(closest('alowed-requesters', ['allowed_targets', 'allowed_requesters']), 'allowed_requesters');
  assert.equal(closest('cart', ['card', 'cart-db', 'Cart']), 'Cart');
});

test('of names that are equally near the first is meant', () => {
  assert.equal(closest('cark', ['cart', 'card']), 'cart');
});

test('a name of which more than a third differs is not meant', () => {
  assert.equal(closest('frontend', ['backend', 'front', 'checkout']), undefined);
  assert.equal(closest('a', ['bcd']), undefined);
});
