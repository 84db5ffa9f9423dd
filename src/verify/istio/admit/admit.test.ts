import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadIstio } from '../load-istio.ts';
import { from, MESH, peerAuthentication, policy, service, to } from '../test-objects.ts';
import { admit } from './admit.ts';

/** `accepted`, or the stage that refuses: `schema` the API server, `agent` istiod. */
function stageOf(object: unknown): string {
  const admission = admit(object);
  return admission.kind === 'refused' ? admission.refusal.stage : admission.kind;
}

const spec = (held: object) => stageOf(policy('shop/p', held));
const source = (held: object) => spec({ rules: [from(held)] });
const operation = (held: object) => spec({ rules: [to(held)] });
const when = (key: string, ...values: readonly string[]) => spec({ rules: [{ when: [{ key, values }] }] });
const times = <T>(count: number, value: T) => Array.from({ length: count }, () => value);

test('I1: DENY and CUSTOM without rules are refused by istiod', () => {
  assert.equal(spec({ action: 'DENY' }), 'agent');
  assert.equal(spec({ action: 'DENY', rules: [] }), 'agent');
  assert.equal(spec({ action: 'DENY', rules: [{}] }), 'accepted');
  assert.equal(spec({ action: 'CUSTOM', provider: { name: 'x' } }), 'agent');
  assert.equal(spec({ action: 'CUSTOM', provider: { name: 'x' }, rules: [{}] }), 'accepted');
  assert.equal(spec({ action: 'CUSTOM', rules: [{}] }), 'agent');
  assert.equal(spec({ action: 'AUDIT' }), 'accepted');
  assert.equal(spec({ provider: { name: 'x' } }), 'agent');
  assert.equal(spec({ action: 'Allow' }), 'schema');
});

test('I3: selector or targetRefs, at most 16, in the same namespace, to four kinds', () => {
  const [target] = service('cart').targetRefs;
  assert.equal(spec({ selector: {}, targetRefs: [] }), 'schema');
  assert.equal(spec({ targetRef: target, targetRefs: [target] }), 'schema');
  assert.equal(spec({ targetRefs: times(16, target) }), 'accepted');
  assert.equal(spec({ targetRefs: times(17, target) }), 'schema');
  assert.equal(spec({ targetRefs: [{ ...target, namespace: 'pay' }] }), 'schema');
  assert.equal(spec({ targetRefs: [{ ...target, namespace: '' }] }), 'accepted');
  assert.equal(spec({ targetRefs: [{ ...target, group: 'core' }] }), 'accepted');
  assert.equal(spec({ targetRefs: [{ ...target, group: 'apps', kind: 'Deployment' }] }), 'agent');
  assert.equal(spec({ targetRefs: [{ group: 'networking.istio.io', kind: 'Gateway', name: 'x' }] }), 'agent');
  assert.equal(spec({ targetRefs: [{ group: 'networking.istio.io', kind: 'ServiceEntry', name: 'x' }] }), 'accepted');
  assert.equal(spec({ targetRefs: [{ kind: 'Service' }] }), 'schema');
  assert.equal(spec({ targetRefs: [{ kind: 'Service', name: '' }] }), 'schema');
  assert.equal(spec({ targetRefs: [{ group: 'A', kind: 'Service', name: 'x' }] }), 'schema');
});

test('I5: serviceAccounts are alone, at most 16, without wildcard, at most one slash', () => {
  assert.equal(source({ serviceAccounts: ['a'], principals: [] }), 'schema');
  assert.equal(source({ notServiceAccounts: ['a'], notNamespaces: ['b'] }), 'schema');
  assert.equal(source({ serviceAccounts: ['a'], principals: null }), 'accepted');
  assert.equal(source({ serviceAccounts: times(16, 'a/b') }), 'accepted');
  assert.equal(source({ serviceAccounts: times(17, 'a/b') }), 'schema');
  assert.equal(source({ serviceAccounts: ['x'.repeat(321)] }), 'schema');
  for (const wrong of ['*', 'a/b/c', '/b', 'a/', ''])
    assert.equal(source({ serviceAccounts: [wrong] }), 'agent', wrong);
  assert.equal(when('source.serviceAccount', ...times(17, 'a')), 'agent');
});

test('I6: trust domains have no slash and one wildcard at an end', () => {
  assert.equal(source({ trustDomains: ['td', '*', '*.example', 'td*'] }), 'accepted');
  for (const wrong of ['a/b', '**', 'a*b', '']) assert.equal(source({ trustDomains: [wrong] }), 'agent', wrong);
  assert.equal(when('source.trustDomain', 'a*b'), 'agent');
  assert.equal(when('source.trustDomain', 'a/b'), 'accepted');
});

test('I12: ports are numbers from 0 to 65535 in text', () => {
  for (const fine of ['0', '080', '65535']) assert.equal(operation({ ports: [fine] }), 'accepted', fine);
  for (const wrong of ['65536', '-1', '+1', '1.0', ' 1', '', 'http'])
    assert.equal(operation({ ports: [wrong] }), 'agent');
  assert.equal(operation({ ports: [80] }), 'schema');
});

test('I18: path templates are whole segments, {**} last, and braces nowhere else', () => {
  for (const fine of ['/a/{*}/b', '/{**}', '/a/{*}/{**}/c', '*', '/a*', '/a b']) {
    assert.equal(operation({ paths: [fine] }), 'accepted', fine);
  }
  for (const wrong of ['/{**}/{*}', '/{**}/{**}', '/a{*}', '/{x}', '/{*}/b*', '/{*}/a b', '/{*}//b', '']) {
    assert.equal(operation({ notPaths: [wrong] }), 'agent', wrong);
  }
});

test('I19: 512 rules and 512 from per rule are accepted, one more is not', () => {
  const entry = { source: { namespaces: ['a'] } };
  assert.equal(spec({ rules: times(512, {}) }), 'accepted');
  assert.equal(spec({ rules: times(513, {}) }), 'schema');
  assert.equal(spec({ rules: [{ from: times(512, entry) }] }), 'accepted');
  assert.equal(spec({ rules: [{ from: times(513, entry) }] }), 'schema');
  assert.equal(spec({ rules: [to(...times(513, { ports: ['80'] }))] }), 'accepted');
});

test('empty sources, operations and conditions are refused by istiod, empty lists of them are not', () => {
  assert.equal(spec({ rules: [{ from: [], to: [], when: [] }] }), 'accepted');
  assert.equal(spec({ rules: [{ from: [{}] }] }), 'agent');
  assert.equal(source({}), 'agent');
  assert.equal(source({ principals: [] }), 'agent');
  assert.equal(operation({}), 'agent');
  assert.equal(source({ namespaces: [''] }), 'agent');
  assert.equal(operation({ hosts: [''] }), 'agent');
  assert.equal(when(''), 'agent');
  assert.equal(when('source.namespace'), 'agent');
  assert.equal(spec({ rules: [{ when: [{ values: ['a'] }] }] }), 'schema');
});

test('when keys are known ones; those with a bracket have something in it', () => {
  for (const key of [
    'request.headers[a]',
    'request.auth.claims[a][b]',
    'experimental.envoy.filters.x[y]',
    'connection.sni',
  ]) {
    assert.equal(when(key, 'v'), 'accepted', key);
  }
  for (const key of [
    'request.headers',
    'request.headers[]',
    'destination.name',
    'destination.labels[a]',
    'source.user',
  ]) {
    assert.equal(when(key, 'v'), 'agent', key);
  }
  assert.equal(when('source.ip', '10.0.0.0/40'), 'agent');
  assert.equal(when('destination.port', 'http'), 'agent');
  assert.equal(when('remote.ip', '::1'), 'accepted');
});

test('CUSTOM may not look at identities', () => {
  const custom = (rule: object) => spec({ action: 'CUSTOM', provider: { name: 'x' }, rules: [rule] });
  assert.equal(custom(to({ paths: ['/a'] })), 'accepted');
  assert.equal(custom(from({ ipBlocks: ['10.0.0.1'] })), 'accepted');
  assert.equal(custom(from({ notTrustDomains: ['a'] })), 'agent');
  assert.equal(custom({ when: [{ key: 'request.auth.claims[a]', values: ['b'] }] }), 'agent');
});

test('Z2: labels of a selector have no wildcard and no empty key; selector {} is fine', () => {
  assert.equal(spec({ selector: {} }), 'accepted');
  assert.equal(spec({ selector: { matchLabels: { app: '' } } }), 'accepted');
  for (const labels of [{ app: 'a*' }, { 'a*': 'b' }, { '': 'b' }, { app: 'x'.repeat(64) }, { app: 1 }]) {
    assert.equal(spec({ selector: { matchLabels: labels } }), 'schema');
  }
});

test('Z7: PeerAuthentication needs a selector for ports, and ports that are ports', () => {
  const stage = (held: object) => stageOf(peerAuthentication('shop/w', held));
  const selector = { matchLabels: { app: 'a' } };
  const ports = (port: string) => ({ [port]: { mode: 'STRICT' } });
  assert.equal(stage({ mtls: { mode: 'STRICT' } }), 'accepted');
  assert.equal(stage({ mtls: { mode: 'strict' } }), 'schema');
  assert.equal(stage({ portLevelMtls: ports('80') }), 'schema');
  assert.equal(stage({ selector: { matchLabels: {} }, portLevelMtls: ports('80') }), 'schema');
  for (const fine of ['1', '80', '65535']) assert.equal(stage({ selector, portLevelMtls: ports(fine) }), 'accepted');
  assert.equal(stage({ selector, portLevelMtls: {} }), 'schema');
  for (const wrong of ['0', '65536', 'http']) assert.equal(stage({ selector, portLevelMtls: ports(wrong) }), 'schema');
  assert.equal(stage({ selector, portLevelMtls: { ...ports('080'), ...ports('80') } }), 'agent');
  const dry = {
    ...peerAuthentication('shop/w', {}),
    metadata: { name: 'w', annotations: { 'istio.io/dry-run': 'true' } },
  };
  assert.equal(stageOf(dry), 'agent');
});

test('Z9: a dry-run annotation is a boolean, on ALLOW or DENY', () => {
  const stage = (value: unknown, held: object = {}) => stageOf(policy('shop/p', held, { 'istio.io/dry-run': value }));
  for (const fine of ['true', 'F', '1']) assert.equal(stage(fine), 'accepted', fine);
  for (const wrong of ['yes', '', 'tRUE']) assert.equal(stage(wrong), 'agent', wrong);
  assert.equal(stage(true), 'schema');
  assert.equal(stage('true', { action: 'AUDIT' }), 'agent');
});

test('Z11: unknown fields are dropped and reported, so that a misspelt one widens its rule', () => {
  const admission = admit(
    policy('shop/p', { rules: [{ form: [1], to: [{ operation: { ports: ['80'], port: 1 } }] }], x: {} }),
  );
  assert.ok(admission.kind === 'accepted');
  assert.deepEqual(admission.pruned, ['spec.rules[0].form', 'spec.rules[0].to[0].operation.port', 'spec.x']);
});

test('nulls in objects are dropped, nulls in lists are refused, an absent spec is an empty one', () => {
  assert.equal(spec({ action: null, rules: null, selector: null }), 'accepted');
  assert.equal(spec({ rules: [null] }), 'schema');
  assert.equal(source({ principals: [null] }), 'schema');
  const { spec: _, ...bare } = { ...policy('shop/p', {}), spec: null };
  assert.equal(stageOf(bare), 'accepted');
  assert.equal(stageOf({ ...bare, spec: [] }), 'schema');
});

test('metadata and version are checked as the API server checks them', () => {
  const stage = (metadata: unknown, apiVersion = 'security.istio.io/v1') =>
    stageOf({ apiVersion, kind: 'AuthorizationPolicy', metadata });
  assert.equal(stage({ name: 'p', labels: { 'a.b/c': 'd' } }), 'accepted');
  for (const name of ['P', '', 'a_b', '-a', 'x'.repeat(254)]) assert.equal(stage({ name }), 'schema', name);
  assert.equal(stage({ name: 'p', namespace: 'a.b' }), 'schema');
  for (const namespace of [null, '', 'a']) assert.equal(stage({ name: 'p', namespace }), 'accepted');
  assert.equal(stage({ name: 'p', labels: { a: 'x'.repeat(63) } }), 'accepted');
  assert.equal(stage({ name: 'p', labels: { a: 'x'.repeat(64) } }), 'schema');
  assert.equal(stage({ name: 'p', creationTimestamp: 0 }), 'schema');
  assert.equal(stage({ name: 'p', labels: { a: '-' } }), 'schema');
  assert.equal(stage({ name: 'p', labels: { 'a b': 'c' } }), 'schema');
  assert.equal(stage({ name: 'p', creationTimestamp: 'today' }), 'schema');
  assert.equal(stage({ name: 'p', annotations: { 'internal.istio.io/parents': 'x' } }), 'agent');
  assert.equal(stage(undefined), 'schema');
  assert.equal(stage({ name: 'p' }, 'security.istio.io/v1beta1'), 'accepted');
  assert.equal(stage({ name: 'p' }, 'security.istio.io/v1alpha1'), 'schema');
});

test('any garbage is refused or passed over, never thrown at, and never changed', () => {
  const kind = fc.constantFrom('AuthorizationPolicy', 'PeerAuthentication', 'Service', '');
  const field = fc.constantFrom(
    'selector',
    'matchLabels',
    'rules',
    'from',
    'source',
    'when',
    'mtls',
    'portLevelMtls',
    '__proto__',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 0, '', '*', 'STRICT', '10.0.0.0/8', undefined),
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(field, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  const object = fc.record({
    apiVersion: fc.constant('security.istio.io/v1'),
    kind,
    metadata: fc.oneof(tree, fc.constant({ name: 'p' })),
    spec: tree,
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(tree, object, fc.anything()), { maxLength: 3 }), (objects) => {
      const before = structuredClone(objects.map((held) => JSON.stringify(held)));
      const set = loadIstio(objects, MESH);
      assert.ok(set.refusals.length + set.accepted.length <= objects.length);
      const { verdict } = set.judgeZtunnel({
        from: { plaintext: true },
        to: { namespace: 'default', serviceAccount: 'a' },
        port: 1,
      });
      assert.ok(['allowed', 'denied', 'undecided'].includes(verdict));
      assert.deepEqual(
        objects.map((held) => JSON.stringify(held)),
        before,
      );
    }),
  );
});

test('what is no object at all is refused', () => {
  const refused = loadIstio([null, 1, 'x', [], {}, { kind: 'AuthorizationPolicy' }], MESH).refusals;
  assert.equal(refused.length, 6);
});

test('objects of other kinds and other groups are passed over', () => {
  assert.equal(stageOf({ apiVersion: 'v1', kind: 'Service' }), 'other');
  assert.equal(stageOf({ apiVersion: 'security.istio.io/v1', kind: 'RequestAuthentication' }), 'other');
  assert.equal(stageOf({ apiVersion: 'policy.linkerd.io/v1', kind: 'AuthorizationPolicy' }), 'other');
});
