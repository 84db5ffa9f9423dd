import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadAll } from 'js-yaml';
import { isLattice, parseObject } from '../../src/api/index.ts';
import type { Fact, Input } from '../../src/graph/index.ts';
import { prove } from '../../src/verify/index.ts';
import { worldOf } from './support.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/online-boutique/services.yaml');
const { claim } = worldOf(declarations(), { mesh: 'ambient', engines: ['cilium', 'istio'] });
const PAIR = '"toPorts":[{"ports":[{"port":"15008","protocol":"TCP"}]}]';
const TO_REDIS = /"egress":\[\{"toEndpoints":\[\{"matchLabels":\{[^}]*redis-cart[^}]*\}\}\],/;
const ACCOUNT_OF_REDIS =
  /"k8s:io\.cilium\.k8s\.policy\.serviceaccount":"[^"]*",(?="k8s:app":"redis-cart"|[^}]*redis-cart)/;

/** One object's text before and after, and what it does. Every one is applied to the first object that it fits. */
const HARMFUL: readonly (readonly [what: string, find: string | RegExp, replace: string])[] = [
  ['a principal of nobody', '"principals":[', '"principals":["cluster.local/ns/evil/sa/evil",'],
  ['a principal of another trust domain', '"principals":[', '"principals":["other.example/ns/default/sa/frontend",'],
  ['every principal', /"principals":\[[^\]]*\]/, '"principals":["*"]'],
  ['a whole namespace', /"principals":\[[^\]]*\]/, '"namespaces":["evil"]'],
  ['no principal', /"rules":\[.*\]/, '"rules":[]'],
  ['no ports at ztunnel', /,"to":\[\{"operation":\{"ports":\[[^\]]*\]\}\}\]/, ''],
  ['one more port at ztunnel', '"operation":{"ports":[', '"operation":{"ports":["9999",'],
  ['DENY for ALLOW', '"action":"ALLOW"', '"action":"DENY"'],
  ['every account of the peer', ACCOUNT_OF_REDIS, ''],
  ['every port', PAIR, '"toPorts":[{"ports":[{"port":"0","protocol":"TCP"}]}]'],
  ['a range of ports', PAIR, '"toPorts":[{"ports":[{"port":"15008","endPort":15010,"protocol":"TCP"}]}]'],
  ['every protocol', PAIR, '"toPorts":[{"ports":[{"port":"15008"}]}]'],
  ['another port', PAIR, '"toPorts":[{"ports":[{"port":"15009","protocol":"TCP"}]}]'],
  [
    'HTTP rules inside the tunnel',
    PAIR,
    '"toPorts":[{"ports":[{"port":"15008","protocol":"TCP"}],"rules":{"http":[{"method":"GET"}]}}]',
  ],
  ['the world', '"egress":[', '"egress":[{"toEntities":["world"]},'],
  ['one address', '"egress":[', '"egress":[{"toCIDR":["192.0.2.7/32"]},'],
  [
    'one name',
    '"egress":[',
    '"egress":[{"toFQDNs":[{"matchPattern":"api.*.com"}],"toPorts":[{"ports":[{"port":"443","protocol":"TCP"}]}]},',
  ],
  [
    'namespaces with a label',
    '"egress":[',
    '"egress":[{"toEndpoints":[{"matchLabels":{"k8s:io.cilium.k8s.namespace.labels.team":"x"}}]},',
  ],
  ['a rule without peers', '"egress":[', '"egress":[{"toPorts":[{"ports":[{"port":"80","protocol":"TCP"}]}]},'],
  ['a misspelt peer', TO_REDIS, '"egress":[{"toEndpoint":[],'],
  [
    'a deny',
    /"egress":\[(?=\{"toEndpoints":\[\{"matchLabels":\{[^}]*redis-cart)/,
    '"egressDeny":[{"toEndpoints":[{}]}],"egress":[',
  ],
  ['ICMP', '"egress":[', '"egress":[{"toEntities":["cluster"],"icmps":[{"fields":[{"type":3,"family":"IPv4"}]}]},'],
  ['another cluster', '"k8s:io.cilium.k8s.policy.cluster":"default"', '"k8s:io.cilium.k8s.policy.cluster":"c2"'],
  ['a refused object', /"ingress":\[.*?\],"egress"/, '"ingress":[],"egress"'],
  [
    'no default deny',
    /"spec":\{(?="endpointSelector":\{"matchLabels":\{[^}]*\}\},"ingress":\[\{"fromCIDR")/,
    '"spec":{"enableDefaultDeny":{"ingress":false,"egress":false},',
  ],
];

const HARMLESS: readonly (readonly [what: string, find: string | RegExp, replace: string])[] = [
  ['nothing', /^/, ''],
  ['a description', '"spec":{', '"spec":{"description":"x",'],
  ['an annotation', '"metadata":{', '"metadata":{"annotations":{"a":"b"},'],
  ['the local cluster left to the default', /,"k8s:io\.cilium\.k8s\.policy\.cluster":"default"/, ''],
  ['a key of any source', '"k8s:app":"redis-cart"', '"app":"redis-cart"'],
];

test('verify finds every harmful change to an object, and names a flow that it opens or closes', () => {
  for (const [what, find, replace] of HARMFUL) {
    const { counterexamples } = prove({ ...claim, objects: tampered(find, replace, what) });
    assert.ok(counterexamples.length > 0, what);
  }
});

test('verify finds a missing object, whichever it is', () => {
  for (const missing of claim.objects) {
    const { counterexamples } = prove({ ...claim, objects: claim.objects.filter((object) => object !== missing) });
    assert.ok(counterexamples.length > 0, JSON.stringify(missing).slice(0, 120));
  }
});

test('verify passes what makes no difference', () => {
  for (const [what, find, replace] of HARMLESS) {
    const { counterexamples } = prove({ ...claim, objects: tampered(find, replace, what) });
    assert.deepEqual(counterexamples, [], what);
  }
  assert.deepEqual(prove({ ...claim, objects: claim.objects.toReversed() }).counterexamples, []);
});

function tampered(find: string | RegExp, replace: string, what: string): readonly unknown[] {
  let done = false;
  const objects = claim.objects.map((object): unknown => {
    const text = JSON.stringify(object);
    const changed = done ? text : text.replace(find, () => replace);
    done ||= changed !== text || what === 'nothing';
    return JSON.parse(changed);
  });
  assert.ok(done, `no object has what "${what}" changes`);
  return objects;
}

function declarations(): Input[] {
  return loadAll(readFileSync(EXAMPLE, 'utf8')).flatMap(declared);
}

function declared(raw: unknown): Input[] {
  const parsed = isLattice(raw) ? parseObject(raw) : undefined;
  const value = parsed?.ok === true ? parsed.value : undefined;
  return value?.kind === 'LatticeService' || value?.kind === 'LatticeExternalService' ? [value] : [];
}

test('verify finds DNS rules that hide an agreed name, let any name be asked, or let none be seen', () => {
  const [service, external] = [
    {
      kind: 'LatticeService',
      metadata: { name: 'shop' },
      spec: { selector: { matchLabels: { app: 'shop' } }, resources: { api: { type: 'external_service' } } },
    },
    {
      kind: 'LatticeExternalService',
      metadata: { name: 'api' },
      spec: { endpoints: { main: 'https://api.example.com' }, allowed_requesters: ['shop'] },
    },
  ].map((each) => ({ apiVersion: 'lattice.dev/v1alpha1', ...each }));
  const world = worldOf([service, external].flatMap(declared), { mesh: 'none', engines: ['cilium'] });
  const objects = (find: RegExp, replace: string) =>
    world.claim.objects.map((each): unknown => JSON.parse(JSON.stringify(each).replace(find, replace)));
  const reasons = (changed: readonly unknown[]) =>
    prove({ ...world.claim, objects: changed }).counterexamples.map((each) => `${each.to} ${each.actual}`);
  assert.deepEqual(reasons(world.claim.objects), []);
  assert.deepEqual(reasons(objects(/\{"matchName":"api.example.com"\}(?=\]\})/, '{"matchName":"other.example.com"}')), [
    'DNS for api.example.com denied',
  ]);
  assert.deepEqual(reasons(objects(/\{"matchName":"api.example.com"\}(?=\]\})/, '{"matchPattern":"*"}')), [
    'DNS for lattice-nobody.example allowed',
  ]);
  assert.deepEqual(reasons(objects(/,"rules":\{"dns":.*?\]\}/, '')), ['DNS for api.example.com denied']);
});

/** A Service behind a waypoint, and a host behind the egress waypoint: what only objects at a waypoint guard. */
const FRONTED = [
  ...['web', 'cart'].map((name) => ({
    kind: 'LatticeService',
    metadata: { name, namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: name } },
      serviceAccount: name,
      service: { ports: { http: { port: 80, targetPort: 8080 } } },
      resources:
        name === 'web' ? { cart: {}, api: { type: 'external_service' } } : { web: { direction: 'inbound' as const } },
    },
  })),
  {
    kind: 'LatticeExternalService',
    metadata: { name: 'api', namespace: 'shop' },
    spec: { endpoints: { main: 'https://api.example.com' }, allowed_requesters: ['web'] },
  },
].map((each) => ({ apiVersion: 'lattice.dev/v1alpha1', ...each }));
const STAGE: readonly Fact[] = [
  { kind: 'namespace', name: 'shop', managed: false, dataplane: 'ambient', waypoint: 'shop/way' },
  { kind: 'gateway', key: 'shop/way', namespace: 'shop', name: 'way', programmed: true, serves: 'service' },
];

/** The object that is changed, by a part of its text, and the change. */
const AT_WAYPOINTS: readonly (readonly [what: string, which: RegExp, find: RegExp | string, replace: string])[] = [
  ['one more Service port at the waypoint', /"kind":"Service","name":"cart"/, '"ports":["80"', '"ports":["80","4444"'],
  ['another Service', /"kind":"Service","name":"cart"/, '"name":"cart"', '"name":"cartt"'],
  [
    'a whole namespace at the waypoint',
    /"kind":"Service","name":"cart"/,
    /"principals":\[[^\]]*\]/,
    '"namespaces":["zz"]',
  ],
  [
    'addresses at the waypoint',
    /"kind":"Service","name":"cart"/,
    /"principals":\[[^\]]*\]/,
    '"ipBlocks":["10.0.0.0/8"]',
  ],
  [
    'the account in any trust domain, at the waypoint',
    /"kind":"Service","name":"cart"/,
    /"principals":\[[^\]]*\]/,
    '"serviceAccounts":["shop/web"]',
  ],
  ['the waypoint in any trust domain, at ztunnel', /sa\/way"/, 'cluster.local/ns', '*/ns'],
  ['addresses at ztunnel', /sa\/way"/, '"rules":[', '"rules":[{"from":[{"source":{"ipBlocks":["10.0.0.0/8"]}}]},'],
  [
    'a waypoint of another account',
    /"serviceaccount":"way"|serviceaccount":"way"/,
    /,"k8s:[^"]*serviceaccount":"way"/,
    '',
  ],
  ['no default deny of the egress waypoint', /"kind":"Gateway","name":"egress"/, '"name":"egress"', '"name":"egresss"'],
  ['any name asked by the egress waypoint', /"dns":\[/, /"dns":\[[^\]]*\]/, '"dns":[{"matchPattern":"*"}]'],
  ['another host', /"ServiceEntry","metadata/, '"hosts":["api.', '"hosts":["apj.'],
  ['one more host', /"ServiceEntry","metadata/, '"hosts":[', '"hosts":["evil.example.com",'],
  ['another port of the host', /"ServiceEntry","metadata/, '"number":443', '"number":444'],
  ['no waypoint for the host', /"ServiceEntry","metadata/, '"istio.io/use-waypoint":"egress"', '"x":"egress"'],
  ['another waypoint for the host', /"ServiceEntry","metadata/, 'use-waypoint":"egress"', 'use-waypoint":"way"'],
  [
    'an address for the host',
    /"ServiceEntry","metadata/,
    '"hosts":[',
    '"endpoints":[{"address":"203.0.113.9"}],"hosts":[',
  ],
  ['no resolution of the host', /"ServiceEntry","metadata/, '"resolution":"DNS"', '"resolution":"NONE"'],
];

test('verify finds every harmful change to what stands at a waypoint, and a missing object there', () => {
  const inputs = [...STAGE, ...FRONTED.flatMap(declared)];
  const fronted = worldOf(inputs, { mesh: 'ambient', engines: ['cilium', 'istio'] }).claim;
  assert.deepEqual(prove(fronted).counterexamples, []);
  for (const [what, which, find, replace] of AT_WAYPOINTS) {
    let changed = 0;
    const objects = fronted.objects.map((object): unknown => {
      const text = JSON.stringify(object);
      const after = which.test(text) ? text.replace(find, () => replace) : text;
      if (after !== text) changed++;
      return JSON.parse(after);
    });
    assert.ok(changed > 0, `no object has what "${what}" changes`);
    assert.ok(prove({ ...fronted, objects }).counterexamples.length > 0, what);
  }
  for (const missing of fronted.objects) {
    const { counterexamples } = prove({ ...fronted, objects: fronted.objects.filter((object) => object !== missing) });
    assert.ok(counterexamples.length > 0, JSON.stringify(missing).slice(0, 200));
  }
});
