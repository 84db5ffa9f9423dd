import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../draft.ts';
import { checked, problemsOf } from './checks.ts';

const SELECTOR = { selector: { matchLabels: { app: 'cart' } } };
const PRINCIPAL = 'cluster.local/ns/shop/sa/web';

function object(kind: string, spec: unknown, name = 'lattice-cart'): KubernetesObject {
  return { apiVersion: 'security.istio.io/v1', kind, metadata: { name, namespace: 'shop', labels: {} }, spec };
}

function policy(spec: Readonly<Record<string, unknown>>): KubernetesObject {
  return object('AuthorizationPolicy', { action: 'ALLOW', ...spec });
}

function rule(source: unknown, ports: readonly unknown[] = ['80']): KubernetesObject {
  return policy({ ...SELECTOR, rules: [{ from: [{ source }], to: [{ operation: { ports } }] }] });
}

function entry(more: Readonly<Record<string, unknown>>): KubernetesObject {
  const ports = [{ name: 'tls-443', number: 443, protocol: 'TLS' }];
  return object('ServiceEntry', {
    hosts: ['api.example.com'],
    location: 'MESH_EXTERNAL',
    resolution: 'DNS',
    ports,
    ...more,
  });
}

function refs(count: number, more: Readonly<Record<string, unknown>> = {}) {
  return Array.from({ length: count }, (_, index) => ({ group: '', kind: 'Service', name: `svc-${index}`, ...more }));
}

test('what the compiler means to write has no problems', () => {
  const good = [
    policy(SELECTOR),
    policy({ targetRefs: refs(16) }),
    policy({ selector: { matchLabels: { app: 'x'.repeat(63) } } }),
    rule({ principals: [PRINCIPAL] }),
    rule({ notPrincipals: ['*'] }),
    rule({ ipBlocks: ['10.0.0.0/8'], notPrincipals: ['*'] }, ['1', '65535']),
    object('PeerAuthentication', { ...SELECTOR, portLevelMtls: { 80: { mode: 'PERMISSIVE' } } }),
    entry({}),
    entry({ hosts: ['*.example.com'], resolution: 'DYNAMIC_DNS' }),
  ];
  for (const one of good) assert.deepEqual(problemsOf(one), [], JSON.stringify(one));
});

const REFUSED: Readonly<Record<string, readonly KubernetesObject[]>> = {
  'I1: a DENY, or an ALLOW whose list of rules is empty': [
    policy({ ...SELECTOR, action: 'DENY' }),
    policy({ ...SELECTOR, rules: [] }),
  ],
  'I3: both or none of selector and targetRefs, or more than 16 of them': [
    policy({}),
    policy({ ...SELECTOR, targetRefs: refs(1) }),
    policy({ targetRefs: [] }),
    policy({ targetRefs: refs(17) }),
    policy({ targetRefs: refs(1, { group: 'networking.istio.io' }) }),
    policy({ targetRefs: refs(1, { namespace: 'other' }) }),
    policy({ targetRefs: refs(1, { kind: 'Pod' }) }),
    policy({ targetRefs: refs(1, { name: 7 }) }),
  ],
  'I4, Z10: a principal that is a pattern, has a scheme or is empty': [
    '*',
    `spiffe://${PRINCIPAL}`,
    '',
    'td/ns/*/sa/x',
  ].map((name) => rule({ principals: [PRINCIPAL, name] })),
  'I5, I6: fields that ztunnel reads in another way': [
    rule({ serviceAccounts: ['shop/web'] }),
    rule({ principals: [PRINCIPAL], trustDomains: ['td'] }),
    rule({ namespaces: ['shop'] }),
  ],
  'I7, I18: L7 fields': [
    policy({
      ...SELECTOR,
      rules: [
        { from: [{ source: { principals: [PRINCIPAL] } }], to: [{ operation: { ports: ['80'], methods: ['GET'] } }] },
      ],
    }),
    policy({
      ...SELECTOR,
      rules: [{ from: [{ source: { principals: [PRINCIPAL] } }], to: [{ operation: { ports: ['80'] } }], when: [] }],
    }),
  ],
  'I19: more than 512 rules or sources, or a target of more than 253 characters': [
    policy({
      ...SELECTOR,
      rules: Array.from({ length: 513 }, () => ({
        from: [{ source: { principals: [PRINCIPAL] } }],
        to: [{ operation: { ports: ['80'] } }],
      })),
    }),
    policy({
      ...SELECTOR,
      rules: [
        {
          from: Array.from({ length: 513 }, () => ({ source: { principals: [PRINCIPAL] } })),
          to: [{ operation: { ports: ['80'] } }],
        },
      ],
    }),
    policy({ targetRefs: refs(1, { name: 'x'.repeat(254) }) }),
  ],
  'Z2: a selector without labels, or with a wildcard': [
    policy({ selector: {} }),
    policy({ selector: { matchLabels: {} } }),
    policy({ selector: { matchLabels: { app: '*' } } }),
    policy({ selector: { matchLabels: { 'app*': 'cart' } } }),
    policy({ selector: { matchLabels: { '': 'cart' } } }),
    policy({ selector: { matchLabels: { app: 7 } } }),
    policy({ selector: { matchLabels: { app: 'x'.repeat(64) } } }),
  ],
  'Z4: a negative source that means somebody': [
    rule({ notPrincipals: [PRINCIPAL] }),
    rule({ notPrincipals: [] }),
    rule({ ipBlocks: ['10.0.0.0/8'] }),
    rule({ ipBlocks: [], notPrincipals: ['*'] }),
    rule({ principals: [PRINCIPAL], notPrincipals: ['*'] }),
  ],
  'Z6, Z7: a mode of its own, another mode than PERMISSIVE, no port or no selector': [
    object('PeerAuthentication', {
      ...SELECTOR,
      mtls: { mode: 'STRICT' },
      portLevelMtls: { 80: { mode: 'PERMISSIVE' } },
    }),
    object('PeerAuthentication', { ...SELECTOR, portLevelMtls: { 80: { mode: 'DISABLE' } } }),
    object('PeerAuthentication', { ...SELECTOR, portLevelMtls: { 0: { mode: 'PERMISSIVE' } } }),
    object('PeerAuthentication', { ...SELECTOR, portLevelMtls: {} }),
    object('PeerAuthentication', { portLevelMtls: { 80: { mode: 'PERMISSIVE' } } }),
  ],
  'Z11: a port that matches nothing, a source or an operation that is everybody, a typo': [
    ...['0', '70000', '080', '', '80-90', 80].map((port) => rule({ principals: [PRINCIPAL] }, [port])),
    rule({ principals: [PRINCIPAL] }, []),
    rule({ principals: [] }),
    rule({}),
    policy({ ...SELECTOR, rules: [{}] }),
    policy({ ...SELECTOR, rules: [{ from: [], to: [{ operation: { ports: ['80'] } }] }] }),
    policy({ ...SELECTOR, rules: [{ form: [], to: [{ operation: { ports: ['80'] } }] }] }),
    policy({ ...SELECTOR, rules: [{ from: [{ source: { principals: [PRINCIPAL] } }], to: [] }] }),
  ],
  'a ServiceEntry that istiod refuses': [
    entry({ hosts: ['*'] }),
    entry({ hosts: ['a_b.example.com'] }),
    entry({ hosts: ['a.example.com', 'b.example.com'] }),
    entry({ hosts: ['*.example.com'] }),
    entry({ resolution: 'DYNAMIC_DNS' }),
    entry({ location: 'MESH_INTERNAL' }),
    entry({ ports: [] }),
    entry({ addresses: ['10.0.0.1'] }),
    entry({
      ports: [
        { name: 'a', number: 1, protocol: 'TCP' },
        { name: 'b', number: 1, protocol: 'TLS' },
      ],
    }),
    entry({
      ports: [
        { name: 'a', number: 1, protocol: 'TCP' },
        { name: 'a', number: 2, protocol: 'TCP' },
      ],
    }),
    entry({ ports: [{ name: 'a_b', number: 1, protocol: 'TCP' }] }),
    entry({ ports: [{ name: 'a', number: 1, protocol: 'UDP' }] }),
    entry({
      hosts: ['*.example.com'],
      resolution: 'DYNAMIC_DNS',
      ports: [{ name: 'a', number: 1, protocol: 'GRPC' }],
    }),
  ],
  'another kind, a bad name, no map': [
    object('Sidecar', {}),
    object('AuthorizationPolicy', { action: 'ALLOW', ...SELECTOR }, 'Bad_Name'),
    object('AuthorizationPolicy', { action: 'ALLOW', ...SELECTOR }, 'x'.repeat(64)),
    object('AuthorizationPolicy', 'spec'),
  ],
};

for (const [title, objects] of Object.entries(REFUSED)) {
  test(`never leaves the compiler: ${title}`, () => {
    for (const one of objects) assert.notDeepEqual(problemsOf(one), [], JSON.stringify(one.spec)?.slice(0, 300));
  });
}

test('an object that must not be written is an error of ours that names it', () => {
  const unit = { kind: 'egress-waypoint' } as const;
  const bad = { unit, part: 'grant', object: policy({ selector: {} }) } as const;
  assert.throws(() => checked(bad), {
    code: 'ISTIO_OBJECT_INVALID',
    message: /AuthorizationPolicy shop\/lattice-cart/,
  });
  const good = { unit, part: 'deny', object: policy(SELECTOR) } as const;
  assert.equal(checked(good), good);
});
