import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadIstio } from './load-istio.ts';
import type { MeshWorkload } from './mesh.ts';
import { MESH, peerAuthentication, pod, policy } from './test-objects.ts';
import type { WaypointRequest } from './waypoint/request.ts';

const values = (...choices: readonly string[]) =>
  fc.uniqueArray(fc.constantFrom(...choices), { minLength: 1, maxLength: 2 });
const principals = values('*', 'cluster.local/ns/shop/sa/web', '*/sa/cart', 'far/ns/shop/*');
const namespaces = values('shop', 'p*', '*');
const blocks = values('10.0.0.0/24', '10.0.1.1');
const ports = values('80', '8080');

const entry = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] }).filter((held: object) => Object.keys(held).length > 0);
const source = entry({
  principals,
  notPrincipals: principals,
  namespaces,
  notNamespaces: namespaces,
  ipBlocks: blocks,
});
const l7Source = entry({
  principals,
  notNamespaces: namespaces,
  trustDomains: values('far', 'cluster.local'),
  requestPrincipals: values('*'),
});
const operation = entry({ ports, notPorts: ports });
const l7Operation = entry({
  ports,
  methods: values('GET', 'P*'),
  notPaths: values('/a', '/b*', '/{*}/c'),
  hosts: values('cart', '*.x'),
});
const conditions = fc.constantFrom(
  { key: 'source.principal', notValues: ['*/sa/web'] },
  { key: 'destination.port', values: ['80'] },
  { key: 'request.headers[x]', values: ['1'] },
);

const rule = (sources: fc.Arbitrary<object>, operations: fc.Arbitrary<object>) =>
  fc.record(
    {
      from: fc.array(fc.record({ source: sources }), { maxLength: 2 }),
      to: fc.array(fc.record({ operation: operations }), { maxLength: 2 }),
      when: fc.array(conditions, { maxLength: 1 }),
    },
    { requiredKeys: [] },
  );
const l4Rules = fc.array(rule(source, fc.oneof(operation, l7Operation)), { minLength: 1, maxLength: 2 });
const l7Rules = fc.array(rule(l7Source, l7Operation), { minLength: 1, maxLength: 2 });
const action = fc.constantFrom('ALLOW', 'DENY');
const place = fc.constantFrom({}, { selector: { matchLabels: { app: 'cart' } } }, { selector: {} });
const onService = { targetRefs: [{ group: '', kind: 'Service', name: 'cart' }] };

const l4Specs = fc.array(fc.tuple(action, l4Rules, place), { maxLength: 3 });
const l7Specs = fc.array(fc.tuple(action, l7Rules, fc.constant(onService)), { maxLength: 3 });
type Specs = readonly (readonly [string, readonly object[], object])[];
const objectsOf = (specs: Specs) =>
  specs.map(([verb, rules, where], index) => policy(`shop/p${index}`, { action: verb, rules, ...where }));

const caller: fc.Arbitrary<MeshWorkload> = fc.constantFrom(
  pod('shop/web'),
  pod('shop/cart', { ip: '10.0.1.1' }),
  pod('pay/web', { trustDomain: 'far' }),
  pod('shop/web', { plaintext: true }),
);
const cart = pod('shop/cart');
const request: fc.Arbitrary<WaypointRequest & { readonly protocol: 'http' | 'tcp' }> = fc.record({
  from: caller,
  waypoint: fc.constant({ namespace: 'shop', name: 'wp' }),
  destination: fc.constant({ kind: 'Service', namespace: 'shop', name: 'cart' } as const),
  port: fc.constantFrom(80, 8080),
  protocol: fc.constantFrom('http' as const, 'tcp' as const),
  method: fc.constantFrom('GET', 'PUT'),
  path: fc.constantFrom('/a', '/b1', '/a/c', '/x/../a'),
  host: fc.constantFrom('cart', 'a.X', 'cart:80'),
  headers: fc.constantFrom({}, { X: '1' }, { x: '2' }),
});
const hidden = fc.subarray(['port', 'protocol', 'method', 'path', 'host', 'headers'] as const);

test('the order of the objects decides nothing', () => {
  fc.assert(
    fc.property(l4Specs, l7Specs, caller, request, fc.constantFrom(80, 8080), (l4, l7, from, asked, port) => {
      const objects = [
        policy('shop/x', { action: 'DENY' }),
        policy('shop/y', { rules: 1 }),
        ...objectsOf(l4),
        ...objectsOf(l7),
        peerAuthentication('shop/a', { mtls: { mode: 'STRICT' } }),
      ].map((object, index) => ({ ...object, metadata: { name: `p${index}`, namespace: 'shop' } }));
      const [one, other] = [objects, objects.toReversed()].map((shuffled) => {
        const set = loadIstio(shuffled, MESH);
        return [set.judgeZtunnel({ from, to: cart, port }), set.judgeWaypoint(asked), set.refusals, set.accepted];
      });
      assert.deepEqual(one, other);
    }),
  );
});

test('a DENY policy more never opens anything, at ztunnel or at a waypoint', () => {
  fc.assert(
    fc.property(l4Specs, l4Rules, caller, l7Specs, l7Rules, request, (l4, deny, from, l7, l7Deny, asked) => {
      const before = loadIstio([...objectsOf(l4), ...objectsOf(l7).map(renamed)], MESH);
      const more = [
        policy('shop/d', { action: 'DENY', rules: deny }),
        policy('shop/e', { ...onService, action: 'DENY', rules: l7Deny }),
      ];
      const after = loadIstio([...objectsOf(l4), ...objectsOf(l7).map(renamed), ...more], MESH);
      const flow = { from, to: cart, port: 80 };
      if (before.judgeZtunnel(flow).verdict === 'denied') assert.equal(after.judgeZtunnel(flow).verdict, 'denied');
      if (before.judgeWaypoint(asked).verdict === 'denied') assert.equal(after.judgeWaypoint(asked).verdict, 'denied');
    }),
  );
});

test('an answer to a question with gaps is the answer however the gaps are filled', () => {
  let decided = 0;
  fc.assert(
    fc.property(l7Specs, request, hidden, (specs, full, gaps) => {
      const set = loadIstio(objectsOf(specs), MESH);
      const asked = Object.fromEntries(Object.entries(full).filter(([field]) => !gaps.some((gap) => gap === field)));
      const { from, waypoint, destination } = full;
      const partial = set.judgeWaypoint({ ...asked, from, waypoint, ...(destination ? { destination } : {}) });
      if (partial.verdict === 'undecided') return;
      decided += 1;
      assert.equal(set.judgeWaypoint(full).verdict, partial.verdict);
    }),
    { numRuns: 300 },
  );
  assert.ok(decided > 50, `only ${decided} answers`);
});

test('an answer of ztunnel without addresses is the answer for every address', () => {
  fc.assert(
    fc.property(l4Specs, caller, (specs, from) => {
      const set = loadIstio(objectsOf(specs), MESH);
      const { ip: _, ...nowhere } = from;
      const partial = set.judgeZtunnel({ from: nowhere, to: cart, port: 80 });
      if (partial.verdict !== 'undecided') {
        assert.equal(set.judgeZtunnel({ from, to: cart, port: 80 }).verdict, partial.verdict);
      }
    }),
  );
});

test('walking the rules of ztunnelPolicyOf gives the verdict of judgeZtunnel', () => {
  fc.assert(
    fc.property(l4Specs, caller, (specs, from) => {
      const set = loadIstio(objectsOf(specs), MESH);
      const { denies, allows } = set.ztunnelPolicyOf(cart);
      const { verdict, decidedBy } = set.judgeZtunnel({ from, to: cart, port: 80 });
      const rules = [...denies, ...allows].flatMap((held) => [held, ...held.rules].map(({ object }) => object));
      for (const ref of decidedBy) assert.ok(rules.some((known) => JSON.stringify(known) === JSON.stringify(ref)));
      if (denies.length + allows.length === 0) assert.equal(verdict, 'allowed');
    }),
  );
});

function renamed(object: object, index: number): object {
  return { ...object, metadata: { name: `w${index}`, namespace: 'shop' } };
}
