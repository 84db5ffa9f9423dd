// One test per rule of Cilium, of Cilium with an ambient mesh, and of the surprises that the real engine gave, where it
// concerns what is written. The title names the rule.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceView } from '../../graph/index.ts';
import type { Compiled } from '../draft.ts';
import {
  cidr,
  EXEMPTIONS,
  egressTo,
  ingressFrom,
  link,
  managed,
  optionsOf,
  sctp,
  tcp,
  udp,
  viewOf,
  waypoint,
  workload,
} from '../kubernetes/testing/views.ts';
import type { CompileOptions } from '../options.ts';
import { cilium } from './index.ts';
import type { EgressRule, IngressRule, PolicySpec, Selector } from './spec.ts';

const cart = workload('shop/cart');
const web = workload('shop/web');
const ambient = optionsOf({ mesh: 'ambient', egressWaypoint: waypoint('egress', 'egress') });

function compile(view: ServiceView, options: CompileOptions = optionsOf()): Compiled {
  return cilium().service(view, options);
}

function isSpec(spec: unknown): spec is PolicySpec {
  return typeof spec === 'object' && spec !== null && 'endpointSelector' in spec;
}

function specs(compiled: Compiled, part?: string): PolicySpec[] {
  const wanted = compiled.drafts.filter((draft) => part === undefined || draft.part === part);
  return wanted.map((draft) => draft.object.spec).filter(isSpec);
}

function grantOf(compiled: Compiled): PolicySpec {
  const [spec, ...more] = specs(compiled, 'grant');
  assert.ok(spec && more.length === 0, 'one grant object');
  return spec;
}

function denyOf(compiled: Compiled): PolicySpec {
  const [spec, ...more] = specs(compiled, 'deny');
  assert.ok(spec && more.length === 0, 'one deny object');
  return spec;
}

function rules(compiled: Compiled): (IngressRule & EgressRule)[] {
  return specs(compiled).flatMap((spec) => [...(spec.ingress ?? []), ...(spec.egress ?? [])]);
}

function ports(rule: IngressRule | EgressRule | undefined): string[] {
  return (rule?.toPorts ?? []).flatMap((each) => each.ports.map(({ port, protocol }) => `${port}/${protocol}`));
}

/** A service with every kind of link. */
const busy = viewOf(workload('shop/hub', { ports: [tcp(80, 8080), udp(53)] }), {
  inbound: [link(web, [tcp(80, 8080)]), link(workload('shop/zed'), [udp(53)])],
  outbound: [link(cart)],
  egress: [egressTo('shop/out', 'https://api.example.com', 'tcp://[2001:db8::]/32:5432', 'https://*.example.net')],
  ingress: [ingressFrom('shop/office', ['203.0.113.0/24', 'world', 'nodes', 'ingress'], [tcp(80, 8080)])],
  builtins: [
    {
      peer: { name: 'apiserver', at: { kind: 'entity', entity: 'kube-apiserver' } },
      outbound: [{ port: 6443, protocol: 'TCP' }],
      inbound: [],
    },
  ],
});

test('C1: a service without a single agreement is isolated in both directions by a rule each', () => {
  const bare = optionsOf({
    exemptions: { ...EXEMPTIONS, dns: { ...EXEMPTIONS.dns, resolvers: [] }, probes: { ambient: [], host: false } },
  });
  const compiled = compile(viewOf(cart), bare);
  assert.deepEqual(specs(compiled), [
    { endpointSelector: { matchLabels: { 'k8s:app': 'cart' } }, ingress: [{}], egress: [{}] },
  ]);
});

test('C2: an object that the agent would refuse is never handed out', () => {
  const odd = optionsOf({ clusterName: 'not a label value' });
  assert.throws(() => compile(viewOf(cart, { inbound: [link(web, [tcp(8080)])] }), odd), {
    code: 'UnacceptablePolicy',
  });
});

test('C3: no rule that opens ports is without peers, and no list of peers is empty', () => {
  for (const { toPorts, ...peers } of rules(compile(busy))) {
    const lists = Object.values(peers);
    assert.equal(lists.length, 1);
    for (const list of lists) assert.notEqual(list.length, 0);
    if (!('fromEntities' in peers)) assert.notEqual(toPorts, undefined);
  }
});

test('C4, C5: every port rule lists ports, none is 0, and each says its protocol', () => {
  const toPorts = rules(compile(busy)).flatMap((rule) => rule.toPorts ?? []);
  assert.ok(toPorts.length > 5);
  for (const rule of toPorts) {
    assert.notEqual(rule.ports.length, 0);
    for (const port of rule.ports) {
      assert.match(port.port, /^[1-9]\d*$/);
      assert.match(port.protocol, /^(TCP|UDP|SCTP)$/);
    }
  }
});

test('C4, C5: an agreement without ports opens nothing', () => {
  const compiled = compile(viewOf(cart, { inbound: [link(web, [])], outbound: [link(web, [])] }));
  assert.deepEqual(specs(compiled, 'grant'), []);
});

test('C6: 90 ports are split into rules of at most 40', () => {
  const many = Array.from({ length: 90 }, (_, index) => tcp(1000 + index));
  const [rule] = grantOf(compile(viewOf(cart, { inbound: [link(web, many)] }))).ingress ?? [];
  assert.deepEqual(
    rule?.toPorts?.map((each) => each.ports.length),
    [40, 40, 10],
  );
  assert.equal(new Set(ports(rule)).size, 90);
});

test('C7: pods, entities, addresses and names never share a rule', () => {
  const kinds = rules(compile(busy)).map((rule) => Object.keys(rule).filter((key) => key !== 'toPorts'));
  assert.deepEqual(new Set(kinds.map((each) => each.length)), new Set([1]));
  assert.deepEqual(
    new Set(kinds.flat()),
    new Set(['fromEndpoints', 'fromEntities', 'fromCIDR', 'toEndpoints', 'toEntities', 'toCIDR', 'toFQDNs']),
  );
});

test('C8, C10, C12: a peer is its namespace, its cluster, its account and its labels', () => {
  const peer = workload('data/redis', { accounts: ['redis-sa'], selectors: [{ app: 'redis', tier: 'db' }] });
  const [rule] = grantOf(compile(viewOf(cart, { outbound: [link(peer)] }))).egress ?? [];
  assert.deepEqual(rule?.toEndpoints, [
    {
      matchLabels: {
        'k8s:io.kubernetes.pod.namespace': 'data',
        'k8s:io.cilium.k8s.policy.cluster': 'c1',
        'k8s:io.cilium.k8s.policy.serviceaccount': 'redis-sa',
        'k8s:app': 'redis',
        'k8s:tier': 'db',
      },
    },
  ]);
});

test('C9, surprise 6: a policy names no namespace for the pods that it is about', () => {
  for (const spec of specs(compile(busy))) {
    assert.doesNotMatch(JSON.stringify(spec.endpointSelector), /pod\.namespace/);
  }
});

test('C11: every label of every selector is a Kubernetes label', () => {
  const compiled = [compile(busy), cilium().namespace(managed('shop', { shadows: [cart] }), optionsOf())];
  const selectors = compiled.flatMap((each) => [
    ...specs(each).map((spec) => spec.endpointSelector),
    ...rules(each).flatMap((rule) => [...(rule.fromEndpoints ?? []), ...(rule.toEndpoints ?? [])]),
  ]);
  assert.ok(selectors.length > 6);
  for (const { matchLabels = {}, matchExpressions = [] } of selectors) {
    for (const key of [...Object.keys(matchLabels), ...matchExpressions.map((each) => each.key)]) {
      assert.match(key, /^k8s:/);
    }
  }
});

test('C12: the deny is for all pods with the labels, the grant for those with the account too', () => {
  const compiled = compile(viewOf(cart, { inbound: [link(web)] }));
  assert.deepEqual(denyOf(compiled).endpointSelector, { matchLabels: { 'k8s:app': 'cart' } });
  assert.deepEqual(grantOf(compiled).endpointSelector, {
    matchLabels: { 'k8s:io.cilium.k8s.policy.serviceaccount': 'cart', 'k8s:app': 'cart' },
  });
});

test('C13: a label that is no part of the identity is refused, for the service itself and for a peer alone', () => {
  const hidden = workload('shop/hidden', { selectors: [{ 'statefulset.kubernetes.io/pod-name': 'db-0' }] });
  const self = compile(viewOf(hidden, { inbound: [link(web)] }));
  assert.deepEqual([self.drafts.length, self.findings.map((each) => each.code)], [0, ['PodsNotSelectable']]);
  const caller = compile(viewOf(web, { outbound: [link(cart), link(hidden)] }));
  assert.deepEqual(
    caller.findings.map(({ code, severity }) => [code, severity]),
    [['PodsNotSelectable', 'error']],
  );
  assert.equal(grantOf(caller).egress?.[0]?.toEndpoints?.length, 1);
});

test('C14: the nodes and the API server are entities, never addresses', () => {
  const { ingress, egress } = grantOf(compile(busy));
  assert.deepEqual(ingress?.find((rule) => rule.fromEntities)?.fromEntities, [
    'host',
    'ingress',
    'remote-node',
    'world',
  ]);
  assert.deepEqual(egress?.find((rule) => rule.toEntities)?.toEntities, ['kube-apiserver']);
});

test('C15: the whole Internet of one family is its prefix, and no entity of both', () => {
  const view = viewOf(cart, { egress: [egressTo('shop/any', 'tcp://0.0.0.0/0:443')] });
  assert.deepEqual(grantOf(compile(view)).egress, [
    { toCIDR: ['0.0.0.0/0'], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] },
  ]);
});

test('C16: a webhook is called by the entity kube-apiserver at the real port', () => {
  const builtins = [
    {
      peer: { name: 'webhooks', at: { kind: 'entity', entity: 'kube-apiserver' } },
      outbound: [],
      inbound: [tcp(443, 9443)],
    },
  ] as const;
  assert.deepEqual(grantOf(compile(viewOf(cart, { builtins }))).ingress, [
    { fromEntities: ['kube-apiserver'], toPorts: [{ ports: [{ port: '9443', protocol: 'TCP' }] }] },
  ]);
});

test('C17, surprise 13: the entities cluster, all and the single families are never written', () => {
  const entities = rules(compile(busy)).flatMap((rule) => [...(rule.fromEntities ?? []), ...(rule.toEntities ?? [])]);
  for (const entity of ['all', 'cluster', 'world-ipv4', 'world-ipv6']) assert.ok(!entities.includes(entity));
  const builtins = [
    { peer: { name: 'x', at: { kind: 'entity', entity: 'cluster' } }, outbound: [], inbound: [tcp(80)] },
  ] as const;
  assert.throws(() => compile(viewOf(cart, { builtins })), { code: 'UnacceptablePolicy' });
});

test('C18, surprise 2: toServices, toGroups and nodes are never written', () => {
  assert.doesNotMatch(JSON.stringify(specs(compile(busy))), /toServices|toGroups|toNodes|fromNodes/);
});

test('C19: the target port is written and the service port is not', () => {
  const callee = workload('shop/front', { ports: [tcp(80, 8080, 8081)] });
  const caller = grantOf(compile(viewOf(cart, { outbound: [link(callee)] })));
  const called = grantOf(compile(viewOf(callee, { inbound: [link(cart, callee.ports)] })));
  assert.deepEqual(ports(caller.egress?.[0]), ['8080/TCP', '8081/TCP']);
  assert.deepEqual(ports(called.ingress?.[0]), ['8080/TCP', '8081/TCP']);
});

test('C20: names are matched with the DNS rule for the same pods, UDP and TCP, and with ports', () => {
  const view = viewOf(cart, {
    egress: [egressTo('shop/api', 'https://api.example.com', 'https://*.example.net:8443')],
  });
  const compiled = compile(view);
  assert.deepEqual(denyOf(compiled).egress?.[0]?.toPorts, [
    {
      ports: [
        { port: '53', protocol: 'TCP' },
        { port: '53', protocol: 'UDP' },
      ],
      rules: {
        dns: [
          { matchPattern: '**.cluster.local' },
          { matchPattern: '*.example.net' },
          { matchName: 'api.example.com' },
        ],
      },
    },
  ]);
  assert.deepEqual(grantOf(compiled).egress, [
    { toFQDNs: [{ matchName: 'api.example.com' }], toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] },
    { toFQDNs: [{ matchPattern: '*.example.net' }], toPorts: [{ ports: [{ port: '8443', protocol: 'TCP' }] }] },
  ]);
});

test('C20: without a resolver names stay closed, and a finding says so', () => {
  const exemptions = { ...EXEMPTIONS, dns: { ...EXEMPTIONS.dns, resolvers: [] } };
  const view = viewOf(cart, { egress: [egressTo('shop/api', 'https://api.example.com', 'tcp://192.0.2.1:443')] });
  const compiled = compile(view, optionsOf({ exemptions }));
  assert.deepEqual(
    compiled.findings.map((each) => each.code),
    ['DnsNotProxyable'],
  );
  assert.deepEqual(
    grantOf(compiled).egress?.map((rule) => Object.keys(rule)[0]),
    ['toCIDR'],
  );
});

test('C21: a resolver is named with its namespace; one on a link-local address is the node', () => {
  const dns = { ...EXEMPTIONS.dns, cidrs: [cidr('169.254.20.10'), cidr('10.96.0.10')], ports: [53, 5353] };
  const egress = denyOf(compile(viewOf(cart), optionsOf({ exemptions: { ...EXEMPTIONS, dns } }))).egress ?? [];
  const labels = egress[0]?.toEndpoints?.map((each) => each.matchLabels?.['k8s:io.kubernetes.pod.namespace']);
  assert.deepEqual(labels, ['kube-system']);
  assert.deepEqual(egress[1]?.toCIDR, ['169.254.20.10/32', '10.96.0.10/32']);
  assert.deepEqual(egress[2]?.toEntities, ['host']);
  for (const rule of egress) assert.deepEqual(ports(rule), ['53/TCP', '53/UDP', '5353/TCP', '5353/UDP']);
});

test('C22, surprise 17: a wildcard is one label deep, the cluster domain any depth', () => {
  const compiled = compile(viewOf(cart, { egress: [egressTo('shop/api', 'https://*.example.net')] }));
  assert.deepEqual(grantOf(compiled).egress?.[0]?.toFQDNs, [{ matchPattern: '*.example.net' }]);
  assert.deepEqual(denyOf(compiled).egress?.[0]?.toPorts?.[0]?.rules?.dns[0], { matchPattern: '**.cluster.local' });
});

test('C23: hosts and ports are never crossed', () => {
  const urls = ['https://a.example.com', 'tcp://b.example.com:5432', 'https://c.example.com', 'tcp://192.0.2.1:22'];
  const { egress } = grantOf(compile(viewOf(cart, { egress: [egressTo('shop/x', ...urls)] })));
  const opened = (egress ?? []).flatMap((rule) => {
    const peers = [...(rule.toCIDR ?? []), ...(rule.toFQDNs ?? []).flatMap((name) => Object.values(name))];
    return peers.flatMap((peer) => ports(rule).map((port) => `${peer} ${port}`));
  });
  assert.deepEqual(opened.toSorted(), [
    '192.0.2.1/32 22/TCP',
    'a.example.com 443/TCP',
    'b.example.com 5432/TCP',
    'c.example.com 443/TCP',
  ]);
});

test('C24: no deny rule is written, because it would beat every allow', () => {
  assert.doesNotMatch(JSON.stringify(specs(compile(busy))), /ingressDeny|egressDeny/);
});

test('C25, surprise 12: the grant isolates nothing, so that it can be written before the exemptions', () => {
  const compiled = compile(busy);
  assert.deepEqual(grantOf(compiled).enableDefaultDeny, { ingress: false, egress: false });
  assert.equal(denyOf(compiled).enableDefaultDeny, undefined);
});

test('C26, C27, X5, surprise 8: no rule looks into HTTP or Kafka', () => {
  assert.doesNotMatch(JSON.stringify(specs(compile(busy))), /http"|kafka|l7/i);
});

test('C28: a service without callers has an ingress section all the same', () => {
  assert.deepEqual(denyOf(compile(viewOf(cart))).ingress, [{ fromEntities: ['host'] }]);
});

test('C29: the source nodes is the own node and the others', () => {
  const view = viewOf(cart, { ingress: [ingressFrom('shop/lb', ['nodes'], cart.ports)] });
  assert.deepEqual(grantOf(compile(view)).ingress?.[0]?.fromEntities, ['host', 'remote-node']);
});

test('C30: a service that would fill the policy map is warned about', () => {
  const many = Array.from({ length: 20 }, (_, index) => tcp(1000 + index));
  const callers = Array.from({ length: 700 }, (_, index) => link(workload(`shop/c${1000 + index}`), many));
  const [finding, ...more] = compile(viewOf(cart, { inbound: callers })).findings;
  assert.deepEqual([finding?.code, finding?.severity, more.length], ['PolicyMapPressure', 'warning', 0]);
  assert.match(finding?.message ?? '', /14000 entries/);
  assert.deepEqual(compile(viewOf(cart, { inbound: callers.slice(0, 600) })).findings, []);
});

test('C31: everything is a CiliumNetworkPolicy of the normal tier with spec and never specs', () => {
  for (const { object } of compile(busy).drafts) {
    assert.deepEqual([object.apiVersion, object.kind], ['cilium.io/v2', 'CiliumNetworkPolicy']);
    assert.deepEqual(Object.keys(object), ['apiVersion', 'kind', 'metadata', 'spec']);
    assert.equal(object.metadata.namespace, 'shop');
  }
});

const meshed = (key: string, fields: Parameters<typeof workload>[1] = {}) =>
  workload(key, { mesh: 'ambient', ...fields });

test('X2: meshed TCP opens 15008 for exactly the pair', () => {
  const callee = meshed('shop/cart', { ports: [tcp(80, 8080), tcp(90)] });
  const caller = meshed('shop/web');
  const out = grantOf(compile(viewOf(caller, { outbound: [link(callee)] }), ambient));
  const into = grantOf(compile(viewOf(callee, { inbound: [link(caller, callee.ports)] }), ambient));
  assert.deepEqual([ports(out.egress?.[0]), out.egress?.length, out.ingress], [['15008/TCP'], 1, undefined]);
  assert.deepEqual([ports(into.ingress?.[0]), into.ingress?.length, into.egress], [['15008/TCP'], 1, undefined]);
  const account = (selectors: readonly Selector[] | undefined) =>
    selectors?.map((each) => each.matchLabels?.['k8s:io.cilium.k8s.policy.serviceaccount']);
  assert.deepEqual(account(out.egress?.[0]?.toEndpoints), ['cart']);
  assert.deepEqual(account(into.ingress?.[0]?.fromEndpoints), ['web']);
});

const fronted = meshed('shop/cart', { waypoint: waypoint('mesh', 'wp') });

test('X3: with a waypoint the caller opens the waypoint, the waypoint opens the callee, and the pair stays closed', () => {
  const caller = meshed('shop/web');
  const wp = {
    matchLabels: {
      'k8s:io.kubernetes.pod.namespace': 'mesh',
      'k8s:io.cilium.k8s.policy.cluster': 'c1',
      'k8s:io.cilium.k8s.policy.serviceaccount': 'wp',
      'k8s:gateway.networking.k8s.io/gateway-name': 'wp',
    },
  };
  const toPorts = [{ ports: [{ port: '15008', protocol: 'TCP' }] }];
  const out = grantOf(compile(viewOf(caller, { outbound: [link(fronted)] }), ambient));
  assert.deepEqual(out.egress, [{ toEndpoints: [wp], toPorts }]);
  const callers = [link(caller, fronted.ports), link(meshed('shop/zed'), fronted.ports)];
  const into = grantOf(compile(viewOf(fronted, { inbound: callers }), ambient));
  assert.deepEqual(into.ingress, [{ fromEndpoints: [wp], toPorts }]);
});

test('X3, I11: a headless Service beside the waypoint keeps the direct way open too', () => {
  const callee = { ...fronted, direct: true };
  const out = grantOf(compile(viewOf(meshed('shop/web'), { outbound: [link(callee)] }), ambient));
  assert.equal(out.egress?.[0]?.toEndpoints?.length, 2);
});

test('X3: a caller outside the mesh goes past the waypoint to the real port', () => {
  const out = grantOf(compile(viewOf(web, { outbound: [link(fronted)] }), ambient));
  assert.deepEqual(ports(out.egress?.[0]), ['8080/TCP']);
  const into = grantOf(compile(viewOf(fronted, { inbound: [link(web, fronted.ports)] }), ambient));
  assert.deepEqual(ports(into.ingress?.[0]), ['8080/TCP']);
});

test('X4: probes come from the link-local addresses in ambient and from the node outside it', () => {
  assert.deepEqual(denyOf(compile(viewOf(fronted), ambient)).ingress, [
    { fromCIDR: ['169.254.7.127/32', 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128'] },
  ]);
  assert.deepEqual(denyOf(compile(viewOf(web), ambient)).ingress, [{ fromEntities: ['host'] }]);
});

test('X6: UDP and SCTP keep their real ports beside the tunnel, in one rule for the pair', () => {
  const callee = meshed('shop/cart', { ports: [tcp(8080), udp(53), sctp(3868)] });
  const out = grantOf(compile(viewOf(meshed('shop/web'), { outbound: [link(callee)] }), ambient));
  assert.deepEqual(out.egress?.map(ports), [['53/UDP', '3868/SCTP', '15008/TCP']]);
});

test('X6: UDP goes past the waypoint, straight to the callee', () => {
  const callee = { ...fronted, ports: [tcp(8080), udp(53)] };
  const out = grantOf(compile(viewOf(meshed('shop/web'), { outbound: [link(callee)] }), ambient));
  assert.deepEqual(out.egress?.map(ports), [['15008/TCP'], ['53/UDP']]);
});

test('X7: a meshed pod gets the egress waypoint for hosts, and addresses and UDP directly', () => {
  const urls = ['https://api.example.com', 'tcp://192.0.2.1:443', 'udp://192.0.2.2:53', 'udp://ntp.example.com:123'];
  const compiled = compile(viewOf(meshed('shop/web'), { egress: [egressTo('shop/out', ...urls)] }), ambient);
  assert.deepEqual(
    grantOf(compiled).egress?.map((rule) => [...Object.keys(rule), ...ports(rule)]),
    [
      ['toCIDR', 'toPorts', '443/TCP'],
      ['toCIDR', 'toPorts', '53/UDP'],
      ['toEndpoints', 'toPorts', '15008/TCP'],
      ['toFQDNs', 'toPorts', '123/UDP'],
    ],
  );
  assert.deepEqual(compiled.findings, []);
});

test('X7: without an egress waypoint the hosts stay closed, and one finding names them and the fix', () => {
  const view = viewOf(meshed('shop/web'), {
    egress: [egressTo('shop/out', 'https://api.example.com', 'https://*.example.net', 'tcp://192.0.2.1:443')],
  });
  const compiled = compile(view, optionsOf({ mesh: 'ambient' }));
  assert.deepEqual(
    compiled.findings.map(({ code, severity }) => [code, severity]),
    [['EgressWaypointMissing', 'error']],
  );
  assert.match(compiled.findings[0]?.message ?? '', /api\.example\.com, \*\.example\.net/);
  assert.match(compiled.findings[0]?.fix ?? '', /--egress-waypoint/);
  assert.deepEqual(
    grantOf(compiled).egress?.map((rule) => Object.keys(rule)[0]),
    ['toCIDR'],
  );
});

test('X10: 15008 is opened for named pods only, never for an entity or an address', () => {
  const view = viewOf(fronted, {
    inbound: [link(meshed('shop/web'), fronted.ports)],
    ingress: [ingressFrom('shop/lb', ['world', '203.0.113.0/24'], fronted.ports)],
    egress: [egressTo('shop/out', 'https://api.example.com')],
  });
  const tunnels = rules(compile(view, ambient)).filter((rule) => ports(rule).includes('15008/TCP'));
  assert.equal(tunnels.length, 2);
  for (const rule of tunnels) assert.ok(rule.fromEndpoints ?? rule.toEndpoints);
});

test('X11: each end compiles its own door, from the same agreement', () => {
  const door = (view: ServiceView) => grantOf(compile(view, ambient));
  assert.equal(door(viewOf(web, { outbound: [link(cart)] })).ingress, undefined);
  assert.equal(door(viewOf(cart, { inbound: [link(web, cart.ports)] })).egress, undefined);
});

test('surprise 3: an object has no field that the CRD does not know', () => {
  const known = ['endpointSelector', 'enableDefaultDeny', 'ingress', 'egress'];
  for (const spec of specs(compile(busy))) {
    for (const key of Object.keys(spec)) assert.ok(known.includes(key), key);
  }
});

test('surprise 5: the default deny of a namespace is a policy of that namespace', () => {
  const compiled = cilium().namespace(managed('shop'), optionsOf());
  assert.deepEqual(
    compiled.drafts.map(({ object, part }) => [object.kind, object.metadata.namespace, part]),
    [['CiliumNetworkPolicy', 'shop', 'deny']],
  );
  assert.deepEqual(specs(compiled)[0]?.endpointSelector, {});
});

test('surprise 7, 10, 11: ports are single numbers, without names and ranges', () => {
  const text = JSON.stringify(specs(compile(busy)));
  assert.doesNotMatch(text, /endPort|"ANY"/);
});

test('surprise 9: the DNS rule of a pod stands in one object', () => {
  const withDns = specs(compile(busy)).filter((spec) => JSON.stringify(spec).includes('kube-dns'));
  assert.equal(withDns.length, 1);
});

test('surprise 14: a single address is written with its prefix', () => {
  const view = viewOf(cart, { egress: [egressTo('shop/x', 'tcp://192.0.2.1:22', 'tcp://[2001:db8::1]:22')] });
  assert.deepEqual(grantOf(compile(view)).egress?.[0]?.toCIDR, ['192.0.2.1/32', '2001:db8::1/128']);
});

test('surprise 15, 16: a selector names namespace and cluster by value and by no expression', () => {
  for (const rule of rules(compile(busy))) {
    for (const { matchLabels, matchExpressions = [] } of [...(rule.fromEndpoints ?? []), ...(rule.toEndpoints ?? [])]) {
      assert.equal(matchLabels?.['k8s:io.cilium.k8s.policy.cluster'], 'c1');
      assert.ok(matchLabels['k8s:io.kubernetes.pod.namespace']);
      assert.ok(matchExpressions.every(({ key }) => !key.includes('cluster') && !key.includes('namespace')));
    }
  }
});

test('surprise 15: labels that Cilium sets itself cannot be selected by', () => {
  for (const label of [
    'io.kubernetes.pod.namespace',
    'io.cilium.k8s.namespace.labels.team',
    'io.cilium.k8s.policy.cluster',
  ]) {
    const peer = workload('shop/odd', { selectors: [{ [label]: 'x' }] });
    const compiled = compile(viewOf(cart, { inbound: [link(peer)] }));
    assert.deepEqual(
      [specs(compiled, 'grant'), compiled.findings.map((each) => each.code)],
      [[], ['PodsNotSelectable']],
    );
  }
});

test('surprise 18: no rule is about pods that have no labels yet', () => {
  assert.doesNotMatch(JSON.stringify(specs(compile(busy))), /reserved:/);
});
