import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { UnitKey } from '../../graph/index.ts';
import { openTurns } from './turns.ts';

const cart: UnitKey = { kind: 'service', namespace: 'shop', name: 'cart' };
const shop: UnitKey = { kind: 'namespace', namespace: 'shop' };
const other: UnitKey = { kind: 'namespace', namespace: 'other' };

suite('turns between units', () => {
  test('a namespace applies its default deny when all of its services have applied', () => {
    const turns = openTurns();
    turns.expect('cart', cart);
    assert.equal(turns.mayDeny(shop), false);
    assert.equal(turns.mayDeny(other), true);
    assert.equal(turns.mayDeny(cart), true);
    turns.applied('cart', turns.begin('cart'));
    assert.equal(turns.mayDeny(shop), true);
  });
  test('a service takes nothing away before its namespace has applied', () => {
    const turns = openTurns();
    turns.expect('shop', shop);
    assert.equal(turns.mayPrune(cart, 'shop'), false);
    assert.equal(turns.mayPrune(cart, undefined), true);
    assert.equal(turns.mayPrune(shop, 'shop'), true);
    turns.applied('shop', turns.begin('shop'));
    assert.equal(turns.mayPrune(cart, 'shop'), true);
  });
  test('work that began before a change does not count for it', () => {
    const turns = openTurns();
    turns.expect('cart', cart);
    const token = turns.begin('cart');
    turns.expect('cart', cart);
    turns.applied('cart', token);
    turns.revoked('cart', token);
    assert.equal(turns.mayDeny(shop), false);
    assert.equal(turns.haveRevoked(['cart']), false);
    turns.revoked('cart', turns.begin('cart'));
    assert.equal(turns.mayDeny(shop), true);
    assert.equal(turns.haveRevoked(['cart']), true);
  });
  test('two services that are taken away together do not wait for each other', () => {
    const turns = openTurns();
    turns.expect('a', cart);
    turns.expect('b', { ...cart, name: 'b' });
    turns.revoked('a', turns.begin('a'));
    turns.revoked('b', turns.begin('b'));
    assert.equal(turns.haveRevoked(['a', 'b']), true);
  });
});
