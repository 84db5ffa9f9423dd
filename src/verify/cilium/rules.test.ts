import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CART,
  cartEgress,
  cartIngress,
  ccnp,
  cnp,
  egress,
  ELSEWHERE,
  HOST,
  ingress,
  load,
  OTHER,
  pod,
  refusedBy,
  SELECT_CART,
  tcp,
  WEB,
  WORLD,
} from './test-cluster.ts';

test('C1: an empty rule isolates its direction alone; an empty section is refused', () => {
  assert.equal(ingress(cartIngress({}), WEB), 'denied');
  assert.equal(egress(cartIngress({}), WEB), 'allowed');
  assert.equal(refusedBy(cnp({ endpointSelector: SELECT_CART, ingress: [] })), 'agent');
});

test('C2: a refused object enforces nothing, even if only one of its specs is bad', () => {
  const good = { endpointSelector: SELECT_CART, ingress: [{}] };
  const bad = { endpointSelector: SELECT_CART, ingress: [] };
  const both = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name: 'p', namespace: 'shop' },
    specs: [good, bad],
  };
  assert.equal(ingress(both, WORLD), 'allowed');
  assert.equal(ingress({ ...both, specs: [good] }, WORLD), 'denied');
});

test('C3: no peers with ports means everybody, an empty list nobody', () => {
  assert.equal(ingress(cartIngress({ toPorts: [tcp('80')] }), WORLD), 'allowed');
  for (const field of ['fromEndpoints', 'fromEntities', 'fromCIDR', 'fromCIDRSet', 'fromNodes'])
    assert.equal(ingress(cartIngress({ [field]: [], toPorts: [tcp('80')] }), WEB), 'denied', field);
});

test('C3: a null list is dropped by the API server, which widens the rule to everybody', () => {
  const rule = cartIngress({ fromEndpoints: null, toPorts: [tcp('80')] });
  assert.equal(refusedBy(rule), undefined);
  assert.deepEqual([ingress(rule, WORLD), ingress(rule, WORLD, CART, 81)], ['allowed', 'denied']);
});

test('C4: no toPorts or an empty list means all ports; an entry without ports means none', () => {
  const from = { fromEndpoints: [{}] };
  assert.equal(ingress(cartIngress(from), WEB, CART, 9), 'allowed');
  assert.equal(ingress(cartIngress({ ...from, toPorts: [] }), WEB, CART, 9), 'allowed');
  assert.equal(ingress(cartIngress({ ...from, toPorts: [{}] }), WEB, CART, 9), 'denied');
  assert.equal(ingress(cartIngress({ ...from, toPorts: [{ ports: [] }] }), WEB, CART, 9), 'denied');
});

test('C5: port 0 means every port of its protocol, endPort a range', () => {
  assert.equal(ingress(cartIngress({ toPorts: [tcp('0')] }), WEB, CART, 9), 'allowed');
  assert.equal(ingress(cartIngress({ toPorts: [tcp('0')] }), WEB, CART, 9, 'UDP'), 'denied');
  const range = cartIngress({ toPorts: [tcp('80', { endPort: 90 })] });
  assert.deepEqual(
    [79, 80, 90, 91].map((port) => ingress(range, WEB, CART, port)),
    ['denied', 'allowed', 'allowed', 'denied'],
  );
});

test('C6: 41 ports are refused: by the API server, in deny rules by the agent', () => {
  const ports = (count: number): object => ({
    toPorts: [{ ports: Array.from({ length: count }, (_, index) => ({ port: String(index + 1) })) }],
  });
  assert.equal(refusedBy(cartIngress(ports(40))), undefined);
  assert.equal(refusedBy(cartIngress(ports(41))), 'schema');
  assert.equal(refusedBy(cnp({ endpointSelector: {}, ingressDeny: [ports(40)] })), undefined);
  assert.equal(refusedBy(cnp({ endpointSelector: {}, ingressDeny: [ports(41)] })), 'agent');
});

test('C5: a port that is neither a name nor a number of 16 bits is refused by the agent', () => {
  for (const port of ['70000', '08', '80!', 'averyverylongname'])
    assert.equal(refusedBy(cartIngress({ toPorts: [tcp(port)] })), 'agent', port);
  assert.equal(ingress(cartIngress({ toPorts: [tcp('010')] }), WEB, CART, 8), 'allowed');
});

test('C7: two kinds of peers in one rule, or icmps beside ports, are refused', () => {
  assert.equal(refusedBy(cartEgress({ toCIDR: ['10.0.0.0/8'], toEntities: ['world'] })), 'agent');
  assert.equal(refusedBy(cartEgress({ toFQDNs: [{ matchName: 'a.b' }], toEndpoints: [{}] })), 'agent');
  assert.equal(refusedBy(cartEgress({ toCIDR: [], toEntities: ['world'] })), undefined);
  assert.equal(refusedBy(cartEgress({ icmps: [{ fields: [{ type: 8 }] }], toPorts: [tcp('80')] })), 'agent');
});

test('C8: selectors mean the own namespace, in clusterwide policies any peer with a namespace', () => {
  assert.equal(ingress(cartIngress({ fromEndpoints: [{}] }), OTHER), 'denied');
  const wide = ccnp({ endpointSelector: SELECT_CART, ingress: [{ fromEndpoints: [{}] }] });
  assert.deepEqual(
    [OTHER, HOST, WORLD].map((peer) => ingress(wide, peer)),
    ['allowed', 'denied', 'denied'],
  );
});

test('C8: a clusterwide policy means peers with a namespace even where no cluster is asked for', () => {
  const wide = ccnp({ endpointSelector: SELECT_CART, ingress: [{ fromEndpoints: [{}] }] });
  assert.equal(ingress(wide, HOST, CART, 80, 'TCP', { clusterName: '' }), 'denied');
});

test('C10: selectors mean the local cluster unless the agents run without that default', () => {
  const policy = cartIngress({ fromEndpoints: [{ matchLabels: { 'k8s:app': 'web' } }] });
  assert.equal(ingress(policy, ELSEWHERE), 'denied');
  assert.equal(ingress(policy, ELSEWHERE, CART, 80, 'TCP', { clusterName: '' }), 'allowed');
});

test('C11: a bare key matches labels of any source, k8s: only those of Kubernetes', () => {
  const spoof = pod('shop', 'x')
    .filter((label) => label !== 'k8s:app=x')
    .concat('container:app=web');
  const from = (key: string): object => cartIngress({ fromEndpoints: [{ matchLabels: { [key]: 'web' } }] });
  assert.deepEqual(
    ['app', 'any:app', 'k8s:app'].map((key) => ingress(from(key), spoof)),
    ['allowed', 'allowed', 'denied'],
  );
});

test('C12: the service account is a label like any other', () => {
  const from = cartIngress({ fromEndpoints: [{ matchLabels: { 'k8s:io.cilium.k8s.policy.serviceaccount': 'web' } }] });
  assert.deepEqual(
    [WEB, CART].map((peer) => ingress(from, peer)),
    ['allowed', 'denied'],
  );
});

test('C14: address blocks never match pods, the host or nodes', () => {
  const all = cartEgress({ toCIDR: ['0.0.0.0/0', '::/0'] });
  assert.deepEqual(
    [WEB, HOST, ['reserved:remote-node']].map((peer) => egress(all, peer)),
    ['denied', 'denied', 'denied'],
  );
  assert.deepEqual(
    [WORLD, ['cidr:2001:db8::1/128']].map((peer) => egress(all, peer)),
    ['allowed', 'allowed'],
  );
});

test('C14: an exception takes its addresses out of the block, and must lie in it', () => {
  const except = (text: string): object => cartEgress({ toCIDRSet: [{ cidr: '1.2.0.0/16', except: [text] }] });
  assert.deepEqual([egress(except('1.2.3.0/24'), WORLD), egress(except('1.2.4.0/24'), WORLD)], ['denied', 'allowed']);
  assert.equal(refusedBy(except('1.3.0.0/24')), 'agent');
});

test('C15: an outside API server is both kube-apiserver and world, one on a node only kube-apiserver', () => {
  const servers = [
    ['cidr:10.99.0.1/32', 'reserved:kube-apiserver'],
    ['reserved:remote-node', 'reserved:kube-apiserver'],
  ];
  assert.deepEqual(
    servers.map((peer) => egress(cartEgress({ toEntities: ['kube-apiserver'] }), peer)),
    ['allowed', 'allowed'],
  );
  assert.deepEqual(
    servers.map((peer) => egress(cartEgress({ toEntities: ['world'] }), peer)),
    ['allowed', 'denied'],
  );
});

test('C17: the entity cluster means local pods, the host and nodes', () => {
  const policy = cartIngress({ fromEntities: ['cluster'] });
  const peers = [OTHER, HOST, ['reserved:remote-node'], ['reserved:unmanaged'], ELSEWHERE, ['cidr:169.254.7.127/32']];
  assert.deepEqual(
    peers.map((peer) => ingress(policy, peer)),
    ['allowed', 'allowed', 'allowed', 'allowed', 'denied', 'denied'],
  );
});

test('C20: DNS rules are for egress, need a port and take no range', () => {
  const dns = { rules: { dns: [{ matchPattern: '*' }] } };
  assert.equal(refusedBy(cartIngress({ toPorts: [{ ports: [{ port: '53' }], ...dns }] })), 'agent');
  assert.equal(refusedBy(cartEgress({ toPorts: [dns] })), 'agent');
  assert.equal(refusedBy(cartEgress({ toPorts: [{ ports: [{ port: '53', endPort: 54 }], ...dns }] })), 'agent');
  assert.equal(refusedBy(cartEgress({ toPorts: [{ ports: [{ port: '53' }], ...dns }] })), undefined);
});

test('C21: a DNS selector without a namespace means the own one', () => {
  const dns = pod('kube-system', 'kube-dns');
  const to = (extra: object): object =>
    cartEgress({ toEndpoints: [{ matchLabels: { 'k8s:app': 'kube-dns', ...extra } }] });
  assert.equal(egress(to({}), dns), 'denied');
  assert.equal(egress(to({ 'k8s:io.kubernetes.pod.namespace': 'kube-system' }), dns), 'allowed');
});

test('C22: a star in matchName is refused', () => {
  assert.equal(refusedBy(cartEgress({ toFQDNs: [{ matchName: '*.x.org' }] })), 'schema');
});

test('C24: deny beats allow whatever kind it comes from, and isolates by itself', () => {
  const allow = cartIngress({ fromEntities: ['all'] });
  const deny = ccnp({ endpointSelector: SELECT_CART, ingressDeny: [{ fromEntities: ['world'] }] });
  assert.deepEqual(
    [WORLD, WEB].map((peer) => ingress([allow, deny], peer)),
    ['denied', 'allowed'],
  );
  assert.equal(ingress(deny, WEB), 'denied');
});

test('C25: enableDefaultDeny false adds allows without isolating', () => {
  const add = ccnp({
    endpointSelector: {},
    enableDefaultDeny: { ingress: false },
    ingress: [{ fromCIDR: ['1.2.3.4/32'] }],
  });
  assert.equal(ingress(add, WEB), 'allowed');
  assert.deepEqual(
    [WORLD, WEB].map((peer) => ingress([add, cartIngress({})], peer)),
    ['allowed', 'denied'],
  );
});

test('C26: HTTP rules need TCP, a port, and regular expressions that Go compiles', () => {
  const rule = (port: object, http: object): object =>
    cartIngress({ toPorts: [{ ports: [port], rules: { http: [http] } }] });
  assert.equal(refusedBy(rule({ port: '80' }, {})), 'agent');
  assert.equal(refusedBy(rule({ port: '0', protocol: 'TCP' }, {})), 'agent');
  assert.equal(refusedBy(rule({ port: '80', protocol: 'TCP' }, { path: '/a(?=b)' })), 'agent');
  assert.equal(refusedBy(rule({ port: '80', protocol: 'TCP' }, { path: '/a[[:alpha:]]+' })), undefined);
  const both = { ...tcp('443'), serverNames: ['a.b'], rules: { http: [{}] } };
  assert.equal(refusedBy(cartEgress({ toPorts: [both] })), 'agent');
});

test('C27: rules for Kafka are dropped as unknown, and what remains is refused', () => {
  assert.equal(refusedBy(cartIngress({ toPorts: [{ ...tcp('9092'), rules: { kafka: [{}] } }] })), 'schema');
});

test('rules that cannot be merged leave every flow of the pod undecided, and name both', () => {
  const rule = (rules: object): object => ({ toPorts: [{ ...tcp('53'), rules }] });
  const policy = cnp({
    endpointSelector: SELECT_CART,
    egress: [rule({ http: [{}] }), rule({ dns: [{ matchPattern: '*' }] })],
  });
  const { egress: out, ingress: back } = load(policy).judge({ from: CART, to: CART, port: 9, protocol: 'UDP' });
  assert.deepEqual([out.verdict, back.verdict], ['undecided', 'undecided']);
  assert.match(out.reason, /^PolicyConflict: spec\.egress\[0\].* and spec\.egress\[1\]/);
});

test('a listener of the namespace leaves an endpoint without a namespace undecided, and nobody else', () => {
  const listener = { name: 'main', envoyConfig: { kind: 'CiliumEnvoyConfig', name: 'proxy' } };
  const policy = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumClusterwideNetworkPolicy',
    metadata: { name: 'proxied' },
    spec: { endpointSelector: {}, egress: [{ toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }], listener }] }] },
  };
  const judged = (from: readonly string[]) => load(policy).judge({ from, to: CART, port: 81, protocol: 'TCP' }).egress;
  assert.match(judged(['reserved:health']).reason, /^PolicyConflict: the listener/);
  assert.equal(judged(CART).verdict, 'denied');
});

test('what depends on authentication, TLS secrets, listeners or groups is undecided, unless another rule decides', () => {
  const doubts = [
    { authentication: { mode: 'required' }, toEntities: ['all'] },
    { toPorts: [{ ...tcp('80'), terminatingTLS: { secret: { name: 's' } } }] },
    { toPorts: [{ ...tcp('80'), listener: { name: 'l', envoyConfig: { name: 'e' } } }] },
    { toCIDRSet: [{ cidrGroupRef: 'g' }] },
    { toGroups: [{ aws: { region: 'r' } }] },
  ];
  for (const rule of doubts) {
    assert.equal(egress(cartEgress(rule), WORLD), 'undecided', JSON.stringify(rule));
    assert.equal(
      egress(cnp({ endpointSelector: SELECT_CART, egress: [rule, { toEntities: ['world'] }] }), WORLD),
      'allowed',
    );
    assert.equal(
      egress(cnp({ endpointSelector: SELECT_CART, egress: [rule], egressDeny: [{ toEntities: ['world'] }] }), WORLD),
      'denied',
    );
  }
});

test('a deny rule that may match leaves an allow undecided', () => {
  const policy = cnp({
    endpointSelector: SELECT_CART,
    egress: [{ toEntities: ['all'] }],
    egressDeny: [{ toCIDRSet: [{ cidrGroupRef: 'g' }] }],
  });
  assert.deepEqual(
    [WORLD, WEB].map((peer) => egress(policy, peer)),
    ['undecided', 'allowed'],
  );
});

test('an empty CIDR group selector opens to every peer, pods too', () => {
  assert.deepEqual(
    [WEB, WORLD].map((peer) => egress(cartEgress({ toCIDRSet: [{ cidrGroupSelector: {} }] }), peer)),
    ['allowed', 'allowed'],
  );
});

test('a pod label with the key host switches its policy off, one with the key init isolates it', () => {
  const select = { matchLabels: { 'k8s:app': 'h' } };
  assert.equal(
    ingress(cnp({ endpointSelector: select, ingress: [{}] }), WEB, pod('shop', 'h', ['k8s:host=x'])),
    'allowed',
  );
  assert.equal(ingress([], WEB, pod('shop', 'h', ['k8s:init=x'])), 'denied');
});

test('a node selector is for clusterwide policies, and acts on no pod', () => {
  assert.equal(refusedBy(cnp({ nodeSelector: {}, ingress: [{}] })), 'agent');
  assert.equal(ingress(ccnp({ nodeSelector: {}, ingress: [{}] }), WEB), 'allowed');
});

test('sides that the local agents do not hold are unmanaged', () => {
  const everything = ccnp({ endpointSelector: {}, ingress: [{}], egress: [{}] });
  const strangers = [WORLD, HOST, ELSEWHERE, ['reserved:remote-node'], ['reserved:unmanaged']];
  for (const party of strangers)
    assert.deepEqual([ingress(everything, CART, party), egress(everything, CART, party)], ['unmanaged', 'unmanaged']);
  assert.equal(ingress(everything, CART, ['reserved:health']), 'denied');
});

test('ICMP types that do not fit: negative ones stand for all, too large ones for none that exists', () => {
  const typed = (type: number): object => cartIngress({ icmps: [{ fields: [{ type }] }] });
  assert.deepEqual(
    [-1, 300, 70_000].map((type) => ingress(typed(type), WEB, CART, 8, 'ICMP')),
    ['allowed', 'denied', 'denied'],
  );
  assert.equal(ingress(typed(70_000), WEB, CART, 65_535, 'ICMP'), 'allowed');
});

test('ICMP type 0 stands for every type of its family', () => {
  const reply = cartIngress({ icmps: [{ fields: [{ type: 'EchoReply' }] }] });
  assert.deepEqual(
    [ingress(reply, WEB, CART, 8, 'ICMP'), ingress(reply, WEB, CART, 128, 'ICMPv6')],
    ['allowed', 'denied'],
  );
  const request = cartIngress({ icmps: [{ fields: [{ type: 8 }] }] });
  assert.deepEqual(
    [8, 3].map((type) => ingress(request, WEB, CART, type, 'ICMP')),
    ['allowed', 'denied'],
  );
});

test('a verdict names every deciding object with the rule, a default deny the objects that isolate', () => {
  const set = load([
    cartIngress({ fromEndpoints: [{}] }),
    ccnp({ endpointSelector: SELECT_CART, ingress: [{}, { fromEntities: ['cluster'] }] }, 'wide'),
  ]);
  const { ingress: allowed } = set.judge({ from: WEB, to: CART, port: 80, protocol: 'TCP' });
  assert.deepEqual(
    allowed.decidedBy.map((ref) => `${ref.kind} ${ref.namespace}/${ref.name} ${ref.rule}`),
    ['CiliumClusterwideNetworkPolicy /wide spec.ingress[1]', 'CiliumNetworkPolicy shop/p spec.ingress[0]'],
  );
  const { ingress: denied } = set.judge({ from: WORLD, to: CART, port: 80, protocol: 'TCP' });
  assert.deepEqual([denied.reason, denied.decidedBy.length], ['DefaultDeny', 3]);
});

test('policyOf gives the rules that select an identity, in the order in which they are asked', () => {
  const set = load([
    cartIngress({ fromEndpoints: [{}] }),
    cnp({ endpointSelector: { matchLabels: { app: 'web' } }, ingress: [{}] }, 'web'),
  ]);
  const { ingress: rules } = set.policyOf(CART);
  assert.deepEqual(
    rules.rules.map((rule) => rule.ref.rule),
    ['spec.ingress[0]'],
  );
  assert.equal(set.policyOf(CART), set.policyOf(set.identity([...CART].reverse())));
});
