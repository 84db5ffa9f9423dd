import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutPathsOf, deletionOf, trackedOf } from './conntrack-lines.ts';
import { judgeOf } from './judge.ts';

const nobody = { has: () => false, prefixes: () => [] };
const flow = (source: string, destination: string, protocol = 'tcp', destinationPort = 80) => {
  const family = source.includes(':') ? (6 as const) : (4 as const);
  return { family, protocol, source, sourcePort: 40_000, destination, destinationPort };
};

test('the first rule that matches decides, and no match is no denial', () => {
  const denies = judgeOf(
    [
      { name: 'a', source: { cidrs: ['10.0.0.0/24'] }, action: 'allow' },
      { name: 'b', source: { cidrs: ['10.0.0.0/8'] }, destination: { cidrs: ['10.9.0.0/16'] }, action: 'deny' },
    ],
    nobody,
  );
  assert.equal(denies(flow('10.0.0.1', '10.9.0.1')), false);
  assert.equal(denies(flow('10.0.1.1', '10.9.0.1')), true);
  assert.equal(denies(flow('10.0.1.1', '10.8.0.1')), false);
  assert.equal(denies(flow('fd00::1', 'fd00::2')), false);
});

test('ports and protocols narrow a rule', () => {
  const ports = [{ port: 53 }, { port: 8000, endPort: 8080 }];
  const denies = judgeOf([{ name: 'a', protocol: 'UDP', ports, action: 'deny' }], nobody);
  assert.equal(denies(flow('10.0.0.1', '10.0.0.2', 'udp', 53)), true);
  assert.equal(denies(flow('10.0.0.1', '10.0.0.2', 'udp', 8040)), true);
  assert.equal(denies(flow('10.0.0.1', '10.0.0.2', 'udp', 8081)), false);
  assert.equal(denies(flow('10.0.0.1', '10.0.0.2', 'tcp', 53)), false);
});

test('a member is in a set by its address or by a prefix', () => {
  const members = {
    has: (set: string, address: string) => set === 's' && address === '10.0.0.1',
    prefixes: (set: string) => (set === 'p' ? ['fd00::/64'] : []),
  };
  const denies = judgeOf(
    [
      { name: 'a', source: { set: 's' }, action: 'deny' },
      { name: 'b', destination: { set: 'p' }, action: 'deny' },
    ],
    members,
  );
  assert.equal(denies(flow('10.0.0.1', '10.0.0.2')), true);
  assert.equal(denies(flow('10.0.0.2', '10.0.0.1')), false);
  assert.equal(denies(flow('fd01::1', 'fd00::9')), true);
});

test('a translated connection is judged by who calls and who answers', () => {
  // A pod calls a Service's address; the endpoint answers the node's address, which masquerades the pod.
  const line =
    'ipv4     2 tcp      6 431999 ESTABLISHED src=10.1.0.5 dst=10.96.0.10 sport=41000 dport=80 src=10.2.0.7 dst=192.168.0.1 sport=8080 dport=5123 [ASSURED] mark=0 use=1';
  const tracked = trackedOf(line);
  assert.ok(tracked);
  assert.equal(tracked.source, '10.1.0.5');
  assert.equal(tracked.destination, '10.2.0.7');
  assert.equal(tracked.destinationPort, 8080);
  assert.deepEqual(
    deletionOf(tracked).join(' '),
    '-D -f ipv4 -p tcp --orig-src 10.1.0.5 --reply-src 10.2.0.7 --reply-port-src 8080',
  );
  assert.deepEqual(
    cutPathsOf(tracked).map(
      (path) => `${path.source}:${path.sourcePort} -> ${path.destination}:${path.destinationPort}`,
    ),
    ['10.1.0.5:41000 -> 10.2.0.7:8080', '10.2.0.7:8080 -> 10.1.0.5:41000'],
  );
});

test('a protocol without ports is deleted by its addresses, and has no path to cut', () => {
  const line =
    'ipv6     10 icmpv6   58 29 src=fd00::1 dst=fd00::2 type=128 code=0 id=9 src=fd00::2 dst=fd00::1 type=129 code=0 id=9 mark=0 use=1';
  const tracked = trackedOf(line);
  assert.ok(tracked);
  assert.deepEqual(deletionOf(tracked).join(' '), '-D -f ipv6 -p icmpv6 --orig-src fd00::1 --reply-src fd00::2');
  assert.deepEqual(cutPathsOf(tracked), []);
  assert.equal(trackedOf('conntrack v1.4.7 (conntrack-tools): 0 flow entries have been shown.'), undefined);
});
