import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAcceptable } from './checks.ts';
import type { PolicySpec } from './spec.ts';

const pods = { podSelector: { matchLabels: { app: 'a' } }, policyTypes: ['Ingress', 'Egress'] } as const;
const from = [{ namespaceSelector: {}, podSelector: { matchLabels: { app: 'b' } } }];
const ports = [{ port: 80, protocol: 'TCP' }] as const;

test('a policy with peers and ports passes', () => {
  assert.doesNotThrow(() => assertAcceptable('a', { ...pods, ingress: [{ from, ports }] }));
  assert.doesNotThrow(() => assertAcceptable('a', { ...pods, podSelector: {} }));
});

const refused: readonly (readonly [string, PolicySpec])[] = [
  ['no peers, which is everybody', { ...pods, ingress: [{ from: [], ports }] }],
  ['no ports, which is all of them', { ...pods, egress: [{ to: from, ports: [] }] }],
  ['every pod of a namespace', { ...pods, ingress: [{ from: [{ namespaceSelector: {}, podSelector: {} }], ports }] }],
  ['port 0', { ...pods, egress: [{ to: from, ports: [{ port: 0, protocol: 'TCP' }] }] }],
  ['a value that is none', { ...pods, podSelector: { matchLabels: { app: 'a b' } } }],
  [
    'an expression without values',
    { ...pods, podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [] }] } },
  ],
];

for (const [what, spec] of refused) {
  test(`${what} is a bug and never leaves`, () => {
    assert.throws(() => assertAcceptable('a', spec), { code: 'UnacceptableNetworkPolicy' });
  });
}
