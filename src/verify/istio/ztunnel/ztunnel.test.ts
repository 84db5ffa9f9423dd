import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadIstio } from '../load-istio.ts';
import { app, ask, from, load, MESH, pod, policy, to } from '../test-objects.ts';

const web = pod('shop/web');
const cart = pod('shop/cart');
const PRINCIPAL = { principals: ['cluster.local/ns/shop/sa/web'] };

test('I1: no policy allows all, ALLOW without rules nobody, rules [{}] everybody, DENY comes before ALLOW', () => {
  assert.equal(ask(load([]), web, cart), 'allowed NoPolicy');
  assert.equal(ask(load([policy('shop/p', {})]), web, cart), 'denied DefaultDeny');
  assert.equal(ask(load([policy('shop/p', { rules: [] })]), web, cart), 'denied DefaultDeny');
  const open = policy('shop/p', { rules: [{}] });
  assert.equal(ask(load([open]), web, cart), 'allowed AllowRule');
  const deny = policy('shop/d', { action: 'DENY', rules: [from(PRINCIPAL)] });
  assert.equal(ask(load([open, deny]), web, cart), 'denied DenyRule');
  assert.equal(ask(load([deny]), pod('shop/other'), cart), 'allowed NoAllowPolicy');
});

test('I2: the root namespace reaches every namespace, with or without selector, and ALLOWs unite', () => {
  const everywhere = policy('istio-system/all', {});
  const narrow = policy('shop/edge', { ...app('cart'), rules: [{ ...from(PRINCIPAL), ...to({ ports: ['8080'] }) }] });
  const set = load([everywhere, narrow]);
  assert.equal(ask(set, web, cart), 'allowed AllowRule');
  assert.equal(ask(set, web, cart, 9090), 'denied DefaultDeny');
  assert.equal(ask(set, web, pod('pay/cart')), 'denied DefaultDeny');
  const selecting = load([policy('istio-system/carts', app('cart'))]);
  assert.equal(ask(selecting, web, pod('pay/cart')), 'denied DefaultDeny');
  assert.equal(ask(selecting, web, pod('pay/other')), 'allowed NoPolicy');
  const broad = load([everywhere, narrow, policy('shop/broad', { rules: [from({ namespaces: ['shop'] })] })]);
  assert.equal(ask(broad, pod('shop/other'), cart, 9090), 'allowed AllowRule');
});

test('I2: a root namespace of another name is the root', () => {
  const set = load([policy('mesh/all', {})], { ...MESH, rootNamespace: 'mesh' });
  assert.equal(ask(set, web, cart), 'denied DefaultDeny');
});

test('I4 and Z10: principals have no spiffe://, wildcards only at the ends, no alias for the trust domain', () => {
  const admits = (principal: string, mesh = MESH) =>
    ask(load([policy('shop/p', { rules: [from({ principals: [principal] })] })], mesh), web, cart);
  assert.equal(admits('cluster.local/ns/shop/sa/web'), 'allowed AllowRule');
  assert.equal(admits('spiffe://cluster.local/ns/shop/sa/web'), 'denied DefaultDeny');
  assert.equal(admits('cluster.local/ns/shop/*'), 'allowed AllowRule');
  assert.equal(admits('*/sa/web'), 'allowed AllowRule');
  assert.equal(admits('*'), 'allowed AllowRule');
  assert.equal(admits('cluster.local/ns/*/sa/web'), 'denied DefaultDeny');
  assert.equal(admits('*/ns/shop/*'), 'denied DefaultDeny');
  assert.equal(admits('cluster.local/ns/shop/sa/web', { trustDomain: 'prod.example' }), 'denied DefaultDeny');
  assert.equal(admits('prod.example/ns/shop/sa/web', { trustDomain: 'prod.example' }), 'allowed AllowRule');
});

test('I5 and Z8: service accounts match in any trust domain; a bare name is in the namespace of the policy', () => {
  const set = load([policy('shop/p', { rules: [from({ serviceAccounts: ['web', 'pay/till'] })] })]);
  assert.equal(ask(set, { ...web, trustDomain: 'far.example' }, cart), 'allowed AllowRule');
  assert.equal(ask(set, pod('pay/till'), cart), 'allowed AllowRule');
  assert.equal(ask(set, pod('pay/web'), cart), 'denied DefaultDeny');
  const root = load([policy('istio-system/p', { ...app('cart'), rules: [from({ serviceAccounts: ['web'] })] })]);
  assert.equal(ask(root, web, cart), 'denied DefaultDeny');
  assert.equal(ask(root, pod('istio-system/web'), cart), 'allowed AllowRule');
});

test('I6: trustDomains are dropped beside namespaces and never match alone', () => {
  const both = load([policy('shop/p', { rules: [from({ namespaces: ['shop'], trustDomains: ['far.example'] })] })]);
  assert.equal(ask(both, web, cart), 'allowed AllowRule');
  const alone = load([policy('shop/p', { rules: [from({ trustDomains: ['cluster.local'] })] })]);
  assert.equal(ask(alone, web, cart), 'denied DefaultDeny');
});

test('I7 and Z1: an ALLOW rule with L7 is dropped; a DENY rule is widened or void, by where its L4 fields stand', () => {
  const allow = load([policy('shop/p', { rules: [to({ methods: ['GET'] }), from(PRINCIPAL)] })]);
  assert.equal(ask(allow, web, cart), 'allowed AllowRule');
  assert.equal(ask(allow, pod('shop/other'), cart), 'denied DefaultDeny');
  const denies = (rule: object) => ask(load([policy('shop/p', { action: 'DENY', rules: [rule] })]), web, cart);
  assert.equal(denies(to({ methods: ['GET'] })), 'allowed NoAllowPolicy');
  assert.equal(denies(to({ methods: ['GET'], ports: ['8080'] })), 'denied DenyRule');
  assert.equal(denies({ ...from(PRINCIPAL), ...to({ methods: ['GET'] }) }), 'allowed NoAllowPolicy');
  const when = [{ key: 'request.headers[x]', values: ['1'] }];
  assert.equal(denies({ ...from(PRINCIPAL), when }), 'allowed NoAllowPolicy');
  assert.equal(denies(from({ requestPrincipals: ['*'], namespaces: ['shop'] })), 'denied DenyRule');
  assert.equal(denies(from({ requestPrincipals: ['*'] }, PRINCIPAL)), 'denied DenyRule');
});

test('I8: ztunnel knows addresses, ports and the five L4 keys; source.serviceAccount in when is L7 to it', () => {
  const when = (key: string, values: readonly string[]) =>
    ask(load([policy('shop/p', { rules: [{ when: [{ key, values }] }] })]), { ...web, ip: '10.0.0.7' }, cart);
  assert.equal(when('source.ip', ['10.0.0.0/24']), 'allowed AllowRule');
  assert.equal(when('source.ip', ['2001:db8::/32']), 'denied DefaultDeny');
  assert.equal(when('destination.ip', ['10.0.0.1']), 'allowed AllowRule');
  assert.equal(when('destination.port', ['8080']), 'allowed AllowRule');
  assert.equal(when('source.namespace', ['sh*']), 'allowed AllowRule');
  assert.equal(when('source.principal', ['*/sa/web']), 'allowed AllowRule');
  assert.equal(when('source.serviceAccount', ['shop/web']), 'denied DefaultDeny');
});

test('I8: an address that the question leaves out is undecided where it could matter, and only there', () => {
  const { ip: _, ...nowhere } = web;
  const set = load([
    policy('shop/p', { rules: [{ ...from({ ipBlocks: ['10.0.0.0/8'] }), ...to({ ports: ['80'] }) }] }),
  ]);
  assert.equal(ask(set, nowhere, cart, 80), 'undecided SourceIpUnknown');
  assert.equal(ask(set, nowhere, cart, 81), 'denied DefaultDeny');
  const later = load([policy('shop/p', { rules: [to({ ports: ['1'] }), from({ ipBlocks: ['10.0.0.0/8'] })] })]);
  assert.equal(ask(later, nowhere, cart, 80), 'undecided SourceIpUnknown');
  const deny = policy('shop/d', { action: 'DENY', rules: [from({ ipBlocks: ['10.0.0.0/8'] })] });
  assert.equal(ask(load([deny]), nowhere, cart), 'undecided SourceIpUnknown');
  assert.equal(ask(load([deny, policy('shop/p', {})]), nowhere, cart), 'denied DefaultDeny');
});

test('I9 and Z9: dry run enforces nothing, whether istiod sends it or not', () => {
  const dry = policy('shop/p', app('cart'), { 'istio.io/dry-run': 'true' });
  for (const dryRun of [false, true]) {
    const set = load([dry], { ...MESH, dryRun });
    assert.equal(ask(set, web, cart), 'allowed NoPolicy');
    assert.equal(set.ztunnelPolicyOf(cart).attached.length, dryRun ? 1 : 0);
  }
  const off = load([policy('shop/p', app('cart'), { 'istio.io/dry-run': 'false' })]);
  assert.equal(ask(off, web, cart), 'denied DefaultDeny');
});

test('I10: a policy for the waypoint alone shuts out callers that come direct', () => {
  const principals = ['cluster.local/ns/shop/sa/waypoint'];
  const set = load([policy('shop/p', { ...app('cart'), rules: [from({ principals })] })]);
  assert.equal(ask(set, pod('shop/waypoint'), cart), 'allowed AllowRule');
  assert.equal(ask(set, web, cart), 'denied DefaultDeny');
});

test('I12 and Z11: ports are container ports, port 0 matches nothing, an empty from is any source', () => {
  const set = load([policy('shop/p', { rules: [to({ ports: ['080', '0'] })] })]);
  assert.equal(ask(set, web, cart, 80), 'allowed AllowRule');
  assert.equal(ask(set, web, cart, 8080), 'denied DefaultDeny');
  const anybody = load([policy('shop/p', { rules: [{ from: [], ...to({ ports: ['8080'] }) }] })]);
  assert.equal(ask(anybody, pod('x/y'), cart), 'allowed AllowRule');
});

test('I14, Z4 and Z5: plaintext has no identity, so that negative sources admit it and DENY misses it', () => {
  const plain = { ...web, plaintext: true };
  const allows = (source: object) => ask(load([policy('shop/p', { rules: [from(source)] })]), plain, cart);
  assert.equal(allows({ namespaces: ['shop'] }), 'denied DefaultDeny');
  assert.equal(allows({ principals: ['*'] }), 'denied DefaultDeny');
  assert.equal(allows({ notPrincipals: ['*'] }), 'allowed AllowRule');
  assert.equal(allows({ notNamespaces: ['pay'] }), 'allowed AllowRule');
  assert.equal(allows({ notServiceAccounts: ['web'] }), 'allowed AllowRule');
  const deny = load([policy('shop/d', { action: 'DENY', rules: [from({ namespaces: ['shop'] })] })]);
  assert.equal(ask(deny, plain, cart), 'allowed NoAllowPolicy');
});

test('Z2: selector {} attaches to nothing, an empty matchLabels to the whole namespace', () => {
  assert.equal(ask(load([policy('shop/p', { selector: {} })]), web, cart), 'allowed NoPolicy');
  assert.equal(ask(load([policy('shop/p', { selector: { matchLabels: {} } })]), web, cart), 'denied DefaultDeny');
});

test('Z3: a pod without labels gets every selector policy of its namespace and of the root namespace', () => {
  const bare = { ...cart, labels: {} };
  assert.equal(ask(load([policy('shop/p', app('other'))]), web, bare), 'denied DefaultDeny');
  assert.equal(ask(load([policy('istio-system/p', app('other'))]), web, bare), 'denied DefaultDeny');
  assert.equal(ask(load([policy('pay/p', app('other'))]), web, bare), 'allowed NoPolicy');
});

test('Z12: CUSTOM, AUDIT and policies with targetRefs do not exist for ztunnel', () => {
  const custom = policy('shop/c', { action: 'CUSTOM', provider: { name: 'x' }, rules: [{}] });
  const audit = policy('shop/a', { action: 'AUDIT', rules: [{}] });
  const targeted = policy('shop/t', { targetRefs: [{ group: '', kind: 'Service', name: 'cart' }] });
  assert.equal(ask(load([custom, audit, targeted]), web, cart), 'allowed NoPolicy');
});

test('Z13: with the flag on, only the waypoint reaches a workload behind it', () => {
  const behind = { ...cart, waypoint: { namespace: 'shop', name: 'wp', serviceAccounts: ['wp'] } };
  assert.equal(ask(load([]), web, behind), 'allowed NoPolicy');
  const set = load([], { ...MESH, autoAllowWaypoint: true });
  assert.equal(ask(set, web, behind), 'denied DefaultDeny');
  assert.equal(ask(set, pod('shop/wp'), behind), 'allowed AllowRule');
  assert.equal(ask(set, web, cart), 'allowed NoPolicy');
});

test('a verdict names the rule that decided, or the policies that did not admit', () => {
  const set = load([
    policy('shop/b', { ...app('cart'), rules: [to({ ports: ['1'] }), from(PRINCIPAL)] }),
    policy('shop/a', {}),
  ]);
  const object = { kind: 'AuthorizationPolicy', namespace: 'shop' };
  assert.deepEqual(set.judgeZtunnel({ from: web, to: cart, port: 2 }).decidedBy, [
    { ...object, name: 'b', rule: 'spec.rules[1]' },
  ]);
  assert.deepEqual(set.judgeZtunnel({ from: pod('x/y'), to: cart, port: 2 }).decidedBy, [
    { ...object, name: 'a' },
    { ...object, name: 'b' },
  ]);
});

test('of several objects with one name the last is in force, v1 and v1beta1 alike', () => {
  const old = { ...policy('shop/p', {}), apiVersion: 'security.istio.io/v1beta1' };
  const set = loadIstio([old, policy('shop/p', { rules: [{}] })], MESH);
  assert.equal(ask(set, web, cart), 'allowed AllowRule');
  assert.equal(set.accepted.length, 1);
});
