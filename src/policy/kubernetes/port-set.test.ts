import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openPortBook } from './port-set.ts';
import { tcp, udp } from './testing/views.ts';

test('equal sets are one object, whatever their order and doubles', () => {
  const book = openPortBook();
  const set = book.of([
    { port: 90, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
    { port: 53, protocol: 'TCP' },
    { port: 90, protocol: 'TCP' },
  ]);
  assert.equal(set?.key, '53/TCP,53/UDP,90/TCP');
  assert.equal(book.behind([udp(53), tcp(1, 53, 90)]), set);
  assert.equal(book.behind([tcp(80, 15008)]), book.tunnel);
});

test('C4: no ports are no set', () => {
  const book = openPortBook();
  assert.equal(book.of([]), undefined);
  assert.equal(book.behind([]), undefined);
});

test('ports of different protocols with one number are different sets', () => {
  const book = openPortBook();
  assert.notEqual(book.behind([tcp(53)]), book.behind([udp(53)]));
});
