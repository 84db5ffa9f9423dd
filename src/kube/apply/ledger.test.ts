import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG_MAP } from '../testing/kinds.ts';
import { ledger } from './ledger.ts';
import { idOf, type Observed } from './observed.ts';

const KEY = 'shop/a';
const ID = idOf(CONFIG_MAP, { namespace: 'shop', name: 'a' });

function observed(uid: string, version: string): Observed {
  return { uid, version, owner: 'me', owned: 'd', deleting: false };
}

test('the late news that a predecessor of the same name is gone does not touch its successor', () => {
  const book = ledger();
  book.see(CONFIG_MAP, { kind: 'added', key: KEY, after: observed('one', '5'), initial: false });
  const applied = { owner: 'me', desired: 'd', uid: 'two', owned: 'd' };
  assert.equal(book.noteApplied(CONFIG_MAP, KEY, observed('two', '9'), applied), undefined);
  const told = book.see(CONFIG_MAP, { kind: 'deleted', key: KEY, before: observed('one', '5'), initial: false });
  assert.equal(told, undefined);
  assert.equal(book.known(ID)?.observed?.uid, 'two');
});

test('what the watch shows late does not replace what the server has answered since', () => {
  const book = ledger();
  book.noteApplied(CONFIG_MAP, KEY, observed('one', '9'), { owner: 'me', desired: 'd', uid: 'one', owned: 'd' });
  const late = { ...observed('one', '7'), owned: 'old' };
  assert.equal(
    book.see(CONFIG_MAP, { kind: 'modified', key: KEY, before: late, after: late, initial: false }),
    undefined,
  );
  assert.equal(book.known(ID)?.observed?.owned, 'd');
});
