import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type KubernetesPeer, loadKubernetes } from './index.ts';

const CART: KubernetesPeer = {
  kind: 'pod',
  namespace: 'shop',
  labels: { app: 'cart' },
  address: '10.0.0.1',
  namedPorts: { http: { port: 8080 } },
};
const WEB: KubernetesPeer = { kind: 'pod', namespace: 'shop', labels: { app: 'web' }, address: '10.0.0.2' };
const PAY: KubernetesPeer = { kind: 'pod', namespace: 'pay', labels: { app: 'web' }, namespaceLabels: { env: 'prod' } };
const OUTSIDE: KubernetesPeer = { kind: 'address', address: '192.0.2.7' };

function policy(spec: object, name = 'n'): object {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'shop' }, spec };
}

function verdicts(
  spec: object,
  from: KubernetesPeer,
  to: KubernetesPeer,
  port = 80,
  protocol: 'TCP' | 'UDP' = 'TCP',
): string {
  const { egress, ingress } = loadKubernetes([policy(spec)]).judge({ from, to, port, protocol });
  return `${egress.verdict} ${ingress.verdict}`;
}

const ALL = { podSelector: {} };

test('without a policy everything is allowed, and only pods have sides', () => {
  const { egress, ingress } = loadKubernetes([]).judge({ from: OUTSIDE, to: CART, port: 80, protocol: 'TCP' });
  assert.deepEqual([egress.verdict, ingress.verdict, ingress.reason], ['unmanaged', 'allowed', 'NoPolicy']);
});

test('surprise 4 is not Kubernetes: a section that policyTypes does not name does nothing', () => {
  const spec = { ...ALL, policyTypes: ['Ingress'], egress: [{ to: [{ podSelector: {} }] }] };
  assert.equal(verdicts(spec, CART, OUTSIDE), 'allowed unmanaged');
  assert.equal(verdicts({ ...ALL, policyTypes: ['Egress'], ingress: [] }, WEB, CART), 'denied allowed');
});

test('policyTypes default to Ingress, and to Egress if there are egress rules', () => {
  assert.equal(verdicts(ALL, WEB, CART), 'allowed denied');
  assert.equal(verdicts({ ...ALL, egress: [{}] }, WEB, CART), 'allowed denied');
  assert.equal(
    verdicts({ ...ALL, egress: [{ to: [{ podSelector: { matchLabels: { app: 'x' } } }] }] }, WEB, CART),
    'denied denied',
  );
});

test('a pod selector alone means the own namespace, a namespace selector any pod of those, both together both', () => {
  const from = (peer: object): string[] =>
    [WEB, PAY, OUTSIDE].map(
      (each) => verdicts({ ...ALL, ingress: [{ from: [peer] }] }, each, CART).split(' ')[1] ?? '',
    );
  assert.deepEqual(from({ podSelector: {} }), ['allowed', 'denied', 'denied']);
  assert.deepEqual(from({ namespaceSelector: {} }), ['allowed', 'allowed', 'denied']);
  assert.deepEqual(
    from({ namespaceSelector: { matchLabels: { env: 'prod' } }, podSelector: { matchLabels: { app: 'web' } } }),
    ['denied', 'allowed', 'denied'],
  );
  assert.deepEqual(from({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } }), [
    'allowed',
    'denied',
    'denied',
  ]);
});

test('addresses match blocks and their exceptions; a pod without address leaves the side undecided', () => {
  const spec = { ...ALL, ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.8/30'] } }] }] };
  assert.equal(verdicts(spec, OUTSIDE, CART), 'unmanaged allowed');
  assert.equal(verdicts(spec, { kind: 'address', address: '192.0.2.9' }, CART), 'unmanaged denied');
  const { ingress } = loadKubernetes([policy(spec)]).judge({ from: PAY, to: CART, port: 80, protocol: 'TCP' });
  assert.equal(ingress.verdict, 'undecided');
  assert.match(ingress.reason, /spec\.ingress\[0\] of NetworkPolicy shop\/n/);
});

test("ports match by number, range and the destination's names; none means all", () => {
  const at = (ports: object[], port: number, protocol: 'TCP' | 'UDP' = 'TCP'): string =>
    verdicts({ ...ALL, ingress: [{ ports }] }, WEB, CART, port, protocol).split(' ')[1] ?? '';
  assert.deepEqual([at([], 9), at([{}], 9), at([{}], 9, 'UDP')], ['allowed', 'allowed', 'denied']);
  assert.deepEqual([at([{ port: 80, endPort: 90 }], 90), at([{ port: 80, endPort: 90 }], 91)], ['allowed', 'denied']);
  assert.deepEqual(
    [at([{ port: 'http' }], 8080), at([{ port: 'http' }], 80), at([{ port: 'http', protocol: 'UDP' }], 8080, 'UDP')],
    ['allowed', 'denied', 'denied'],
  );
});

test('rules of several policies add up, and the verdict names those that allow', () => {
  const set = loadKubernetes([
    policy(ALL, 'deny'),
    policy({ ...ALL, ingress: [{}, { from: [{ podSelector: {} }] }] }, 'allow'),
  ]);
  const { ingress } = set.judge({ from: WEB, to: CART, port: 80, protocol: 'TCP' });
  assert.deepEqual(
    ingress.decidedBy.map((ref) => `${ref.name} ${ref.rule}`),
    ['allow spec.ingress[0]', 'allow spec.ingress[1]'],
  );
  assert.deepEqual(
    set.policiesOf(CART).map(({ name }) => name),
    ['deny', 'allow'],
  );
});

test('what the API server refuses is refused, and enforces nothing', () => {
  const bad: object[] = [
    { ...ALL, policyTypes: ['ingress'] },
    { ...ALL, ingress: [{ from: [{}] }] },
    { ...ALL, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0' } }] }] },
    { ...ALL, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/8'] } }] }] },
    { ...ALL, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] },
    { ...ALL, ingress: [{ ports: [{ port: 0 }] }] },
    { ...ALL, ingress: [{ ports: [{ port: 80, endPort: 79 }] }] },
    { ...ALL, ingress: [{ ports: [{ endPort: 79 }] }] },
    { ...ALL, ingress: [{ ports: [{ port: '80' }] }] },
    { ...ALL, ingress: [{ ports: [{ port: 80, protocol: 'tcp' }] }] },
    { podSelector: { matchLabels: { 'bad key': 'x' } } },
    { podSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } },
    { podSelector: 'x' },
  ];
  for (const spec of bad) {
    const set = loadKubernetes([policy(spec)]);
    assert.deepEqual(
      set.refusals.map(({ stage }) => stage),
      ['schema'],
      JSON.stringify(spec),
    );
    assert.equal(set.judge({ from: OUTSIDE, to: CART, port: 80, protocol: 'TCP' }).ingress.verdict, 'allowed');
  }
});

test('unknown fields are dropped and reported, and the rest is enforced', () => {
  const set = loadKubernetes([policy({ ...ALL, ingress: [{ form: [{ podSelector: {} }] }] })]);
  assert.deepEqual(
    set.pruned.map(({ paths }) => paths),
    [['spec.ingress[0].form']],
  );
  assert.equal(set.judge({ from: OUTSIDE, to: CART, port: 80, protocol: 'TCP' }).ingress.verdict, 'allowed');
});

test('a null peer is refused, a null rule is an empty rule, which allows everything', () => {
  assert.equal(loadKubernetes([policy({ ...ALL, ingress: [{ from: [null] }] })]).refusals.length, 1);
  assert.equal(verdicts({ ...ALL, ingress: [null] }, OUTSIDE, CART), 'unmanaged allowed');
});

test('whatever is given, loading never throws', () => {
  const object = fc.record({
    apiVersion: fc.constantFrom('networking.k8s.io/v1', 'networking.k8s.io/v1beta1'),
    kind: fc.constant('NetworkPolicy'),
    metadata: fc.anything(),
    spec: fc.anything(),
  });
  fc.assert(
    fc.property(fc.oneof(fc.anything(), object), (value) => {
      loadKubernetes([value]).judge({ from: WEB, to: CART, port: 80, protocol: 'TCP' });
    }),
    { numRuns: 300, verbose: true },
  );
});
