// The vectors were found by running Liqo's own code against a kernel.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Chain, FilterRule, FirewallConfiguration, FirewallTable, Match } from '../liqo/firewall-configuration.ts';
import { refusals } from './admit.ts';
import { passes } from './judge.ts';
import { listing } from './listing.ts';
import { applyTable, type KernelTable } from './table.ts';

const ip = (position: 'src' | 'dst', value: string): Match => ({ op: 'eq', ip: { position, value } });
const rule = (name: string, action: 'accept' | 'drop', ...match: readonly Match[]): FilterRule => ({
  name,
  action,
  counter: false,
  match,
});
const established = rule('allow-established-related', 'accept', {
  op: 'eq',
  ctstate: { value: ['established', 'related'] },
});
const chain = (name: string, rules: readonly FilterRule[], hook: Chain['hook'] = 'postrouting'): Chain => ({
  name,
  type: 'filter',
  hook,
  priority: 200,
  policy: 'accept',
  rules: { filterRules: rules },
});
const offloaded = {
  name: 'offloaded',
  keyType: 'ipv4_addr',
  elements: [{ key: '10.200.1.4' }, { key: '10.200.1.9' }],
} as const;
const table = (chains: readonly Chain[], sets: FirewallTable['sets'] = [offloaded]): FirewallTable => ({
  name: 'cluster-security',
  family: 'IPV4',
  sets,
  chains,
});
const apply = (kernel: KernelTable | undefined, spec: FirewallTable): KernelTable => applyTable(kernel, spec)[1];
const names = (kernel: KernelTable): string[] => kernel.chains.flatMap(({ rules }) => rules.map(({ name }) => name));

const remote = '10.61.0.0/16';
const provider = [
  rule('0', 'accept', ip('src', remote), ip('dst', '@offloaded')),
  rule('1', 'accept', ip('src', '@offloaded'), ip('dst', remote)),
  rule('2', 'accept', ip('src', '@offloaded'), ip('dst', '@offloaded')),
  rule('3', 'drop', ip('src', '@offloaded')),
  rule('4', 'drop', ip('src', remote)),
];
const asFirst = (rules: readonly FilterRule[]): FirewallTable => table([chain('f', [established, ...rules])]);

test('V9: a table is created with its rules in order', () => {
  assert.deepEqual(listing(apply(undefined, asFirst(provider))), [
    'table ip cluster-security',
    'set offloaded { 10.200.1.4, 10.200.1.9 }',
    'chain f { type filter hook postrouting priority 200; policy accept; }',
    '  ct state established,related accept comment "allow-established-related"',
    '  ip saddr 10.61.0.0/16 ip daddr @offloaded accept comment "0"',
    '  ip saddr @offloaded ip daddr 10.61.0.0/16 accept comment "1"',
    '  ip saddr @offloaded ip daddr @offloaded accept comment "2"',
    '  ip saddr @offloaded drop comment "3"',
    '  ip saddr 10.61.0.0/16 drop comment "4"',
  ]);
});

test('V10: devices and ports read as nft writes them', () => {
  const rules = [
    rule('tunnel', 'accept', { op: 'neq', dev: { position: 'in', value: 'liqo-tunnel' } }),
    rule('eth0', 'accept', { op: 'eq', dev: { position: 'out', value: 'eth0' } }),
    rule('dns', 'accept', { op: 'eq', port: { position: 'dst', value: '53' } }),
  ];
  assert.deepEqual(listing(apply(undefined, table([chain('f', rules)], []))).slice(2), [
    '  iifname != "liqo-tunnel" accept comment "tunnel"',
    '  oifname "eth0" accept comment "eth0"',
    '  th dport 53 accept comment "dns"',
  ]);
});

test('V11: a changed rule is appended behind the others', () => {
  const changed = [rule('0', 'accept', ip('src', remote), ip('dst', '10.200.0.0/16')), ...provider.slice(1)];
  assert.deepEqual(names(apply(apply(undefined, asFirst(provider)), asFirst(changed))).slice(1), [
    '1',
    '2',
    '3',
    '4',
    '0',
  ]);
});

test('V12: a rule inserted at the top under index names loses another', () => {
  const inserted = [rule('x', 'accept', ip('src', '@offloaded'), ip('dst', '1.1.1.1')), ...provider].map(
    (each, index) => ({ ...each, name: `${index}` }),
  );
  const after = apply(apply(undefined, asFirst(provider)), asFirst(inserted));
  assert.deepEqual(listing(after).slice(4), [
    '  ip saddr @offloaded ip daddr 10.61.0.0/16 accept comment "1"',
    '  ip saddr @offloaded ip daddr 1.1.1.1 accept comment "0"',
    '  ip saddr @offloaded ip daddr 10.61.0.0/16 accept comment "2"',
    '  ip saddr @offloaded ip daddr @offloaded accept comment "3"',
    '  ip saddr @offloaded drop comment "4"',
    '  ip saddr 10.61.0.0/16 drop comment "5"',
  ]);
});

test('V13: a rule with its sides swapped is not seen to have changed', () => {
  const one = table([chain('f', [rule('0', 'accept', ip('src', '10.0.0.1'), ip('dst', '10.0.0.2'))])]);
  const swapped = table([chain('f', [rule('0', 'accept', ip('src', '10.0.0.2'), ip('dst', '10.0.0.1'))])]);
  assert.deepEqual(apply(apply(undefined, one), swapped), apply(undefined, one));
});

test('V14: of 4,096 elements none is installed, of 5,000 there are 904', () => {
  const installed = (count: number): number => {
    const elements = Array.from({ length: count }, (_, index) => ({ key: `10.0.${index >> 8}.${index & 255}` }));
    return apply(undefined, table([], [{ ...offloaded, elements }])).sets[0]?.elements.length ?? -1;
  };
  assert.deepEqual([4095, 4096, 5000].map(installed), [4095, 0, 904]);
});

const packet = { hook: 'postrouting', source: '10.1.1.1', destination: '10.2.2.2', state: 'new' } as const;

test('V15: a CIDR in a set misses its last address', () => {
  const set = { name: 'p', keyType: 'ipv4_cidr', elements: [{ key: '10.0.0.0/8' }] } as const;
  const kernel = apply(undefined, table([chain('f', [rule('0', 'drop', ip('dst', '@p'))])], [set]));
  assert.ok(passes([kernel], { ...packet, destination: '10.255.255.255' }));
  assert.ok(!passes([kernel], { ...packet, destination: '10.255.255.254' }));
});

test('V16: a match without criteria, as pruning leaves it, accepts everything', () => {
  const kernel = apply(undefined, asFirst([rule('first', 'accept', { op: 'eq' }), rule('all', 'drop')]));
  assert.ok(passes([kernel], packet));
  assert.ok(!passes([apply(undefined, asFirst([rule('all', 'drop')]))], packet));
});

test('V17: a CIDR with host bits never matches', () => {
  const kernel = apply(undefined, table([chain('f', [rule('0', 'drop', ip('src', '10.1.1.1/16'))])]));
  assert.ok(passes([kernel], packet));
  const right = apply(undefined, table([chain('f', [rule('0', 'drop', ip('src', '10.1.0.0/16'))])]));
  assert.ok(!passes([right], packet));
});

test('V18: without chains the table is empty', () => {
  assert.deepEqual(listing(apply(apply(undefined, asFirst(provider)), table([], []))), ['table ip cluster-security']);
});

test('V19: a second chain comes in one step and the first goes in one, and between them a packet passes both', () => {
  const [a, b] = [chain('f-aaa', [rule('0', 'drop', ip('src', remote))]), chain('f-bbb', provider)];
  const start = apply(undefined, table([a]));
  const both = applyTable(start, table([a, b]));
  assert.deepEqual(both[0], start);
  assert.deepEqual(
    both[1].chains.map((each) => each.name),
    ['f-aaa', 'f-bbb'],
  );
  assert.ok(!passes([both[1]], { ...packet, source: '10.61.0.1', destination: '10.200.1.4' }));
  const end = applyTable(both[1], table([b]));
  assert.deepEqual(end[0], end[1]);
  assert.deepEqual(
    end[1].chains.map((each) => each.name),
    ['f-bbb'],
  );
});

test('the webhook refuses what Liqo refuses', () => {
  const object = (
    spec: FirewallTable,
    labels: Record<string, string> = { a: 'b' },
    name = 'x',
  ): FirewallConfiguration => ({
    apiVersion: 'networking.liqo.io/v1beta1',
    kind: 'FirewallConfiguration',
    metadata: { name, namespace: 'liqo-tenant-rome', labels },
    spec: { table: spec },
  });
  const good = object(asFirst(provider));
  assert.deepEqual(refusals(good), []);
  const cases: readonly (readonly [FirewallConfiguration, RegExp])[] = [
    [object(table([chain('f', [rule('0', 'drop', ip('src', '@nobody'))])])), /@nobody is not declared/],
    [object(table([chain('f', [rule('0', 'drop', ip('src', ''))])])), /invalid match value/],
    [object(table([chain('f', [rule('0', 'drop', ip('src', '10.0.0.9-10.0.0.1'))])])), /ends before it begins/],
    [object(table([chain('f', []), chain('f', [])])), /duplicate chain/],
    [object(table([chain('f', [established, established])])), /duplicate rule/],
    [object(table([], [offloaded, offloaded])), /duplicate set/],
    [object(table([], [{ ...offloaded, elements: [{ key: '10.0.0.0/8' }] }])), /invalid IP value 10.0.0.0\/8/],
    [object(table([], [{ ...offloaded, name: 'ns-x' }])), /invalid set name/],
  ];
  for (const [refused, reason] of cases) assert.match(refusals(refused).join(), reason);
  assert.match(refusals(object(asFirst(provider), { a: 'b' }, 'y'), [good]).join(), /used by x/);
  assert.deepEqual(refusals(object(asFirst(provider), { a: 'c' }, 'y'), [good]), []);
  assert.match(refusals(object({ ...asFirst([]), name: 'other' }), [], good).join(), /immutable/);
});
