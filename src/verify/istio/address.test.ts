import assert from 'node:assert/strict';
import { BlockList, isIP } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { contains, parseAddress, parseBlock } from './address.ts';

const address = fc.oneof(fc.ipV4(), fc.ipV6());

test('exactly the addresses that Node knows are addresses', () => {
  const noise = fc.stringMatching(/^[0-9a-f:./]{0,20}$/);
  fc.assert(
    fc.property(fc.oneof(address, noise), (text) => {
      assert.equal(parseAddress(text) !== undefined, isIP(text) !== 0, text);
    }),
  );
});

test('a block holds exactly the addresses that a BlockList of it holds, host bits ignored, families apart', () => {
  fc.assert(
    fc.property(address, address, fc.nat(128), (base, other, bits) => {
      const family = isIP(base) === 4 ? 'ipv4' : 'ipv6';
      const length = family === 'ipv4' ? bits % 33 : bits;
      const block = parseBlock(`${base}/${length}`);
      const judged = [base, other].map((text) => {
        const parsed = parseAddress(text);
        return block && parsed && contains(block, parsed);
      });
      const list = new BlockList();
      list.addSubnet(base, length, family);
      const sameFamily = isIP(base) === isIP(other);
      assert.deepEqual(judged, [true, sameFamily && list.check(other, family)]);
    }),
  );
});

test('what istiod refuses is no block: lengths with leading zeros or too long, zones, names', () => {
  for (const text of [
    '10.0.0.0/08',
    '10.0.0.0/33',
    '::/129',
    'fe80::1%eth0/64',
    '10.0.0/8',
    '010.0.0.1',
    '',
    '/',
    'x',
  ]) {
    assert.equal(parseBlock(text), undefined, text);
  }
  assert.ok(parseBlock('10.1.2.3'));
  assert.ok(parseBlock('fe80::1%eth0'));
});
