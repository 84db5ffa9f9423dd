import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MeshConfig } from '../mesh.ts';
import { from, load, MESH, pod, policy, service, to } from '../test-objects.ts';
import type { WaypointRequest } from './request.ts';

const web = pod('shop/web');
const REQUEST: WaypointRequest = {
  from: web,
  waypoint: { namespace: 'shop', name: 'wp' },
  destination: { kind: 'Service', namespace: 'shop', name: 'cart' },
};
const GET: WaypointRequest = {
  ...REQUEST,
  protocol: 'http',
  method: 'GET',
  path: '/a',
  host: 'cart',
  headers: {},
  port: 80,
};

/** `verdict reason` under one policy on the Service with these rules. */
function under(
  rules: readonly object[],
  request: Partial<WaypointRequest> = {},
  { action = 'ALLOW', mesh = MESH }: { action?: string; mesh?: MeshConfig } = {},
): string {
  const provider = action === 'CUSTOM' ? { provider: { name: 'x' } } : {};
  const set = load([policy('shop/p', { ...service('cart'), action, ...provider, rules })], mesh);
  const { verdict, reason } = set.judgeWaypoint({ ...GET, ...request });
  return `${verdict} ${reason}`;
}

/** The same with nothing known but who, where and what is given. */
function unknown(rules: readonly object[], request: Partial<WaypointRequest> = {}, action = 'ALLOW'): string {
  const set = load([policy('shop/p', { ...service('cart'), action, rules })]);
  const { verdict, reason } = set.judgeWaypoint({ ...REQUEST, ...request });
  return `${verdict} ${reason}`;
}

const WEB = { principals: ['cluster.local/ns/shop/sa/web'] };

test('I12: an L4 rule needs no HTTP request; its port is the Service port', () => {
  const edge = [{ ...from(WEB), ...to({ ports: ['80'] }) }];
  assert.equal(unknown(edge, { port: 80 }), 'allowed AllowRule');
  assert.equal(unknown(edge, { port: 8080 }), 'denied DefaultDeny');
  assert.equal(unknown(edge, { from: pod('shop/x') }), 'denied DefaultDeny');
  assert.equal(unknown(edge), 'undecided PortUnknown');
});

test('an L7 field is undecided by name where it could matter, and only there', () => {
  const paths = { paths: ['/a'] };
  assert.equal(unknown([to(paths)]), 'undecided HttpPathUnknown');
  assert.equal(unknown([to({ methods: ['GET'] })], { protocol: 'http' }), 'undecided HttpMethodUnknown');
  assert.equal(unknown([to({ notHosts: ['a'] })], { protocol: 'http' }), 'undecided HttpHostUnknown');
  assert.equal(unknown([to(paths), {}]), 'allowed AllowRule');
  assert.equal(unknown([from({ namespaces: ['pay'] }), to(paths)]), 'undecided HttpPathUnknown');
  assert.equal(unknown([{ ...from({ namespaces: ['pay'] }), ...to(paths) }]), 'denied DefaultDeny');
  assert.equal(unknown([to(paths)], {}, 'DENY'), 'undecided HttpPathUnknown');
  const headers = [{ when: [{ key: 'request.headers[x]', values: ['1'] }] }];
  assert.equal(unknown(headers, { protocol: 'http' }), 'undecided HttpHeadersUnknown');
});

test('what is not modelled is undecided by name: JWT claims, remoteIp, source addresses, Envoy metadata', () => {
  const when = (key: string, value: string) => under([{ when: [{ key, values: [value] }] }]);
  assert.equal(when('request.auth.claims[iss]', 'a'), 'undecided JwtClaims');
  assert.equal(under([from({ requestPrincipals: ['*'] })]), 'undecided JwtClaims');
  assert.equal(under([from({ remoteIpBlocks: ['10.0.0.1'] })]), 'undecided RemoteIp');
  assert.equal(under([from({ ipBlocks: ['10.0.0.1'] })]), 'undecided SourceIpAtWaypoint');
  assert.equal(when('destination.ip', '10.0.0.1'), 'undecided DestinationIpUnknown');
  assert.equal(when('experimental.envoy.filters.a[b]', 'c'), 'undecided EnvoyFilterMetadata');
  assert.equal(when('request.headers[:scheme]', 'http'), 'undecided HttpSchemeUnknown');
});

test('a request without token matches no claim, HTTP has no SNI, and TCP has whatever is said', () => {
  const none = { claims: 'none' } as const;
  assert.equal(under([from({ requestPrincipals: ['*'] })], none), 'denied DefaultDeny');
  assert.equal(under([from({ notRequestPrincipals: ['*'] })], none), 'allowed AllowRule');
  const sni = (pattern: string) => [{ when: [{ key: 'connection.sni', values: [pattern] }] }];
  assert.equal(under(sni('*')), 'denied DefaultDeny');
  assert.equal(under(sni('*.x'), { protocol: 'tcp' }), 'undecided SniUnknown');
  assert.equal(under(sni('*.x'), { protocol: 'tcp', sni: 'a.x' }), 'allowed AllowRule');
  assert.equal(unknown(sni('*.x')), 'undecided SniUnknown');
});

test('CUSTOM has the last word on what would pass, and none on what is denied', () => {
  assert.equal(under([to({ paths: ['/a'] })], {}, { action: 'CUSTOM' }), 'undecided CustomAction');
  assert.equal(under([to({ paths: ['/b'] })], {}, { action: 'CUSTOM' }), 'allowed NoPolicy');
  const custom = policy('shop/c', { ...service('cart'), action: 'CUSTOM', provider: { name: 'x' }, rules: [{}] });
  const set = load([custom, policy('shop/p', service('cart'))]);
  assert.equal(set.judgeWaypoint(GET).reason, 'DefaultDeny');
});

test('I7: on a TCP port an ALLOW rule with HTTP fields is gone, a DENY rule goes on without them', () => {
  const tcp = { protocol: 'tcp' } as const;
  const mixed = [{ ...from(WEB), ...to({ methods: ['GET'] }) }];
  assert.equal(under(mixed, tcp), 'denied DefaultDeny');
  assert.equal(under(mixed, tcp, { action: 'DENY' }), 'denied DenyRule');
  assert.equal(under(mixed, { ...tcp, from: pod('shop/x') }, { action: 'DENY' }), 'allowed NoAllowPolicy');
  assert.equal(under([to({ methods: ['GET'] }, { ports: ['80'] })], tcp), 'denied DefaultDeny');
  assert.equal(under([to({ ports: ['80'] })], tcp), 'allowed AllowRule');
});

test('without a protocol an answer must hold for both', () => {
  const request = { ...GET };
  const { protocol: _, ...either } = request;
  const set = load([policy('shop/p', { ...service('cart'), rules: [to({ methods: ['GET'] })] })]);
  assert.deepEqual(set.judgeWaypoint(either).reason, 'HttpOrTcp');
  assert.equal(set.judgeWaypoint({ ...either, method: 'PUT' }).reason, 'DefaultDeny');
});

test('I4: cluster.local is the mesh here, aliases of the trust domain are one, other domains are not', () => {
  const mesh = { trustDomain: 'prod.example', trustDomainAliases: ['old.example'] };
  const admits = (principal: string, peer = web) =>
    under([from({ principals: [principal] })], { from: peer }, { mesh });
  assert.equal(admits('cluster.local/ns/shop/sa/web'), 'allowed AllowRule');
  assert.equal(admits('old.example/ns/shop/sa/web'), 'allowed AllowRule');
  assert.equal(admits('prod.example/ns/shop/sa/web', { ...web, trustDomain: 'old.example' }), 'allowed AllowRule');
  assert.equal(admits('*.example/ns/shop/sa/web', { ...web, trustDomain: 'x.example' }), 'allowed AllowRule');
  assert.equal(admits('prod*/ns/shop/sa/web', { ...web, trustDomain: 'old.example' }), 'allowed AllowRule');
  const moved = { mesh: { trustDomain: 'prod.example', trustDomainAliases: ['old.test'] } };
  const anyExample = [from({ principals: ['*.example/ns/shop/sa/web'] })];
  assert.equal(under(anyExample, { from: { ...web, trustDomain: 'old.test' } }, moved), 'allowed AllowRule');
  assert.equal(under(anyExample, { from: { ...web, trustDomain: 'new.test' } }, moved), 'denied DefaultDeny');
  assert.equal(admits('far.example/ns/shop/sa/web'), 'denied DefaultDeny');
  assert.equal(admits('cluster.local/ns/shop/*'), 'denied DefaultDeny');
  assert.equal(admits('*/ns/shop/sa/web', { ...web, trustDomain: 'any' }), 'allowed AllowRule');
  assert.equal(admits('spiffe://prod.example/ns/shop/sa/web'), 'denied DefaultDeny');
});

test('I5 and I6: service accounts and trust domains work here, in from and in when', () => {
  const far = { ...web, trustDomain: 'far.example' };
  const when = (key: string, value: string) => [{ when: [{ key, values: [value] }] }];
  assert.equal(under(when('source.serviceAccount', 'web'), { from: far }), 'allowed AllowRule');
  assert.equal(under(when('source.serviceAccount', 'shop/we'), { from: far }), 'denied DefaultDeny');
  assert.equal(under([from({ trustDomains: ['far.example'] })], { from: far }), 'allowed AllowRule');
  assert.equal(under([from({ trustDomains: ['far.*'] })], { from: far }), 'allowed AllowRule');
  assert.equal(under([from({ trustDomains: ['far'] })], { from: far }), 'denied DefaultDeny');
  assert.equal(under([from({ notTrustDomains: ['*'] })]), 'denied DefaultDeny');
  const mesh = { trustDomain: 'new', trustDomainAliases: ['old'] };
  assert.equal(under([from({ trustDomains: ['old'] })], {}, { mesh }), 'allowed AllowRule');
});

test('Z4: a peer without identity passes negative sources and no positive one', () => {
  const nobody = { from: { plaintext: true } } as const;
  assert.equal(under([from({ notPrincipals: ['*'] })], nobody), 'allowed AllowRule');
  assert.equal(under([from({ notNamespaces: ['*'] })], nobody), 'allowed AllowRule');
  assert.equal(under([from({ principals: ['*'] })], nobody), 'denied DefaultDeny');
  assert.equal(under([from({ namespaces: ['*'] })], nobody), 'denied DefaultDeny');
});

test('a * in namespaces crosses slashes, so that *a admits every namespace', () => {
  assert.equal(under([from({ namespaces: ['*a'] })]), 'allowed AllowRule');
  assert.equal(under([from({ namespaces: ['sh*p'] })]), 'allowed AllowRule');
  assert.equal(under([from({ namespaces: ['hop'] })]), 'denied DefaultDeny');
});

test('I18: paths match exact, prefix, suffix and template, after normalization and without the query', () => {
  const admits = (pattern: string, path: string) => under([to({ paths: [pattern] })], { path }).startsWith('allowed');
  assert.ok(admits('/a', '/a?b=c'));
  assert.ok(admits('/admin', '/x/../%61dmin'));
  assert.ok(admits('*.js', '/x/a.js'));
  assert.ok(!admits('/a', '//a'));
  assert.ok(!admits('/a/*', '/a'));
  assert.ok(!admits('/a', '/A'));
  assert.ok(admits('/{*}/b', '/a/b'));
  assert.ok(admits('/{*}/b', '/a=1/b'));
  assert.ok(!admits('/{*}/b', '/a*/b'));
  assert.ok(!admits('/{*}/b', '/a/c/b'));
  assert.ok(admits('/x/{**}', '/x/'));
  assert.ok(!admits('/x/{**}', '/x'));
  assert.ok(admits('/x.y/{*}/', '/x.y/1/'));
  assert.ok(!admits('/x.y/{*}', '/x-y/1'));
  assert.equal(under([to({ paths: ['{*}/a'] })]), 'undecided InvalidPathTemplate');
  assert.equal(under([to({ paths: ['//{*}'] })]), 'undecided InvalidPathTemplate');
  assert.equal(under([{}], { path: '/%00' }), 'denied MalformedPath');
});

test('hosts ignore case and keep their port; methods do not ignore case', () => {
  assert.equal(under([to({ hosts: ['Cart*'] })], { host: 'CART.shop' }), 'allowed AllowRule');
  assert.equal(under([to({ notHosts: ['cart'] })], { host: 'cart:80' }), 'allowed AllowRule');
  assert.equal(under([to({ methods: ['GET'] })], { method: 'get' }), 'denied DefaultDeny');
});

test('headers: name without case, * = present and not empty, pseudo-headers and host from the request', () => {
  const when = (name: string, values: object) => [{ when: [{ key: `request.headers[${name}]`, ...values }] }];
  const admits = (name: string, values: object, headers: Readonly<Record<string, string>>) =>
    under(when(name, values), { headers }).startsWith('allowed');
  assert.ok(admits('X-A', { values: ['1*'] }, { 'x-a': '12' }));
  assert.ok(!admits('x-a', { values: ['*'] }, {}));
  assert.ok(!admits('x-a', { values: ['*'] }, { 'X-A': '' }));
  assert.ok(admits('x-a', { notValues: ['1'] }, {}));
  assert.ok(admits(':path', { values: ['/a'] }, {}));
  assert.ok(admits('host', { values: ['cart'] }, {}));
  assert.ok(admits(':method', { values: ['G*'] }, {}));
});

test('a key that istiod lets in and cannot express drops an ALLOW rule and widens a DENY rule', () => {
  const when = (key: string) => [{ ...from(WEB), when: [{ key, values: ['1'] }] }];
  for (const key of ['request.headersx[a]', 'request.auth.claimsx[a]']) {
    assert.equal(under(when(key)), 'denied DefaultDeny');
    assert.equal(under(when(key), {}, { action: 'DENY' }), 'denied DenyRule');
  }
  for (const key of ['request.headers[a]', 'request.auth.claims[a]', 'request.auth.audiences']) {
    assert.equal(under(when(key), { protocol: 'tcp', headers: { a: '1' } }), 'denied DefaultDeny');
    assert.equal(under(when(key), { protocol: 'tcp', headers: {} }, { action: 'DENY' }), 'denied DenyRule');
  }
});

test('a verdict names the deciding rule', () => {
  const set = load([policy('shop/p', { ...service('cart'), rules: [to({ ports: ['1'] }), to({ ports: ['80'] })] })]);
  assert.deepEqual(set.judgeWaypoint(GET).decidedBy, [
    { kind: 'AuthorizationPolicy', namespace: 'shop', name: 'p', rule: 'spec.rules[1]' },
  ]);
});
