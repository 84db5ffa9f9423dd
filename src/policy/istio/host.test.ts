import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostView } from '../../graph/index.ts';
import type { CompileOptions } from '../options.ts';
import { istio } from './index.ts';
import { codes, objectsOf, policies, said, specOf } from './testing/read.ts';
import { EGRESS, host, meshed, OPTIONS, workload } from './testing/views.ts';

const web = workload('shop/web');
const cart = workload('shop/cart');

function compile(given: HostView, options: Partial<CompileOptions> = {}) {
  return istio().host(given, { ...OPTIONS, egressWaypoint: EGRESS, ...options });
}

test('I16: a host is one ServiceEntry bound to the waypoint, and one policy per port with all of its callers', () => {
  const compiled = compile(host('api.example.com', { 'http:80': [web], 'https:443': [cart, web] }));
  const [entry, ...others] = objectsOf(compiled, 'ServiceEntry');
  assert.equal(others.length, 0);
  assert.equal(entry?.metadata.namespace, 'egress');
  assert.equal(entry?.metadata.labels['istio.io/use-waypoint'], 'way-out');
  assert.equal(entry?.metadata.labels['istio.io/use-waypoint-namespace'], 'egress');
  assert.deepEqual(entry && specOf(entry), {
    hosts: ['api.example.com'],
    location: 'MESH_EXTERNAL',
    ports: [
      { name: 'http-80', number: 80, protocol: 'HTTP' },
      { name: 'tls-443', number: 443, protocol: 'TLS' },
    ],
    resolution: 'DNS',
  });
  const target = { group: 'networking.istio.io', kind: 'ServiceEntry', name: entry?.metadata.name };
  assert.deepEqual(
    policies(compiled).map(({ namespace, targetRefs, rules }) => ({ namespace, targetRefs, rules: said(rules) })),
    [
      { namespace: 'egress', targetRefs: [target], rules: ['cluster.local/ns/shop/sa/web -> 80'] },
      {
        namespace: 'egress',
        targetRefs: [target],
        rules: ['cluster.local/ns/shop/sa/cart, cluster.local/ns/shop/sa/web -> 443'],
      },
    ],
  );
});

test('I16: hosts and ports are never crossed: a caller of one port is in no policy of another', () => {
  const compiled = compile(host('api.example.com', { 'tcp:1': [web], 'tcp:2': [cart], 'grpc:3': [web] }));
  assert.deepEqual(
    policies(compiled).flatMap(({ rules }) => said(rules)),
    ['cluster.local/ns/shop/sa/web -> 1', 'cluster.local/ns/shop/sa/cart -> 2', 'cluster.local/ns/shop/sa/web -> 3'],
  );
});

test('I16: the policies come before the ServiceEntry, so that it never stands without one', () => {
  const compiled = compile(host('api.example.com', { 'http:80': [web], 'https:443': [cart] }));
  assert.deepEqual(
    compiled.drafts.map(({ object, part }) => [object.kind, part]),
    [
      ['AuthorizationPolicy', 'grant'],
      ['AuthorizationPolicy', 'grant'],
      ['ServiceEntry', 'grant'],
    ],
  );
});

test('I17: a host gets no addresses of its own, so that the mesh allots one for its DNS', () => {
  const [entry] = objectsOf(compile(host('api.example.com', { 'tcp:9000': [web] })), 'ServiceEntry');
  assert.ok(entry);
  assert.doesNotMatch(JSON.stringify(entry.spec), /addresses|endpoints|exportTo/);
});

test('X7: a wildcard is resolved by DYNAMIC_DNS, as TLS or HTTP, and the flag it needs is named', () => {
  const compiled = compile(host('*.example.com', { 'http:80': [web], 'https:443': [web] }));
  const [entry] = objectsOf(compiled, 'ServiceEntry');
  assert.deepEqual(entry && specOf(entry), {
    hosts: ['*.example.com'],
    location: 'MESH_EXTERNAL',
    ports: [
      { name: 'http-80', number: 80, protocol: 'HTTP' },
      { name: 'tls-443', number: 443, protocol: 'TLS' },
    ],
    resolution: 'DYNAMIC_DNS',
  });
  assert.deepEqual(codes(compiled), ['warning WildcardNeedsFlag']);
});

test('what a waypoint cannot carry is refused port by port, and the other ports stay', () => {
  const compiled = compile(host('*.example.com', { 'grpc:50051': [web], 'http:80': [web], 'tcp:5432': [web, cart] }));
  assert.deepEqual(
    policies(compiled).flatMap(({ rules }) => said(rules)),
    ['cluster.local/ns/shop/sa/web -> 80'],
  );
  assert.deepEqual(
    compiled.findings.map(({ code, severity, object }) => `${severity} ${code} ${object?.name}`),
    ['error SchemeUnsupported web', 'error SchemeUnsupported web', 'error SchemeUnsupported cart'],
  );
});

test('X6: UDP and SCTP to a host are refused', () => {
  const compiled = compile(host('ntp.example.com', { 'sctp:9': [web], 'udp:123': [web] }));
  assert.deepEqual(compiled.drafts, []);
  assert.deepEqual(codes(compiled), ['error SchemeUnsupported', 'error SchemeUnsupported']);
});

test('one port declared with two schemes is TCP, for the callers of both', () => {
  const both = host('api.example.com', { 'tcp:443': [cart], 'https:443': [web], 'http:80': [web], 'grpc:80': [web] });
  const compiled = compile(both);
  assert.deepEqual(
    policies(compiled).flatMap(({ rules }) => said(rules)),
    ['cluster.local/ns/shop/sa/cart, cluster.local/ns/shop/sa/web -> 443', 'cluster.local/ns/shop/sa/web -> 80'],
  );
  const [entry] = objectsOf(compiled, 'ServiceEntry');
  assert.match(JSON.stringify(entry?.spec), /"tcp-443".*"tcp-80"/);
  assert.deepEqual(compiled.findings, []);
});

test('behind a wildcard one port has one scheme, and both are refused where two are declared', () => {
  const compiled = compile(host('*.example.com', { 'https:443': [web], 'http:443': [cart], 'http:80': [web] }));
  assert.deepEqual(
    policies(compiled).flatMap(({ rules }) => said(rules)),
    ['cluster.local/ns/shop/sa/web -> 80'],
  );
  assert.deepEqual(codes(compiled), ['error SchemeConflict', 'error SchemeConflict']);
});

test('a scheme that is not carried takes no other port of its number with it in silence', () => {
  const compiled = compile(host('ntp.example.com', { 'udp:123': [web], 'tcp:123': [cart] }));
  assert.deepEqual(compiled.drafts, []);
  assert.deepEqual(codes(compiled), ['error SchemeUnsupported', 'error SchemeUnsupported']);
});

test('a finding about a host is for each meshed caller alone', () => {
  const callers = [meshed('old/tool', 'none'), web];
  assert.deepEqual(codes(compile(host('*.example.com', { 'https:443': callers }))), ['warning WildcardNeedsFlag']);
  assert.deepEqual(codes(compile(host('*.example.com', { 'tcp:443': callers }))), ['error SchemeUnsupported']);
});

test('a host that istiod refuses is closed with the reason, for every caller', () => {
  for (const name of ['a_b.example.com', '*.x_y.example', `${'a'.repeat(64)}.example`, 'example.123']) {
    const compiled = compile(host(name, { 'https:443': [cart, web] }));
    assert.deepEqual(compiled.drafts, []);
    assert.deepEqual(codes(compiled), ['error HostUnsupported', 'error HostUnsupported']);
  }
});

test('a trust domain that names nobody closes the host', () => {
  const compiled = compile(host('api.example.com', { 'https:443': [web] }), { trustDomain: '*' });
  assert.deepEqual(compiled.drafts, []);
  assert.deepEqual(codes(compiled), ['error TrustDomainInvalid']);
});

test('only callers in the ambient mesh are named, and a port without any has no policy', () => {
  const callers = [
    meshed('old/tool', 'none'),
    meshed('old/car', 'sidecar'),
    workload('a/b', { barred: 'IdentityIsNode' }),
  ];
  const compiled = compile(host('api.example.com', { 'http:80': callers, 'https:443': [...callers, web] }));
  assert.deepEqual(
    policies(compiled).flatMap(({ rules }) => said(rules)),
    ['cluster.local/ns/shop/sa/web -> 443'],
  );
  assert.doesNotMatch(JSON.stringify(objectsOf(compiled, 'ServiceEntry')), /http-80/);
  assert.deepEqual(compile(host('api.example.com', { 'http:80': callers })), { drafts: [], findings: [] });
});

test('without an egress waypoint nothing is written, and Istio alone says why', () => {
  const given = host('api.example.com', { 'https:443': [web] });
  const compiled = istio().host(given, { ...OPTIONS, engines: ['istio'] });
  assert.deepEqual(compiled.drafts, []);
  assert.deepEqual(codes(compiled), ['error EgressWaypointMissing']);
  assert.deepEqual(istio().host(given, OPTIONS), { drafts: [], findings: [] });
});

test('a waypoint whose name no label holds binds no host', () => {
  const egressWaypoint = { ...EGRESS, name: 'w'.repeat(64) };
  const compiled = compile(host('api.example.com', { 'https:443': [web] }), { egressWaypoint });
  assert.deepEqual(compiled.drafts, []);
  assert.deepEqual(codes(compiled), ['error EgressWaypointInvalid']);
});

test('a wildcard whose callers a narrower host shuts out is reported, for the port and the caller that it concerns', () => {
  const hosts = [
    host('*.a.example.com', { 'https:443': [web] }),
    host('*.example.com', { 'https:443': [web, cart], 'http:80': [meshed('old/tool', 'none')] }),
    host('api.example.com', { 'https:443': [cart] }),
    host('example.com', { 'https:443': [cart] }),
    host('x.a.example.com', { 'https:443': [cart, web] }),
    host('z.test', { 'https:443': [cart] }),
  ];
  const { drafts, findings } = istio().egressWaypoint({ waypoint: EGRESS, callers: [], hosts }, OPTIONS);
  assert.equal(drafts.length, 1);
  assert.deepEqual(
    findings.map(({ code, severity, object, message }) => [
      `${severity} ${code} ${object?.name}`,
      message.split(' is ')[0],
    ]),
    [
      ['error HostShadowed cart', 'shop/cart -> *.example.com:443'],
      ['error HostShadowed web', 'shop/web -> *.example.com:443'],
    ],
  );
  assert.match(findings[0]?.message ?? '', /\*\.a\.example\.com/);
  assert.match(findings[1]?.message ?? '', / api\.example\.com/);
});

test('I1, I2: the egress waypoint is closed by an ALLOW without rules on the Gateway, beside the hosts own', () => {
  const compiled = istio().egressWaypoint({ waypoint: EGRESS, callers: [web], hosts: [] }, OPTIONS);
  const [object, ...others] = objectsOf(compiled, 'AuthorizationPolicy');
  assert.equal(others.length, 0);
  assert.equal(object?.metadata.namespace, 'egress');
  assert.equal(compiled.drafts[0]?.part, 'deny');
  assert.deepEqual(object && specOf(object), {
    targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'way-out' }],
    action: 'ALLOW',
  });
});

test('names differ between hosts, ports and the waypoint itself, also where one number begins another', () => {
  const many = Array.from({ length: 4000 }, (_, index) => workload(`far-away-namespace/caller-number-${index}`));
  const compiled = compile(host('api.example.com', { 'tcp:44': many, 'tcp:44305': [web], 'tcp:443': [web] }));
  const closing = istio().egressWaypoint({ waypoint: EGRESS, callers: [], hosts: [] }, OPTIONS);
  const other = compile(host('*.example.com', { 'http:44': [web] }));
  const names = [compiled, closing, other].flatMap(policies).map(({ name }) => name);
  assert.ok(names.length > 6);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.ok(name.length <= 63);
});
