import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXEMPTIONS, egressTo, link, optionsOf, tcp, viewOf, workload } from '../kubernetes/testing/views.ts';
import { cilium } from './index.ts';

const options = optionsOf();
const cart = workload('shop/cart');
const web = workload('shop/web');

test('a shadow service compiles to nothing, and its enforced peer as usual', () => {
  const shadow = { ...cart, mode: 'shadow' } as const;
  assert.deepEqual(cilium().service(viewOf(shadow, { inbound: [link(web)] }), options), { drafts: [], findings: [] });
  const caller = cilium().service(viewOf(web, { outbound: [link(shadow)] }), options);
  assert.deepEqual(
    caller.drafts.map((draft) => draft.part),
    ['deny', 'grant'],
  );
});

test('a barred service compiles to nothing', () => {
  const barred = { ...cart, barred: 'IdentityIsNode' } as const;
  assert.deepEqual(cilium().service(viewOf(barred, { inbound: [link(web)] }), options).drafts, []);
});

test('a service that agrees with itself opens both of its own doors', () => {
  const view = viewOf(cart, { inbound: [link(cart)], outbound: [link(cart)] });
  const text = JSON.stringify(cilium().service(view, options).drafts[1]?.object.spec);
  assert.match(text, /"fromEndpoints":\[{"matchLabels".*"toEndpoints":\[{"matchLabels"/);
});

test('a change of one label and of the account while pods roll is one selector of both values', () => {
  const rolling = workload('shop/cart', {
    selectors: [
      { app: 'cart', version: '1' },
      { app: 'cart', version: '2' },
    ],
    accounts: ['cart', 'cart-v2'],
  });
  const { drafts } = cilium().service(viewOf(web, { outbound: [link(rolling)] }), options);
  assert.deepEqual(selectorsOf(drafts[1]?.object.spec), [
    {
      matchLabels: {
        'k8s:io.kubernetes.pod.namespace': 'shop',
        'k8s:io.cilium.k8s.policy.cluster': 'c1',
        'k8s:app': 'cart',
      },
      matchExpressions: [
        { key: 'k8s:version', operator: 'In', values: ['1', '2'] },
        { key: 'k8s:io.cilium.k8s.policy.serviceaccount', operator: 'In', values: ['cart', 'cart-v2'] },
      ],
    },
  ]);
});

test('a change of label keys while pods roll is one object per alternative, named by its content', () => {
  const alternatives = [{ app: 'cart' }, { name: 'cart' }];
  const names = (selectors: readonly Record<string, string>[]) =>
    cilium()
      .service(viewOf({ ...cart, selectors }, { inbound: [link(web)] }), options)
      .drafts.map((draft) => draft.object.metadata.name);
  const rolling = names(alternatives);
  assert.equal(new Set(rolling).size, 4);
  for (const name of rolling) assert.match(name, /^lattice-cart-[0-9a-f]{16}-(deny-)?[0-9a-f]{3}$/);
  assert.deepEqual(names(alternatives.toReversed()).toSorted(), rolling.toSorted());
  const [steady, ...rest] = names([{ app: 'cart' }]);
  assert.match(steady ?? '', /^lattice-cart-[0-9a-f]{16}-deny$/);
  assert.deepEqual(rest, [steady?.replace('-deny', '')]);
});

test('peers with the same ports share a rule, sorted; peers with other ports do not', () => {
  const inbound = [
    link(workload('a/one'), [tcp(80)]),
    link(workload('b/two'), [tcp(80)]),
    link(workload('c/three'), [tcp(90), tcp(80)]),
    link(workload('d/four'), [tcp(80), tcp(90)]),
  ];
  const { drafts } = cilium().service(viewOf(cart, { inbound }), options);
  const shape = rulesOf(drafts[1]?.object.spec, 'ingress').map((rule) => [
    rule.fromEndpoints?.map((each) => each.matchLabels?.['k8s:app']),
    rule.toPorts?.flatMap((each) => each.ports.map(({ port }) => port)),
  ]);
  assert.deepEqual(shape, [
    [['one', 'two'], ['80']],
    [
      ['three', 'four'],
      ['80', '90'],
    ],
  ]);
});

test('a service account with a name too long for a label loses the agreements and keeps the deny', () => {
  const long = { ...cart, accounts: ['a'.repeat(64)] };
  const self = cilium().service(viewOf(long, { inbound: [link(web)] }), options);
  assert.deepEqual(
    [self.drafts.map((draft) => draft.part), self.findings.map((each) => each.code)],
    [['deny'], ['PodsNotSelectable']],
  );
  const peer = cilium().service(viewOf(web, { outbound: [link(long)] }), options);
  assert.deepEqual(
    [peer.drafts.map((draft) => draft.part), peer.findings.map((each) => each.code)],
    [['deny'], ['PodsNotSelectable']],
  );
});

test('a peer that cannot be selected is reported once, and a resolver for every service', () => {
  const odd = workload('shop/odd', { selectors: [{ 'pod-template-hash': 'x' }] });
  const view = viewOf(cart, { inbound: [link(odd)], outbound: [link(odd)] });
  assert.equal(cilium().service(view, options).findings.length, 1);
  const resolvers = [{ namespace: 'kube-system', labels: { 'pod-template-hash': 'x' } }];
  const exemptions = { ...EXEMPTIONS, dns: { ...EXEMPTIONS.dns, resolvers } };
  const { drafts, findings } = cilium().service(viewOf(cart), optionsOf({ exemptions }));
  assert.deepEqual(
    findings.map(({ code, severity }) => [code, severity]),
    [['ResolverNotSelectable', 'error']],
  );
  assert.deepEqual(rulesOf(drafts[0]?.object.spec, 'egress'), [{}]);
});

test('a built-in peer and a service with the same ports share a rule', () => {
  const builtins = [
    {
      peer: { name: 'db', at: { kind: 'pods', namespace: 'data', labels: { app: 'db' } } },
      outbound: [{ port: 8080, protocol: 'TCP' }],
      inbound: [],
    },
  ] as const;
  const { drafts } = cilium().service(viewOf(web, { outbound: [link(cart)], builtins }), options);
  const rules = rulesOf(drafts[1]?.object.spec, 'egress');
  assert.deepEqual([rules.length, rules[0]?.toEndpoints?.length], [1, 2]);
});

test('3,000 callers are split by a hash of the caller into objects below 400 kB, each caller in one', () => {
  const callers = Array.from({ length: 3000 }, (_, index) => link(workload(`team-${index % 40}/caller-${index}`)));
  callers.sort((a, b) => (a.peer.key < b.peer.key ? -1 : 1));
  const { drafts, findings } = cilium().service(viewOf(cart, { inbound: callers }), options);
  const grants = drafts.filter((draft) => draft.part === 'grant').map((draft) => draft.object);
  assert.deepEqual([grants.length, findings], [4, []]);
  const named = grants.flatMap((object) => selectorsOf(object.spec).map((each) => JSON.stringify(each)));
  assert.deepEqual([named.length, new Set(named).size], [3000, 3000]);
  for (const object of grants) {
    assert.ok(JSON.stringify(object).length < 400_000);
    assert.match(object.metadata.name, /^lattice-cart-[0-9a-f]{16}-2-0[0-3]$/);
    assert.ok(object.metadata.name.length <= 63);
  }
});

test('a caller that comes or goes changes the one object that it is in', () => {
  const callers = Array.from({ length: 1500 }, (_, index) => link(workload(`team/caller-${10_000 + index}`)));
  const texts = (inbound: typeof callers) =>
    cilium()
      .service(viewOf(cart, { inbound }), options)
      .drafts.map((draft) => JSON.stringify(draft.object));
  const before = texts(callers);
  const after = texts(callers.toSpliced(700, 1));
  assert.equal(before.length, 3);
  assert.equal(before.filter((text) => !after.includes(text)).length, 1);
});

test('a few callers with very long labels are split by size', () => {
  const labels = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`label-${index}`, 'v'.repeat(63)]));
  const callers = Array.from({ length: 400 }, (_, index) =>
    link(workload(`team/caller-${1000 + index}`, { selectors: [{ ...labels, app: `caller-${index}` }] })),
  );
  const { drafts } = cilium().service(viewOf(cart, { inbound: callers }), options);
  assert.ok(drafts.length > 2);
  for (const draft of drafts) assert.ok(JSON.stringify(draft.object).length < 800_000);
});

test('the same view gives the same bytes, from a new engine and from a used one', () => {
  const view = viewOf(cart, {
    inbound: [link(web)],
    outbound: [link(workload('data/redis'))],
    egress: [egressTo('shop/x', 'https://a.example.com')],
  });
  const used = cilium();
  used.service(viewOf(web, { outbound: [link(cart)] }), options);
  const texts = [cilium().service(view, options), used.service(view, options), used.service(view, { ...options })];
  assert.equal(new Set(texts.map((each) => JSON.stringify(each))).size, 1);
});

test('the selector of a peer is one object in all policies that name it', () => {
  const engine = cilium();
  const first = engine.service(viewOf(web, { outbound: [link(cart)] }), options);
  const second = engine.service(viewOf(workload('shop/zed'), { outbound: [link(cart)] }), options);
  assert.equal(selectorsOf(first.drafts[1]?.object.spec)[0], selectorsOf(second.drafts[1]?.object.spec)[0]);
});

type Rules = readonly {
  readonly fromEndpoints?: readonly { readonly matchLabels?: Readonly<Record<string, string>> }[];
  readonly toEndpoints?: readonly object[];
  readonly toPorts?: readonly { readonly ports: readonly { readonly port: string }[] }[];
}[];

function rulesOf(spec: unknown, direction: 'ingress' | 'egress'): Rules {
  assert.ok(isRules(spec));
  return spec[direction] ?? [];
}

function selectorsOf(spec: unknown): readonly object[] {
  return [...rulesOf(spec, 'ingress'), ...rulesOf(spec, 'egress')].flatMap((rule) => [
    ...(rule.fromEndpoints ?? []),
    ...(rule.toEndpoints ?? []),
  ]);
}

function isRules(spec: unknown): spec is { readonly ingress?: Rules; readonly egress?: Rules } {
  return typeof spec === 'object' && spec !== null;
}
