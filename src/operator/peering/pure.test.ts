import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PeeringRule } from '../../api/index.ts';
import type { JsonPatchOperation } from '../../kube/index.ts';
import type { FirewallTable, Printed } from '../../peering/index.ts';
import { choose } from './choose.ts';
import { coverageOf, type NodeReport } from './coverage.ts';
import { membersPatch } from './patch.ts';

const inexpressible: Printed = { kind: 'inexpressible', rule: 'deny-0', reason: 'it needs state' };
const printed: Printed = {
  kind: 'printed',
  revision: 'r',
  object: {
    apiVersion: 'networking.liqo.io/v1beta1',
    kind: 'FirewallConfiguration',
    metadata: { name: 'x', namespace: 'y', labels: {} },
    spec: { table: { name: 't', family: 'IPV4', chains: [] } },
  },
};

test('auto prefers the agent where it runs, then Liqo where it means the same, and else names both ways out', () => {
  const all = { fabric: true, agents: true, shape: 'sets' } as const;
  assert.equal(choose('auto', all, () => printed).enforcer, 'nft');
  assert.equal(choose('liqo', all, () => printed).enforcer, 'liqo');
  assert.equal(choose('auto', { ...all, agents: false }, () => printed).enforcer, 'liqo');
  const none = choose('auto', { ...all, agents: false, shape: 'stock' }, () => inexpressible);
  assert.ok(none.enforcer === 'none' && none.reason === 'Unsupported');
  assert.match(none.message, /rule deny-0 .* it needs state; run the node agent .*, or install a Liqo that keeps/);
  assert.equal(choose('nft', { ...all, agents: false }, () => printed).enforcer, 'nft', 'asked for by name');
  const missing = choose('nft', { ...all, fabric: false }, () => printed);
  assert.ok(missing.enforcer === 'none' && missing.reason === 'AgentMissing');
  assert.equal(choose('auto', { fabric: false, agents: false, shape: undefined }, () => printed).enforcer, 'none');
});

test('a program is enforced when every node that can hold pods reports its generation, lately and without error', () => {
  const now = Date.parse('2026-01-01T00:01:00Z');
  const report = (program: object, at = '2026-01-01T00:00:50Z', bypassed: NodeReport['bypassed'] = []): NodeReport => ({
    reportedAt: at,
    reportSeconds: 10,
    programs: [{ name: 'rome', ...program }],
    bypassed,
  });
  const nodes = ['a', 'b', 'virtual'].map((name) => ({ name, counts: name !== 'virtual' }));
  const rules: readonly PeeringRule[] = [
    { action: 'deny', source: { group: 'remote-cluster' } },
    { action: 'deny', destination: { namespace: 'shop' } },
  ];
  const ask = (reports: Readonly<Record<string, NodeReport>>) =>
    coverageOf('rome', 3, rules, nodes, (node) => reports[node], now);
  const good = report({ generation: 3 });
  assert.deepEqual(ask({ a: good, b: good }), {
    nodes: 2,
    loaded: 2,
    missing: [],
    bypassed: [],
    unenforced: [],
    seen: 0,
    staleInMs: 20_000,
  });
  for (const [bad, why] of [
    [undefined, 'b: no agent reports'],
    [report({ generation: 2 }), 'b: has not loaded it yet'],
    [report({ generation: 3, error: 'nft says no' }), 'b: nft says no'],
    [report({ generation: 3 }, '2026-01-01T00:00:20Z'), 'b: its agent has fallen silent'],
    [report({ generation: 3 }, 'yesterday'), 'b: its agent has fallen silent'],
  ] as const)
    assert.deepEqual(ask({ a: good, ...(bad ? { b: bad } : {}) }).missing, [why]);
  const around = report({ generation: 3 }, undefined, [
    { class: 'SameNode', reason: 'Bridge', message: 'set bridge-nf-call' },
  ]);
  assert.deepEqual(ask({ a: good, b: around }).bypassed, ['b: SameNode (Bridge): set bridge-nf-call']);
});

test('a patch of members leads from any members to any others, and says nothing when rules differ', () => {
  const table = (members: readonly number[]): FirewallTable => ({
    name: 't',
    family: 'IPV4',
    sets: [
      {
        name: 'offloaded',
        keyType: 'ipv4_addr',
        elements: [...new Set(members)]
          .map((each) => `10.0.0.${each}`)
          .sort()
          .map((key) => ({ key })),
      },
    ],
    chains: [],
  });
  const run = (from: FirewallTable, patch: readonly JsonPatchOperation[]): unknown => {
    let keys: unknown[] = [...(from.sets?.[0]?.elements ?? [])];
    for (const { op, path, value } of patch.slice(1)) {
      const index = Number(path.split('/').at(-1));
      if (op === 'replace') keys = Array.isArray(value) ? value : [];
      else if (op === 'remove') keys.splice(index, 1);
      else keys.splice(index, 0, value);
    }
    return keys;
  };
  fc.assert(
    fc.property(fc.array(fc.nat(250)), fc.array(fc.nat(250)), fc.boolean(), (before, after, disordered) => {
      const next = table(after);
      // Somebody else may have stored anything.
      const elements = before.map((each) => ({ key: `10.0.0.${each}` }));
      const now = disordered
        ? { ...next, sets: [{ name: 'offloaded', keyType: 'ipv4_addr', elements } as const] }
        : table(before);
      const patch = membersPatch(now, next, '7');
      assert.deepEqual(patch?.[0], { op: 'test', path: '/metadata/resourceVersion', value: '7' });
      assert.deepEqual(run(now, patch), next.sets?.[0]?.elements);
    }),
  );
  const [one] = membersPatch(table([1, 3]), table([1, 2, 3]), '7')?.slice(1) ?? [];
  assert.deepEqual(one, { op: 'add', path: '/spec/table/sets/0/elements/1', value: { key: '10.0.0.2' } });
  const armed = {
    ...table([1]),
    chains: [{ name: 'f', type: 'filter', hook: 'input', priority: 10, policy: 'accept', rules: { filterRules: [] } }],
  } as const;
  assert.equal(membersPatch(table([1]), armed, '7'), undefined);
});
