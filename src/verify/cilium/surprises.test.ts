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
  networkPolicy,
  OTHER,
  pod,
  refusedBy,
  SELECT_CART,
  tcp,
  WEB,
  WORLD,
} from './test-cluster.ts';

test('surprise 1: an empty toFQDNs or toGroups with ports opens the port to everybody, without ports nothing', () => {
  for (const field of ['toFQDNs', 'toGroups']) {
    assert.equal(egress(cartEgress({ [field]: [], toPorts: [tcp('80')] }), WORLD), 'allowed');
    assert.equal(egress(cartEgress({ [field]: [], toPorts: [tcp('80')] }), WORLD, CART, 81), 'denied');
    assert.equal(egress(cartEgress({ [field]: [] }), WORLD), 'denied');
  }
  for (const field of ['toEndpoints', 'toEntities', 'toCIDR', 'toCIDRSet', 'toNodes'])
    assert.equal(egress(cartEgress({ [field]: [], toPorts: [tcp('80')] }), WORLD), 'denied', field);
});

test('surprise 2: toServices without a matching Service opens its ports to everybody; unknown Services leave it undecided', () => {
  const toServices = [{ k8sService: { serviceName: 'x' } }];
  const open = cartEgress({ toServices, toPorts: [tcp('80')] });
  assert.equal(egress(open, WORLD, CART, 80, 'TCP', { outside: 'disregarded' }), 'allowed');
  assert.equal(egress(cartEgress({ toServices }), WORLD, CART, 80, 'TCP', { outside: 'disregarded' }), 'denied');
  const { reason, decidedBy } = load(open).judge({ from: CART, to: WORLD, port: 80, protocol: 'TCP' }).egress;
  assert.match(reason, /spec\.egress\[0\]\.toServices of CiliumNetworkPolicy shop\/p/);
  assert.deepEqual(decidedBy, [{ kind: 'CiliumNetworkPolicy', namespace: 'shop', name: 'p', rule: 'spec.egress[0]' }]);
  assert.equal(egress(open, WORLD, CART, 81), 'denied');
});

test('surprise 3: a misspelt peer field is dropped, and with ports the rule then admits everybody', () => {
  const set = load(cartIngress({ fromEndpoint: [{}], toPorts: [tcp('80')] }));
  assert.deepEqual(
    set.pruned.map(({ paths }) => paths),
    [['spec.ingress[0].fromEndpoint']],
  );
  assert.equal(set.judge({ from: WORLD, to: CART, port: 80, protocol: 'TCP' }).ingress.verdict, 'allowed');
});

test('surprise 4: a section that policyTypes does not name is enforced all the same', () => {
  const policy = networkPolicy({ podSelector: {}, policyTypes: ['Ingress'], egress: [{ to: [{ podSelector: {} }] }] });
  assert.equal(egress(policy, WEB), 'allowed');
  assert.equal(egress(policy, WORLD), 'denied');
  assert.equal(ingress(policy, WEB), 'denied');
});

test('surprise 5: an empty clusterwide selector isolates the health and ingress endpoints too', () => {
  const everything = ccnp({ endpointSelector: {}, ingress: [{}] });
  for (const endpoint of ['reserved:health', 'reserved:ingress']) {
    assert.equal(ingress(everything, WEB, [endpoint]), 'denied');
    const pods = { matchExpressions: [{ key: 'k8s:io.kubernetes.pod.namespace', operator: 'Exists' }] };
    assert.equal(ingress(ccnp({ endpointSelector: pods, ingress: [{}] }), WEB, [endpoint]), 'allowed');
  }
});

test('surprise 6: a foreign namespace in the own selector is overwritten with k8s: and selects nobody without', () => {
  const select = (key: string): object => cnp({ endpointSelector: { matchLabels: { [key]: 'pay' } }, ingress: [{}] });
  assert.equal(ingress(select('k8s:io.kubernetes.pod.namespace'), WEB), 'denied');
  assert.equal(ingress(select('io.kubernetes.pod.namespace'), WEB), 'allowed');
  assert.equal(ingress(select('any:io.kubernetes.pod.namespace'), WEB), 'allowed');
});

test('surprise 7: port 0 of any protocol covers TCP, UDP and SCTP but not ICMP; no ports covers ICMP too', () => {
  const zero = cartIngress({ toPorts: [{ ports: [{ port: '0' }] }] });
  for (const protocol of ['TCP', 'UDP', 'SCTP'] as const)
    assert.equal(ingress(zero, WEB, CART, 9, protocol), 'allowed');
  assert.equal(ingress(zero, WEB, CART, 8, 'ICMP'), 'denied');
  assert.equal(ingress(cartIngress({ fromEntities: ['all'] }), WEB, CART, 8, 'ICMP'), 'allowed');
  const unnumbered = networkPolicy({ podSelector: {}, ingress: [{ ports: [{ protocol: 'TCP' }] }] });
  assert.equal(ingress(unnumbered, WEB, CART, 8, 'ICMP'), 'denied');
  assert.equal(ingress(unnumbered, WEB, CART, 8), 'allowed');
});

test('surprise 8: an empty HTTP rule list filters nothing', () => {
  const set = load(cartIngress({ toPorts: [{ ...tcp('80'), rules: { http: [] } }] }));
  assert.equal(set.judge({ from: WEB, to: CART, port: 80, protocol: 'TCP' }).ingress.reason, 'AllowRule');
});

test('surprise 9: traffic that a plain rule allows too still goes to the proxy', () => {
  const http = { ...tcp('80'), rules: { http: [{ method: 'GET' }] } };
  const set = load(cnp({ endpointSelector: SELECT_CART, ingress: [{ toPorts: [tcp('80')] }, { toPorts: [http] }] }));
  assert.equal(set.judge({ from: WEB, to: CART, port: 80, protocol: 'TCP' }).ingress.reason, 'AllowRuleToProxy');
});

test('surprise 10: an endPort below the port is ignored, and with a name the range starts at the resolved number', () => {
  const below = cartIngress({ toPorts: [tcp('80', { endPort: 70 })] });
  assert.deepEqual(
    [75, 80, 81].map((port) => ingress(below, WEB, CART, port)),
    ['denied', 'allowed', 'denied'],
  );
  const named = cartIngress({ toPorts: [tcp('http', { endPort: 90 })] });
  const endpoints = [{ labels: CART, namedPorts: { http: { port: 80 } } }];
  const ask = (port: number): string => ingress(named, WEB, CART, port, 'TCP', { endpoints });
  assert.deepEqual([79, 80, 90, 91].map(ask), ['denied', 'allowed', 'allowed', 'denied']);
});

test("surprise 11: named ports are the pod's own at ingress and the destination's at egress, of any case", () => {
  const endpoints = [
    { labels: CART, namedPorts: { http: { port: 8080 } } },
    { labels: WEB, namedPorts: { http: { port: 80 }, dns: { port: 53, protocol: 'UDP' } } },
  ];
  const rule = { toPorts: [{ ports: [{ port: 'HTTP' }] }] };
  assert.equal(ingress(cartIngress(rule), WEB, CART, 8080, 'TCP', { endpoints }), 'allowed');
  assert.equal(ingress(cartIngress(rule), WEB, CART, 80, 'TCP', { endpoints }), 'denied');
  assert.equal(egress(cartEgress(rule), WEB, CART, 80, 'TCP', { endpoints }), 'allowed');
  assert.equal(egress(cartEgress(rule), WEB, CART, 80, 'UDP', { endpoints }), 'denied');
  assert.equal(
    egress(cartEgress({ toPorts: [{ ports: [{ port: 'dns' }] }] }), WEB, CART, 53, 'UDP', { endpoints }),
    'allowed',
  );
  assert.equal(
    egress(cartEgress({ toPorts: [{ ports: [{ port: 'unknown' }] }] }), WEB, CART, 53, 'UDP', { endpoints }),
    'denied',
  );
});

test('surprise 11: egress resolves no name to which pods of one identity give different numbers', () => {
  const endpoints = [80, 81].map((port) => ({ labels: WEB, namedPorts: { http: { port } } }));
  for (const port of [80, 81])
    assert.equal(egress(cartEgress({ toPorts: [tcp('http')] }), WEB, CART, port, 'TCP', { endpoints }), 'denied');
});

test('surprise 12: default deny for a direction without rules isolates nothing; switched off, a deny rule denies only itself', () => {
  const on = cnp({ endpointSelector: SELECT_CART, enableDefaultDeny: { ingress: true }, egress: [{}] });
  assert.equal(ingress(on, WEB), 'allowed');
  const off = cnp({
    endpointSelector: SELECT_CART,
    enableDefaultDeny: { ingress: false },
    ingressDeny: [{ fromEntities: ['world'] }],
  });
  assert.equal(ingress(off, WORLD), 'denied');
  assert.equal(ingress(off, WEB), 'allowed');
});

test('surprise 13: entities of the agent alone, lower-case protocols and numeric ports are refused, and the pod stays open', () => {
  const refused = [
    cartIngress({ fromEntities: ['world-ipv4'] }),
    cartIngress({ toPorts: [{ ports: [{ port: '80', protocol: 'tcp' }] }] }),
    cartIngress({ toPorts: [{ ports: [{ port: 80 }] }] }),
  ];
  for (const object of refused) {
    assert.equal(refusedBy(object), 'schema');
    assert.equal(ingress(object, WORLD), 'allowed');
  }
});

test('surprise 14: a bare address in toCIDR is refused, host bits are masked', () => {
  assert.equal(refusedBy(cartEgress({ toCIDR: ['1.2.3.4'] })), 'schema');
  assert.equal(egress(cartEgress({ toCIDR: ['1.2.3.99/24'] }), WORLD), 'allowed');
});

test('surprise 15: any mention of the cluster switches off the local default, of namespace labels the own namespace', () => {
  const from = (selector: object): object => cartIngress({ fromEndpoints: [selector] });
  const web = { 'k8s:app': 'web' };
  assert.equal(ingress(from({ matchLabels: web }), ELSEWHERE), 'denied');
  const mention = [{ key: 'io.cilium.k8s.policy.cluster', operator: 'Exists' }];
  assert.equal(ingress(from({ matchLabels: web, matchExpressions: mention }), ELSEWHERE), 'allowed');
  const labels = [{ key: 'k8s:io.cilium.k8s.namespace.labels.env', operator: 'DoesNotExist' }];
  assert.equal(ingress(from({ matchLabels: web, matchExpressions: labels }), OTHER), 'allowed');
  assert.equal(ingress(from({ matchLabels: { 'reserved:host': '' } }), HOST), 'allowed');
});

test('surprise 16: NetworkPolicy peers are local, and their selectors see Kubernetes labels only', () => {
  const policy = networkPolicy({
    podSelector: {},
    ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }] }],
  });
  const spoof = pod('shop', 'x')
    .filter((label) => label !== 'k8s:app=x')
    .concat('container:app=web');
  assert.deepEqual(
    [WEB, ELSEWHERE, spoof].map((peer) => ingress(policy, peer)),
    ['allowed', 'denied', 'denied'],
  );
});

test('surprise 17: * matches every resolved name, *.x one label, **.x any depth, neither the apex', () => {
  const to = (name: string | undefined): readonly string[] => ['cidr:5.6.7.8/32', ...(name ? [`dns:${name}`] : [])];
  const reach = (selector: object, name?: string): string => egress(cartEgress({ toFQDNs: [selector] }), to(name));
  assert.deepEqual([reach({ matchPattern: '*' }, 'a.b'), reach({ matchPattern: '*' })], ['allowed', 'denied']);
  const depths = ['x.org', 'a.x.org', 'a.b.x.org'];
  assert.deepEqual(
    depths.map((name) => reach({ matchPattern: '*.x.org' }, name)),
    ['denied', 'allowed', 'denied'],
  );
  assert.deepEqual(
    depths.map((name) => reach({ matchPattern: '**.x.org' }, name)),
    ['denied', 'allowed', 'allowed'],
  );
  assert.equal(reach({ matchName: 'X.Org' }, 'x.org'), 'allowed');
});

test('surprise 18: init pods are denied both ways without any policy, as everybody is in mode always', () => {
  assert.deepEqual([ingress([], WEB, ['reserved:init']), egress([], WEB, ['reserved:init'])], ['denied', 'denied']);
  assert.equal(ingress([], HOST, CART, 80, 'TCP', { enforcement: 'always' }), 'denied');
  assert.equal(ingress(cartIngress({}), WEB, CART, 80, 'TCP', { enforcement: 'never' }), 'allowed');
});

test('surprise 19: the entity cluster-mesh, which only older agents refuse, reaches pods of other clusters', () => {
  assert.equal(ingress(cartIngress({ fromEntities: ['cluster-mesh'] }), ELSEWHERE), 'allowed');
  assert.equal(ingress(cartIngress({ fromEntities: ['cluster'] }), ELSEWHERE), 'denied');
});
