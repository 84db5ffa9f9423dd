import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FirewallParty, FirewallProgram } from '../../api/index.ts';
import { applyTable, passes, refusals } from '../liqo-model/index.ts';
import type { FirewallConfiguration } from './firewall-configuration.ts';
import { namesOf } from './names.ts';
import { type Inexpressible, printLiqo, type PrintOptions } from './print.ts';
import { isCut, lostIn } from './survives.ts';
import { nextSwap } from './swap.ts';

const sets: PrintOptions = { shape: 'sets', cluster: 'rome', name: 'rome', ipv6: false, peers: ['10.61.0.0/16'] };
const stock: PrintOptions = { ...sets, shape: 'stock' };
const program = (rules: FirewallProgram['rules'], members: readonly string[] = ['10.200.1.4']): FirewallProgram => ({
  peering: 'liqo-tenant-rome/rome',
  generation: 1,
  disarmed: false,
  rules,
  sets: [{ name: 'offloaded', members }],
});
const remote = { cidrs: ['10.61.0.0/16'] };
const offloaded = { set: 'offloaded' };

function printed(of: FirewallProgram, options: PrintOptions): FirewallConfiguration {
  const answer = printLiqo(of, options);
  assert.ok(answer.kind === 'printed', JSON.stringify(answer));
  assert.deepEqual(refusals(answer.object), []);
  return answer.object;
}

function refused(of: FirewallProgram, options: PrintOptions): Inexpressible {
  const answer = printLiqo(of, options);
  assert.ok(answer.kind === 'inexpressible');
  return answer;
}

test('a program keeps the object, the labels and the first rule of the original, at forward and input', () => {
  const object = printed(program([{ name: 'deny-0', source: offloaded, action: 'deny' }]), sets);
  assert.deepEqual(object.metadata, {
    name: 'rome-security-fabric',
    namespace: 'liqo-tenant-rome',
    labels: {
      'app.kubernetes.io/managed-by': 'lattice',
      'networking.liqo.io/firewall-category': 'fabric',
      'networking.liqo.io/firewall-subcategory': 'all-nodes',
    },
  });
  const { table } = object.spec;
  assert.deepEqual(
    table.chains.map(({ hook, priority, policy }) => [hook, priority, policy]),
    [
      ['forward', 10, 'accept'],
      ['input', 10, 'accept'],
    ],
  );
  assert.deepEqual(
    table.chains[0]?.rules.filterRules.map(({ name }) => name),
    ['allow-established-related', 'deny-0'],
  );
  assert.deepEqual(table.sets, [{ name: 'offloaded', keyType: 'ipv4_addr', elements: [{ key: '10.200.1.4' }] }]);
});

test('two peerings with one cluster share no name, and neither do look-alikes of other clusters', () => {
  const all = [namesOf('rome', 'rome'), namesOf('rome', 'second'), namesOf('rome-second', 'rome-second')];
  for (const key of ['object', 'table', 'program'] as const)
    assert.equal(new Set(all.map((each) => each[key])).size, 3);
});

test('a set of 5,000 is split below what Liqo can install, and every member is still in some rule', () => {
  const members = Array.from({ length: 5000 }, (_, index) => `10.200.${index >> 8}.${index & 255}`).sort();
  const object = printed(program([{ name: 'deny-0', source: offloaded, action: 'deny' }], members), sets);
  assert.deepEqual(
    object.spec.table.sets?.map(({ elements }) => elements.length),
    [4095, 905],
  );
  const [, kernel] = applyTable(undefined, object.spec.table);
  for (const source of [members[0], members[4094], members[4095], members[4999]])
    assert.ok(
      source !== undefined && !passes([kernel], { hook: 'forward', source, destination: '1.1.1.1', state: 'new' }),
    );
});

test('a change of members keeps the revision, a change of rules does not', () => {
  const rules = [{ name: 'deny-0', source: offloaded, action: 'deny' }] as const;
  const chains = (of: FirewallProgram): string[] => printed(of, sets).spec.table.chains.map(({ name }) => name);
  assert.deepEqual(chains(program(rules)), chains(program(rules, ['10.200.1.5', '10.200.1.6'])));
  assert.notDeepEqual(chains(program(rules)), chains(program([...rules, { name: 'deny-1', action: 'deny' }])));
});

test('stock Liqo gets a program only where replies need no state, and the answer names the rule that does', () => {
  const both = [
    { name: 'deny-0', source: offloaded, destination: remote, action: 'deny' },
    { name: 'deny-1', source: remote, destination: offloaded, action: 'deny' },
  ] as const;
  const object = printed(program(both), stock);
  assert.equal(object.spec.table.sets, undefined);
  assert.deepEqual(
    object.spec.table.chains[0]?.rules.filterRules.map(({ name }) => name),
    ['deny-0', 'deny-1'],
  );
  const oneWay = refused(program(both.slice(0, 1)), stock);
  assert.equal(oneWay.rule, 'deny-0');
  assert.match(oneWay.reason, /offloaded -> 10\.61\.\d+\.\d+ .*ctstate/);
});

test('stock Liqo gets no program that denies what may be to a node: the answers to its probes would be dropped too', () => {
  const local = { cidrs: ['10.200.0.0/16'] };
  for (const party of [undefined, local, { cidrs: ['10.0.0.0/8'] }]) {
    const other = party ? { destination: party } : {};
    const back = party ? { source: party } : {};
    const answer = refused(
      program([
        { name: 'deny-0', source: offloaded, ...other, action: 'deny' },
        { name: 'deny-1', destination: offloaded, ...back, action: 'deny' },
      ]),
      stock,
    );
    assert.match(answer.reason, /offloaded opens to a node.*ctstate/);
  }
  assert.match(refused(program([{ name: 'deny-0', action: 'deny' }]), stock).reason, /opens to a node/);
  // No node has an address of the peer: what comes to one is let through before.
  printed(
    program([
      { name: 'allow-0', source: { cidrs: ['0.0.0.0/0'] }, action: 'allow' },
      { name: 'deny-1', action: 'deny' },
    ]),
    stock,
  );
});

test('stock Liqo is judged by who may be in a set, so that nothing has to be taken back with the first pod', () => {
  const oneWay = [{ name: 'deny-0', source: offloaded, destination: remote, action: 'deny' }] as const;
  assert.equal(refused(program(oneWay, []), stock).rule, 'deny-0');
  const unknown = { cidrs: [] };
  assert.equal(
    refused(program([{ name: 'deny-0', source: offloaded, destination: unknown, action: 'deny' }]), stock).rule,
    'deny-0',
  );
  // A pod that is in both sets is denied one way by the first rule, and let back by the second.
  const both = { set: 'both' };
  const crossed: FirewallProgram = {
    ...program([
      { name: 'deny-0', source: offloaded, destination: remote, action: 'deny' },
      { name: 'allow-1', source: remote, destination: both, action: 'allow' },
      { name: 'allow-2', source: both, destination: remote, action: 'allow' },
      { name: 'deny-3', source: remote, destination: offloaded, action: 'deny' },
    ]),
    sets: [
      { name: 'offloaded', members: ['10.200.1.4'] },
      { name: 'both', members: ['10.200.1.5'] },
    ],
  };
  assert.match(refused(crossed, stock).reason, /it denies offloaded and both -> 10\.61/);
});

test('a node reaches itself whatever is denied, by a rule at input alone', () => {
  const { chains } = printed(program([{ name: 'deny-0', action: 'deny' }]), sets).spec.table;
  assert.deepEqual(
    chains.map(({ hook, rules }) => [hook, ...rules.filterRules.map(({ name }) => name)]),
    [
      ['forward', 'allow-established-related', 'deny-0'],
      ['input', 'allow-established-related', 'allow-loopback', 'deny-0'],
    ],
  );
});

test('a party that is empty matches nothing, and is never printed as any', () => {
  const empty = program([
    { name: 'allow-0', source: { cidrs: [] }, action: 'allow' },
    { name: 'deny-1', action: 'deny' },
  ]);
  const rules = printed(empty, sets).spec.table.chains[0]?.rules.filterRules.map(({ name }) => name);
  assert.deepEqual(rules, ['allow-established-related', 'deny-1']);
});

test('IPv6 is refused where a deny would miss it, and only there', () => {
  const v6 = ['10.200.1.4', '2001:db8::4'];
  const deny = { name: 'deny-0', source: offloaded, action: 'deny' } as const;
  assert.equal(refused(program([deny], v6), sets).rule, 'deny-0');
  printed(program([{ ...deny, name: 'allow-0', action: 'allow' }], v6), sets);
  printed(program([{ ...deny, destination: remote }], v6), sets);
  printed(program([{ name: 'deny-0', action: 'deny' }]), sets);
  assert.equal(refused(program([{ name: 'deny-0', action: 'deny' }]), { ...sets, ipv6: true }).rule, 'deny-0');
});

test('what an object cannot hold is refused, not cut', () => {
  const rules = Array.from({ length: 10_000 }, (_, index) => ({
    name: `deny-${index}`,
    source: offloaded,
    action: 'deny' as const,
  }));
  assert.match(refused(program(rules), sets).reason, /more than one object holds/);
});

test('disarming leaves no chain', () => {
  assert.deepEqual(printed({ ...program([]), disarmed: true }, sets).spec.table.chains, []);
});

test('what pruning or another writer took away is found, at its path', () => {
  const meant = printed(program([{ name: 'deny-0', source: offloaded, action: 'deny' }]), sets);
  const pruned: unknown = JSON.parse(JSON.stringify(meant), (key, value: unknown) =>
    key === 'ctstate' ? undefined : value,
  );
  assert.equal(
    lostIn(meant.spec, pruned && Reflect.get(pruned, 'spec')),
    'table.chains[0].rules.filterRules[0].match[0].ctstate',
  );
  assert.equal(lostIn(meant.spec, meant.spec), undefined);
  assert.equal(lostIn({ a: [1] }, { a: [1, 2] }), 'a');
  assert.equal(lostIn({ a: 1 }, { b: 2, a: 1 }), undefined);
});

test('a change of rules goes by way of both revisions over sets of their own, and ends with the new one alone', () => {
  const deny = (destination?: FirewallParty): FirewallProgram['rules'][number] => ({
    name: 'deny-0',
    source: offloaded,
    action: 'deny',
    ...(destination ? { destination } : {}),
  });
  const first = printed(program([deny()]), sets);
  const second = printed(program([deny(remote)], ['10.200.1.5']), sets);
  const stored = (table: FirewallConfiguration['spec']['table']): FirewallConfiguration => ({
    ...second,
    spec: { table },
  });
  const shown = ({ sets: list = [], chains }: FirewallConfiguration['spec']['table']): readonly unknown[] => [
    list.map(({ name, elements }) => `${name}: ${elements.map(({ key }) => key).join()}`),
    chains.length,
  ];
  assert.deepEqual(nextSwap(first, first, false), { kind: 'settled' });
  const join = nextSwap(first, second, false);
  assert.ok(join.kind === 'join');
  assert.deepEqual(shown(join.table), [['offloaded: 10.200.1.4', 'offloaded.b: 10.200.1.5'], 4]);
  assert.deepEqual(nextSwap(stored(join.table), second, false), { kind: 'waiting' });
  // Members go on in the new revision alone.
  const later = nextSwap(stored(join.table), printed(program([deny(remote)], []), sets), false);
  assert.ok(later.kind === 'join');
  assert.deepEqual(shown(later.table), [['offloaded: 10.200.1.4', 'offloaded.b: '], 4]);
  const finish = nextSwap(stored(join.table), second, true);
  assert.ok(finish.kind === 'finish');
  assert.deepEqual(shown(finish.table), [['offloaded.b: 10.200.1.5'], 2]);
  assert.deepEqual(nextSwap(stored(finish.table), second, false), { kind: 'settled' });
  const members = nextSwap(stored(finish.table), printed(program([deny(remote)]), sets), false);
  assert.ok(members.kind === 'members');
  assert.deepEqual(shown(members.table), [['offloaded.b: 10.200.1.4'], 2]);
  const disarmed = printed({ ...program([]), disarmed: true }, sets);
  assert.equal(nextSwap(first, disarmed, false).kind, 'finish');
  assert.equal(nextSwap(disarmed, first, false).kind, 'finish');
});

test('rules that change faster than nodes can be waited for hold three revisions at most, and lose none that a node may need', () => {
  const edits = ['10.1.0.0/16', '10.2.0.0/16', '10.3.0.0/16', '10.4.0.0/16'].map((cidr) =>
    printed(program([{ name: 'deny-0', source: offloaded, destination: { cidrs: [cidr] }, action: 'deny' }]), sets),
  );
  const [start, ...others] = edits;
  assert.ok(start);
  let table = start.spec.table;
  const step = (desired: FirewallConfiguration, joined: boolean): string => {
    const next = nextSwap({ ...start, spec: { table } }, desired, joined);
    if ('table' in next) table = next.table;
    return `${next.kind} ${table.chains.length / 2}`;
  };
  assert.deepEqual(
    others.map((each) => step(each, false)),
    ['join 2', 'join 3', 'waiting 3'],
  );
  const [last] = others.slice(-1);
  assert.ok(last);
  assert.equal(step(last, true), 'join 2', 'the oldest makes room');
  assert.equal(step(last, false), 'join 3');
  assert.equal(step(last, false), 'waiting 3');
  assert.equal(step(last, true), 'finish 1');
  assert.deepEqual(refusals({ ...start, spec: { table } }), []);
});

test('what an API server has cut since it was stored is told from what is whole', () => {
  const { table } = printed(program([{ name: 'deny-0', source: offloaded, action: 'deny' }]), sets).spec;
  const { sets: _sets, ...unnamed } = table;
  const withoutState = {
    ...table,
    chains: table.chains.map((chain) => ({
      ...chain,
      rules: {
        filterRules: chain.rules.filterRules.map((rule) => ({
          ...rule,
          match: rule.match.map(({ op, ip }) => ({ op, ...(ip ? { ip } : {}) })),
        })),
      },
    })),
  };
  assert.deepEqual(
    [table, withoutState, unnamed].map((each) => isCut(each, 'sets')),
    [false, true, true],
  );
  assert.equal(isCut(table, 'stock'), true, 'though nobody has read it since');
});
