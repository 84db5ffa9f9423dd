import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Workload } from '../../graph/index.ts';
import { managed, optionsOf, viewOf, workload } from '../kubernetes/testing/views.ts';
import { cilium } from './index.ts';

const options = optionsOf();

test('a namespace that is not managed is left alone', () => {
  const view = { ...managed('shop'), managed: false, shadows: [workload('shop/cart', { mode: 'shadow' })] };
  assert.deepEqual(cilium().namespace(view, options), { drafts: [], findings: [] });
});

test('a managed namespace isolates all of its pods, with DNS for the names of the cluster alone and the probes', () => {
  const { drafts, findings } = cilium().namespace(managed('shop'), options);
  assert.deepEqual(findings, []);
  assert.match(drafts[0]?.object.metadata.name ?? '', /^lattice-shop-[0-9a-f]{16}-deny$/);
  assert.deepEqual(
    drafts.map((draft) => draft.object.spec),
    [
      {
        endpointSelector: {},
        ingress: [{ fromEntities: ['host'] }],
        egress: [
          {
            toEndpoints: [
              {
                matchLabels: {
                  'k8s:io.kubernetes.pod.namespace': 'kube-system',
                  'k8s:io.cilium.k8s.policy.cluster': 'c1',
                  'k8s:k8s-app': 'kube-dns',
                },
              },
            ],
            toPorts: [
              {
                ports: [
                  { port: '53', protocol: 'TCP' },
                  { port: '53', protocol: 'UDP' },
                ],
                rules: { dns: [{ matchPattern: '**.cluster.local' }] },
              },
            ],
          },
        ],
      },
    ],
  );
});

test('shadow services with one label each are left out by one policy, and a warning names them', () => {
  const shadows = ['cart', 'web'].map((name) => workload(`shop/${name}`, { mode: 'shadow' }));
  const { drafts, findings } = cilium().namespace(managed('shop', { shadows }), options);
  assert.deepEqual(drafts.map(selectorOf), [
    { matchExpressions: [{ key: 'k8s:app', operator: 'NotIn', values: ['cart', 'web'] }] },
  ]);
  assert.deepEqual(
    findings.map(({ code, severity }) => [code, severity]),
    [['DefaultDenyPartial', 'warning']],
  );
  assert.match(findings[0]?.message ?? '', /cart, web/);
});

test('a shadow service with two labels leaves by either of them, in a policy each', () => {
  const shadow = workload('shop/cart', { mode: 'shadow', selectors: [{ app: 'cart', tier: 'front' }] });
  const { drafts } = cilium().namespace(managed('shop', { shadows: [shadow] }), options);
  assert.deepEqual(drafts.map(selectorOf), [
    { matchExpressions: [{ key: 'k8s:app', operator: 'NotIn', values: ['cart'] }] },
    { matchExpressions: [{ key: 'k8s:tier', operator: 'NotIn', values: ['front'] }] },
  ]);
  assert.equal(new Set(drafts.map((draft) => draft.object.metadata.name)).size, 2);
});

test('more ways out than 64 policies are refused with an error, never half written', () => {
  const shadows = Array.from({ length: 7 }, (_, index) =>
    workload(`shop/s${index}`, { mode: 'shadow', selectors: [{ [`a${index}`]: 'x', [`b${index}`]: 'y' }] }),
  );
  const refused = cilium().namespace(managed('shop', { shadows }), options);
  assert.deepEqual(
    [refused.drafts.length, refused.findings.map(({ code, severity }) => [code, severity])],
    [0, [['DefaultDenyNotExpressible', 'error']]],
  );
  assert.equal(cilium().namespace(managed('shop', { shadows: shadows.slice(1) }), options).drafts.length, 64);
});

test('a shadow service that Cilium cannot select cannot be left out either', () => {
  const shadow = workload('shop/x', { mode: 'shadow', selectors: [{ 'pod-template-hash': 'abc' }] });
  const { drafts, findings } = cilium().namespace(managed('shop', { shadows: [shadow] }), options);
  assert.deepEqual([drafts.length, findings.map((each) => each.code)], [0, ['DefaultDenyNotExpressible']]);
});

test('X3: default deny of a namespace leaves its waypoints out, and says so of shadow services only', () => {
  const selectors = [{ 'gateway.networking.k8s.io/gateway-name': 'wp' }];
  const asWaypoint = { ...workload('shop/wp', { mode: 'shadow', selectors }), key: 'Gateway shop/wp' };
  const left = (shadow: Workload) => cilium().namespace(managed('shop', { shadows: [shadow] }), options);
  assert.match(
    JSON.stringify(selectorOf(left(asWaypoint).drafts[0] ?? { object: { spec: {} } })),
    /"NotIn","values":\["wp"\]/,
  );
  assert.deepEqual(left(asWaypoint).findings, []);
  const declared = left(workload('shop/wp', { mode: 'shadow', selectors })).findings;
  assert.deepEqual(
    declared.map((each) => each.code),
    ['DefaultDenyPartial'],
  );
});

test('services of the namespace keep their own names: the DNS rule of the namespace has none of a service', () => {
  const spec = JSON.stringify(cilium().namespace(managed('shop'), options).drafts[0]?.object.spec);
  assert.doesNotMatch(spec, /matchName|"\*"/);
  assert.deepEqual(cilium().host({ host: 'a.example.com', ports: [] }, options).drafts, []);
  assert.equal(cilium().service(viewOf(workload('shop/cart')), options).drafts.length, 1);
});

function selectorOf(draft: { readonly object: { readonly spec: unknown } }): unknown {
  const { spec } = draft.object;
  return typeof spec === 'object' && spec !== null && 'endpointSelector' in spec ? spec.endpointSelector : undefined;
}
