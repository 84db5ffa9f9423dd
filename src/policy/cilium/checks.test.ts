import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAcceptable, assertSelectable, UnacceptablePolicyError } from './checks.ts';
import type { PolicySpec } from './spec.ts';

const ports = [{ ports: [{ port: '80', protocol: 'TCP' }] }] as const;
const pods = { matchLabels: { 'k8s:app': 'cart' } };
const good: PolicySpec = { endpointSelector: pods, ingress: [{ fromEntities: ['host'], toPorts: ports }] };

test('a policy that the engine accepts passes', () => {
  assert.doesNotThrow(() => assertAcceptable('lattice-cart', good));
  assert.doesNotThrow(() => assertAcceptable('a', { endpointSelector: {}, ingress: [{}], egress: [{}] }));
});

const refused: readonly (readonly [string, RegExp, PolicySpec])[] = [
  ['no direction', /no direction/, { endpointSelector: pods }],
  ['a direction without rules', /without rules/, { endpointSelector: pods, ingress: [] }],
  ['an empty list of peers', /empty list/, { endpointSelector: pods, egress: [{ toFQDNs: [], toPorts: ports }] }],
  ['ports for everybody', /everybody/, { endpointSelector: pods, ingress: [{ toPorts: ports }] }],
  [
    'two kinds of peers',
    /mixes kinds/,
    { endpointSelector: pods, egress: [{ toCIDR: ['10.0.0.0/8'], toEntities: ['host'], toPorts: ports }] },
  ],
  ['names without ports', /toFQDNs without/, { endpointSelector: pods, egress: [{ toFQDNs: [{ matchName: 'a.b' }] }] }],
  ['no port rules', /all ports/, { endpointSelector: pods, egress: [{ toCIDR: ['10.0.0.0/8'], toPorts: [] }] }],
  [
    'a port rule without ports',
    /without ports/,
    { endpointSelector: pods, egress: [{ toCIDR: ['10.0.0.0/8'], toPorts: [{ ports: [] }] }] },
  ],
  [
    '41 ports',
    /more than 40/,
    {
      endpointSelector: pods,
      egress: [
        {
          toCIDR: ['10.0.0.0/8'],
          toPorts: [{ ports: Array.from({ length: 41 }, (_, n) => ({ port: `${n + 1}`, protocol: 'TCP' })) }],
        },
      ],
    },
  ],
  [
    'port 0',
    /port "0"/,
    {
      endpointSelector: pods,
      egress: [{ toCIDR: ['10.0.0.0/8'], toPorts: [{ ports: [{ port: '0', protocol: 'TCP' }] }] }],
    },
  ],
  [
    'port 65536',
    /port "65536"/,
    {
      endpointSelector: pods,
      egress: [{ toCIDR: ['10.0.0.0/8'], toPorts: [{ ports: [{ port: '65536', protocol: 'TCP' }] }] }],
    },
  ],
  ['a bare address', /no prefix/, { endpointSelector: pods, egress: [{ toCIDR: ['10.0.0.1'], toPorts: ports }] }],
  ['the entity all', /entity all/, { endpointSelector: pods, egress: [{ toEntities: ['all'], toPorts: ports }] }],
  [
    'a name with a star',
    /no name/,
    { endpointSelector: pods, egress: [{ toFQDNs: [{ matchName: '*.b' }], toPorts: ports }] },
  ],
  [
    'a DNS rule without names',
    /without names/,
    {
      endpointSelector: pods,
      egress: [{ toEntities: ['host'], toPorts: [{ ports: [{ port: '53', protocol: 'UDP' }], rules: { dns: [] } }] }],
    },
  ],
  ['a key of any source', /not of Kubernetes/, { ...good, endpointSelector: { matchLabels: { app: 'cart' } } }],
  ['a value that is none', /no label value/, { ...good, endpointSelector: { matchLabels: { 'k8s:app': 'a b' } } }],
  [
    'an expression without values',
    /no values/,
    { ...good, endpointSelector: { matchExpressions: [{ key: 'k8s:app', operator: 'In', values: [] }] } },
  ],
];

for (const [what, reason, spec] of refused) {
  test(`C2: ${what} is a bug and never leaves`, () => {
    assert.throws(
      () => assertAcceptable('lattice-cart', spec),
      (error) => error instanceof UnacceptablePolicyError && reason.test(error.message) && error.code !== undefined,
    );
  });
}

test('a name that is none of an object never leaves', () => {
  for (const name of ['', 'Cart', 'a_b', 'a'.repeat(254)]) assert.throws(() => assertAcceptable(name, good));
});

test('C8, C10: a peer without namespace or cluster is a bug', () => {
  const placed = { 'k8s:io.kubernetes.pod.namespace': 'shop', 'k8s:io.cilium.k8s.policy.cluster': 'c1' };
  assert.doesNotThrow(() => assertSelectable('pod', { matchLabels: placed }));
  for (const key of Object.keys(placed)) {
    const matchLabels = Object.fromEntries(Object.entries(placed).filter(([each]) => each !== key));
    assert.throws(() => assertSelectable('pod', { matchLabels }), { code: 'UnacceptablePolicy' });
  }
});

test('a long name that is none is refused at once', () => {
  const matchName = `${'a'.repeat(200)}!`;
  const spec: PolicySpec = { endpointSelector: pods, egress: [{ toFQDNs: [{ matchName }], toPorts: ports }] };
  assert.throws(() => assertAcceptable('a', spec), { code: 'UnacceptablePolicy' });
});
