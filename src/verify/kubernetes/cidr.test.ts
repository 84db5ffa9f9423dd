import assert from 'node:assert/strict';
import { test } from 'node:test';
import { covers, isCidrFormat, parseAddress, parsePrefix, type Prefix } from './cidr.ts';

function block(text: string): Prefix {
  const prefix = parsePrefix(text);
  assert.ok(prefix, text);
  return prefix;
}

test('prefixes are read as strictly as Go reads them', () => {
  for (const text of [
    '10.0.0.0/8',
    '0.0.0.0/0',
    '1.2.3.4/32',
    '::/0',
    '2001:db8::1/128',
    '::ffff:1.2.3.4/96',
    '1:2:3:4:5:6:7:8/1',
  ])
    block(text);
  for (const text of [
    '10.0.0.0',
    '10.0.0/8',
    '010.0.0.0/8',
    '10.0.0.0/08',
    '10.0.0.0/33',
    '256.0.0.0/8',
    ':::/0',
    '1::2::3/8',
    '1:2:3:4:5:6:7/8',
    'fe80::1%e/64',
    '',
    '/8',
    '1.2.3.4/',
  ])
    assert.equal(parsePrefix(text), undefined, text);
  assert.deepEqual([isCidrFormat('010.0.0.0/08'), isCidrFormat('10.0.0.0')], [true, false]);
});

test('a block covers what lies in it, of its own family only', () => {
  assert.ok(covers(block('10.1.2.3/8'), block('10.200.0.0/16')));
  assert.ok(!covers(block('10.0.0.0/16'), block('10.0.0.0/8')));
  assert.ok(!covers(block('0.0.0.0/0'), block('::/0')));
  assert.ok(covers(block('2001:db8::/32'), block('2001:db8:ffff::/48')));
  assert.deepEqual(parseAddress('1.2.3.4'), block('1.2.3.4/32'));
});
