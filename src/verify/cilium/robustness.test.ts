import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildLabelIndex } from './label-index.ts';
import { loadCilium } from './index.ts';
import { isGoRegex } from './regex.ts';
import { CART, cartIngress, ccnp, cnp, load, pod, refusedBy, tcp, WEB } from './test-cluster.ts';

const RUNS = { numRuns: 300, verbose: true } as const;
const KINDS = ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy', 'NetworkPolicy'] as const;

test('whatever is given, it is refused, ignored or enforced, and never throws', () => {
  const kind = fc.constantFrom(...KINDS, 'Deployment');
  const apiVersion = fc.constantFrom('cilium.io/v2', 'cilium.io/v2alpha1', 'networking.k8s.io/v1', 'apps/v1');
  const object = fc.record({ apiVersion, kind, metadata: fc.anything(), spec: fc.anything(), specs: fc.anything() });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), object), (value) => {
      const set = loadCilium([value], { localCluster: 'c1', clusterName: 'c1' });
      assert.equal(set.admissions.length, 1);
      set.judge({ from: WEB, to: CART, port: 80, protocol: 'TCP' });
    }),
    RUNS,
  );
});

test('a garbled part of a rule never throws, and an enforced object was left unchanged', () => {
  const text = fc.constantFrom(
    'endpointSelector',
    'ingress',
    'egress',
    'fromEndpoints',
    'toPorts',
    'ports',
    'rules',
    'matchLabels',
    'toCIDRSet',
    'icmps',
  );
  const value = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 6 },
      fc.constantFrom<unknown>(null, '', '80', 'TCP', 0, -1, true, [], {}),
      fc.array(tie('node'), { maxLength: 2 }),
      fc.dictionary(text, tie('node'), { maxKeys: 3 }),
    ),
  })).node;
  fc.assert(
    fc.property(value, fc.constantFrom(...KINDS), (spec, kind) => {
      const apiVersion = kind === 'NetworkPolicy' ? 'networking.k8s.io/v1' : 'cilium.io/v2';
      const object = { apiVersion, kind, metadata: { name: 'p', namespace: 'shop' }, spec };
      const before = JSON.stringify(object);
      load(object).judge({ from: WEB, to: CART, port: 80, protocol: 'TCP' });
      assert.equal(JSON.stringify(object), before);
    }),
    RUNS,
  );
});

test('deep nesting, endless texts and hostile patterns are answered at once', () => {
  let deep: unknown = {};
  for (let depth = 0; depth < 5_000; depth++) deep = { endpointSelector: deep };
  const pruned = load(cnp({ endpointSelector: deep, ingress: [{}] })).pruned.map(({ paths }) => paths);
  assert.deepEqual(pruned, [['spec.endpointSelector.endpointSelector']]);
  const long = `${'a-'.repeat(50_000)}!`;
  for (const rule of [
    { toPorts: [tcp(long)] },
    { fromCIDR: [long] },
    { fromEndpoints: [{ matchLabels: { [long]: long } }] },
  ])
    assert.notEqual(refusedBy(cartIngress(rule)), undefined);
  const stars = cnp({ endpointSelector: {}, egress: [{ toFQDNs: [{ matchPattern: `${'*a'.repeat(100)}.x` }] }] });
  const name = ['cidr:1.2.3.4/32', `dns:${'a'.repeat(250)}.x`];
  assert.equal(load(stars).judge({ from: CART, to: name, port: 80, protocol: 'TCP' }).egress.verdict, 'allowed');
});

test('what is no object, or of a version that is not served, is refused; other kinds are ignored', () => {
  for (const value of [null, 1, 'x', [], {}, { kind: 'CiliumNetworkPolicy' }, { kind: 1, apiVersion: 'cilium.io/v2' }])
    assert.equal(refusedBy(value), 'schema', JSON.stringify(value));
  assert.equal(refusedBy({ ...cnp({}), apiVersion: 'cilium.io/v2alpha1' }), 'schema');
  assert.equal(
    load({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } }).admissions[0]?.effect,
    'ignored',
  );
});

test('names, namespaces and labels that the API server refuses are refused', () => {
  const spec = { endpointSelector: {}, ingress: [{}] };
  for (const metadata of [
    undefined,
    {},
    { name: 'Upper' },
    { name: 'p', namespace: 'a.b' },
    { name: 'p', labels: { 'bad key': 'x' } },
    { name: 'p', annotations: { a: 1 } },
  ])
    assert.equal(
      refusedBy({ apiVersion: 'cilium.io/v2', kind: 'CiliumNetworkPolicy', metadata, spec }),
      'schema',
      JSON.stringify(metadata),
    );
  assert.equal(refusedBy({ ...ccnp(spec), metadata: { name: 'p', namespace: 'ignored' } }), undefined);
});

test('the index never misses an item that a full search finds', () => {
  const selector = fc.record({
    app: fc.constantFrom('a', 'b', 'c', undefined),
    tier: fc.constantFrom('x', 'y', undefined),
  });
  fc.assert(
    fc.property(
      fc.array(selector, { maxLength: 20 }),
      fc.constantFrom('a', 'b', 'z'),
      fc.constantFrom('x', 'z'),
      (selectors, app, tier) => {
        const policies = selectors.map((labels, index) =>
          ccnp(
            {
              endpointSelector: {
                matchLabels: Object.fromEntries(Object.entries(labels).filter(([, value]) => value)),
              },
              ingress: [{}],
            },
            `p${index}`,
          ),
        );
        const set = load(policies);
        const expected = selectors.filter(
          (labels) => (labels.app ?? app) === app && (labels.tier ?? tier) === tier,
        ).length;
        assert.equal(set.policyOf(pod('shop', app, [`k8s:tier=${tier}`])).ingress.rules.length, expected);
      },
    ),
    RUNS,
  );
  assert.deepEqual(buildLabelIndex([], () => []).candidates(load([]).identity(CART)), []);
});

test('the answer does not depend on the order of objects or of labels', () => {
  const objects = [
    cartIngress({ fromEndpoints: [{}] }),
    cnp({ endpointSelector: {}, ingressDeny: [{ toPorts: [tcp('81')] }] }, 'deny'),
    ccnp({ endpointSelector: {}, egress: [{}] }),
  ];
  fc.assert(
    fc.property(
      fc.shuffledSubarray(objects, { minLength: 3 }),
      fc.shuffledSubarray([...WEB], { minLength: WEB.length }),
      (shuffled, from) => {
        for (const port of [80, 81])
          assert.deepEqual(
            load(shuffled).judge({ from, to: CART, port, protocol: 'TCP' }),
            load(objects).judge({ from: WEB, to: CART, port, protocol: 'TCP' }),
          );
      },
    ),
    { numRuns: 50 },
  );
});

test('a thousand policies and all pairs of a hundred pods are judged', () => {
  const policies = Array.from({ length: 1000 }, (_, index) =>
    cnp(
      {
        endpointSelector: { matchLabels: { 'k8s:app': `s${index % 100}` } },
        ingress: [{ fromEndpoints: [{ matchLabels: { 'k8s:app': `s${index % 7}` } }] }],
      },
      `p${index}`,
    ),
  );
  const set = load(policies);
  const pods = Array.from({ length: 100 }, (_, index) => set.identity(pod('shop', `s${index}`)));
  let allowed = 0;
  for (const from of pods)
    for (const to of pods)
      if (set.judge({ from, to, port: 80, protocol: 'TCP' }).ingress.verdict === 'allowed') allowed++;
  assert.equal(allowed, 100 * 7);
});

test('regular expressions are those of Go, not of JavaScript', () => {
  const good = [
    '',
    '/api/.*',
    '[]a]',
    '[\\d-z]',
    'a{,2}',
    '{',
    '(?i)a',
    '(?P<n>a)',
    '\\pL',
    '\\p{Greek}',
    '\\Qa*\\E',
    '[[:alpha:]]',
    '(?)',
    'a(?i)*',
    '\\x{41}',
    'a{1000}',
  ];
  const bad = [
    '(',
    ')',
    '[',
    'a**',
    '*',
    'a{1001}',
    'a{2,1}',
    '(a{100}){11}',
    '(?=a)',
    '(?<=a)',
    '\\1',
    '\\C',
    '\\Z',
    '[[:foo:]]',
    '[z-a]',
    '\\p{Foo}',
    '(?i)*',
    '(?s-)',
    'a\\',
    '\\8',
  ];
  for (const text of good) assert.ok(isGoRegex(text), text);
  for (const text of bad) assert.ok(!isGoRegex(text), text);
});
