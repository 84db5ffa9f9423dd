import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceView } from '../../graph/index.ts';
import type { CompileOptions } from '../options.ts';
import { istio } from './index.ts';
import { atPods, atWaypoint, codes, objectsOf, policies, said, specOf } from './testing/read.ts';
import {
  fromBuiltin,
  fromOutside,
  labelled,
  link,
  meshed,
  OPTIONS,
  port,
  view,
  WAYPOINT,
  workload,
} from './testing/views.ts';

const PROMETHEUS = {
  kind: 'pods',
  namespace: 'monitoring',
  labels: { app: 'prometheus' },
  account: 'prometheus',
} as const;

function compile(given: ServiceView, options: Partial<CompileOptions> = {}) {
  return istio().service(given, { ...OPTIONS, ...options });
}

test('a caller is allowed at the port of the pods, by one policy that selects them', () => {
  const compiled = compile(view(workload('shop/cart'), { inbound: [link('shop/web', '80:8080')] }));
  const [policy, ...others] = policies(compiled);
  assert.equal(others.length, 0);
  assert.deepEqual(policy?.matchLabels, { app: 'cart' });
  assert.equal(policy?.namespace, 'shop');
  assert.equal(policy?.part, 'grant');
  assert.deepEqual(said(policy?.rules ?? []), ['cluster.local/ns/shop/sa/web -> 8080']);
  assert.deepEqual(compiled.findings, []);
});

test('I1: a service that nobody may call gets a policy without rules, which denies everybody', () => {
  const compiled = compile(view(workload('shop/cart')));
  const [object] = objectsOf(compiled, 'AuthorizationPolicy');
  assert.deepEqual(object && specOf(object), { selector: { matchLabels: { app: 'cart' } }, action: 'ALLOW' });
  assert.equal(compiled.drafts[0]?.part, 'deny');
});

test('I1: revoking the last grant rewrites the same object, so that nothing is open in between', () => {
  const open = compile(view(workload('shop/cart'), { inbound: [link('shop/web', '80')] }));
  const shut = compile(view(workload('shop/cart')));
  assert.deepEqual(
    open.drafts.map(({ object }) => object.metadata.name),
    shut.drafts.map(({ object }) => object.metadata.name),
  );
});

test('I2: no policy is wider than one workload: each has a selector with labels or targets, in the service namespace', () => {
  const engine = istio();
  const compiled = compile(view(workload('shop/cart', { waypoint: WAYPOINT }), { inbound: [link('shop/web', '80')] }));
  for (const policy of policies(compiled)) {
    assert.equal(policy.namespace, 'shop');
    assert.ok(Object.keys(policy.matchLabels ?? {}).length > 0 || (policy.targetRefs ?? []).length > 0);
  }
  const everything = { namespace: 'shop', managed: true, mesh: 'ambient', shadows: [], enforced: [] } as const;
  assert.deepEqual(engine.namespace(everything, OPTIONS), { drafts: [], findings: [] });
});

test('I3: a policy has a selector or targetRefs, never both, and at most 16 targetRefs', () => {
  const services = Array.from({ length: 40 }, (_, index) => `svc-${index}`);
  const compiled = compile(
    view(workload('shop/cart', { services, waypoint: WAYPOINT }), { inbound: [link('shop/web', '80')] }),
  );
  const targets = atWaypoint(compiled).flatMap(({ targetRefs }) => targetRefs ?? []);
  assert.deepEqual(targets.map(({ name }) => name).sort(), [...services].sort());
  for (const { targetRefs } of atWaypoint(compiled)) assert.ok((targetRefs ?? []).length <= 16);
  for (const { matchLabels, targetRefs } of policies(compiled)) {
    assert.equal((matchLabels === undefined) !== (targetRefs === undefined), true);
  }
  for (const target of targets)
    assert.deepEqual({ group: target.group, kind: target.kind }, { group: '', kind: 'Service' });
});

test('I3: a Service stays in its group of targetRefs when another one comes', () => {
  const groupsOf = (count: number) => {
    const services = Array.from({ length: count }, (_, index) => `svc-${index}`);
    const compiled = compile(view(workload('shop/cart', { services, waypoint: WAYPOINT })));
    return new Map(
      atWaypoint(compiled).flatMap(({ name, targetRefs }) =>
        (targetRefs ?? []).map((ref) => [ref.name, name] as const),
      ),
    );
  };
  const before = groupsOf(30);
  const after = groupsOf(31);
  assert.ok(new Set(before.values()).size > 1);
  for (const [service, policy] of before) assert.equal(after.get(service), policy);
});

test('I4: principals are those of the given trust domain, without spiffe://, for every account of a rollout', () => {
  const web = workload('front/web', { accounts: ['web', 'web-new'] });
  const compiled = compile(view(workload('shop/cart'), { inbound: [link(web, '80')] }), { trustDomain: 'td.example' });
  assert.deepEqual(said(policies(compiled)[0]?.rules ?? []), [
    'td.example/ns/front/sa/web, td.example/ns/front/sa/web-new -> 80',
  ]);
});

test('I4, Z10: a trust domain that a matcher reads as a pattern names nobody, and says so', () => {
  for (const trustDomain of ['*', 'spiffe://td', '', 'TD.example']) {
    const compiled = compile(
      view(workload('shop/cart', { waypoint: WAYPOINT }), { inbound: [link('shop/web', '80')] }),
      {
        trustDomain,
      },
    );
    assert.deepEqual(
      policies(compiled).map(({ hasRules }) => hasRules),
      [false, false],
    );
    assert.deepEqual(codes(compiled), ['error TrustDomainInvalid']);
  }
});

test('I5, Z8: callers are principals, never serviceAccounts, so that another trust domain is another caller', () => {
  const compiled = compile(view(workload('shop/cart'), { inbound: [link('shop/web', '80')] }));
  assert.doesNotMatch(JSON.stringify(compiled), /serviceAccounts|trustDomains|"namespaces"/);
});

test('I7, I8, I18, Z1, Z5, Z12: only ALLOW with principals, addresses and ports is written', () => {
  const compiled = compile(
    view(workload('shop/cart', { waypoint: WAYPOINT }), {
      inbound: [link('shop/web', '80'), link(meshed('old/tool', 'none'), '81')],
      ingress: [fromOutside('shop/office', ['203.0.113.0/24'], '82')],
    }),
  );
  for (const object of objectsOf(compiled, 'AuthorizationPolicy')) {
    const spec = JSON.stringify(object.spec);
    assert.match(spec, /"action":"ALLOW"/);
    assert.doesNotMatch(spec, /DENY|CUSTOM|AUDIT|"methods"|"paths"|"hosts"|"when"|requestPrincipals|remoteIpBlocks/);
  }
});

test('I9, Z9: no policy is a dry run', () => {
  const compiled = compile(view(workload('shop/cart'), { inbound: [link('shop/web', '80')] }));
  for (const { object } of compiled.drafts) assert.equal(object.metadata.annotations, undefined);
});

test('I10: behind a waypoint the pods admit the waypoint alone, and the waypoint admits the callers', () => {
  const compiled = compile(
    view(workload('shop/cart', { services: ['cart', 'cart-ro'], waypoint: WAYPOINT }), {
      inbound: [link('shop/report', '80:8080', '90:9090'), link('shop/web', '80:8080')],
    }),
  );
  assert.deepEqual(
    atPods(compiled).map(({ rules }) => said(rules)),
    [['cluster.local/ns/shop/sa/waypoint -> 8080,9090']],
  );
  assert.deepEqual(
    atWaypoint(compiled).map(({ targetRefs, rules }) => [targetRefs?.map(({ name }) => name), said(rules)]),
    [
      [
        ['cart', 'cart-ro'],
        ['cluster.local/ns/shop/sa/web -> 80', 'cluster.local/ns/shop/sa/report -> 80,90'],
      ],
    ],
  );
});

test('I10: a Service behind a waypoint that nobody may call is closed at both doors', () => {
  const compiled = compile(view(workload('shop/cart', { waypoint: WAYPOINT })));
  assert.deepEqual(
    policies(compiled).map(({ hasRules, part }) => [hasRules, part]),
    [
      [false, 'deny'],
      [false, 'deny'],
    ],
  );
});

test('I11: callers reach the pods past the waypoint only where that way is open', () => {
  const inbound = [link('shop/web', '80:8080')];
  const through = compile(view(workload('shop/cart', { waypoint: WAYPOINT }), { inbound }));
  const past = compile(view(workload('shop/cart', { waypoint: WAYPOINT, direct: true }), { inbound }));
  assert.deepEqual(
    atPods(through).map(({ rules }) => said(rules)),
    [['cluster.local/ns/shop/sa/waypoint -> 8080']],
  );
  assert.deepEqual(
    atPods(past).map(({ rules }) => said(rules)),
    [['cluster.local/ns/shop/sa/waypoint, cluster.local/ns/shop/sa/web -> 8080']],
  );
});

test('I11: a service without Services is called at its pods, whatever waypoint its namespace has', () => {
  const compiled = compile(
    view(workload('shop/cart', { services: [], waypoint: WAYPOINT }), { inbound: [link('shop/web', '80:8080')] }),
  );
  assert.deepEqual(
    policies(compiled).map(({ rules }) => said(rules)),
    [['cluster.local/ns/shop/sa/web -> 8080']],
  );
});

test('I12: ztunnel gets every target port of a rollout, the waypoint the Service port', () => {
  const inbound = [link('shop/web', '80:8080+8081')];
  const plain = compile(view(workload('shop/cart'), { inbound }));
  const behind = compile(view(workload('shop/cart', { waypoint: WAYPOINT }), { inbound }));
  assert.deepEqual(said(atPods(plain)[0]?.rules ?? []), ['cluster.local/ns/shop/sa/web -> 8080,8081']);
  assert.deepEqual(said(atPods(behind)[0]?.rules ?? []), ['cluster.local/ns/shop/sa/waypoint -> 8080,8081']);
  assert.deepEqual(said(atWaypoint(behind)[0]?.rules ?? []), ['cluster.local/ns/shop/sa/web -> 80']);
});

test('I13, Z6, Z7: plaintext is let in per port and selector, with the mode of the mesh inherited', () => {
  const compiled = compile(
    view(workload('shop/cart', labelled({ app: 'cart' }, { 'app.kubernetes.io/name': 'cart' })), {
      inbound: [link(meshed('old/tool', 'none'), '80:8080'), link('shop/web', '90:9090')],
    }),
  );
  const modes = objectsOf(compiled, 'PeerAuthentication');
  assert.ok(compiled.drafts.every(({ part }) => part === 'grant'));
  assert.deepEqual(
    modes.map(specOf).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    [{ app: 'cart' }, { 'app.kubernetes.io/name': 'cart' }].map((matchLabels) => ({
      selector: { matchLabels },
      portLevelMtls: { 8080: { mode: 'PERMISSIVE' } },
    })),
  );
  assert.deepEqual([...new Set(modes.map(({ metadata }) => metadata.namespace))], ['shop']);
});

test('I13: without callers in plaintext there is no PeerAuthentication', () => {
  const compiled = compile(view(workload('shop/cart'), { inbound: [link('shop/web', '80')] }));
  assert.deepEqual(objectsOf(compiled, 'PeerAuthentication'), []);
});

test('I14, Z4: a caller outside the mesh is admitted at its port alone, as whoever has no identity', () => {
  const compiled = compile(
    view(workload('shop/cart'), {
      inbound: [link(meshed('old/tool', 'none'), '80:8080'), link('shop/web', '90:9090')],
    }),
  );
  assert.deepEqual(said(atPods(compiled)[0]?.rules ?? []), [
    'plaintext -> 8080',
    'cluster.local/ns/shop/sa/web -> 9090',
  ]);
  assert.deepEqual(codes(compiled), ['info CallerUnverified']);
});

test('I14, Z4: sources by address are admitted from these addresses and without identity only, IPv6 too', () => {
  const compiled = compile(
    view(workload('shop/cart'), {
      ingress: [fromOutside('shop/office', ['2001:db8::/32', '203.0.113.9'], '80:8080')],
    }),
  );
  assert.deepEqual(said(atPods(compiled)[0]?.rules ?? []), ['plaintext 2001:db8::/32 203.0.113.9/32 -> 8080']);
});

test('world beside a range is the world, since a range takes nothing from it', () => {
  const compiled = compile(
    view(workload('shop/cart'), { ingress: [fromOutside('shop/all', ['203.0.113.9', 'world'], '80')] }),
  );
  assert.deepEqual(said(atPods(compiled)[0]?.rules ?? []), ['plaintext -> 80']);
});

test('an external service or built-in peer without any source opens nothing', () => {
  const compiled = compile(
    view(workload('shop/cart'), {
      ingress: [fromOutside('shop/none', [], '80')],
      builtins: [fromBuiltin('scrapers', { kind: 'cidrs', cidrs: [] }, '80')],
    }),
  );
  assert.deepEqual(
    policies(compiled).map(({ hasRules }) => hasRules),
    [false],
  );
  assert.deepEqual(objectsOf(compiled, 'PeerAuthentication'), []);
});

test('without a network policy engine a caller outside the mesh is refused and its port stays closed', () => {
  const compiled = compile(
    view(workload('shop/cart'), {
      inbound: [link(meshed('old/tool', 'none'), '80:8080'), link('shop/web', '90:9090')],
      ingress: [fromOutside('shop/office', ['203.0.113.0/24'], '80:8080')],
      builtins: [fromBuiltin('scrapers', PROMETHEUS, '91')],
    }),
    { engines: ['istio'] },
  );
  assert.deepEqual(said(atPods(compiled)[0]?.rules ?? []), ['cluster.local/ns/shop/sa/web -> 9090']);
  assert.deepEqual(objectsOf(compiled, 'PeerAuthentication'), []);
  assert.deepEqual(codes(compiled), ['error CallerUnverified', 'error CallerUnverified', 'error CallerUnverified']);
});

test('X8: built-in peers are admitted at the ports of the pods, as callers without identity', () => {
  const compiled = compile(
    view(workload('shop/cart', { waypoint: WAYPOINT }), {
      builtins: [
        fromBuiltin('apiserver', { kind: 'entity', entity: 'kube-apiserver' }, '443:9443'),
        fromBuiltin('scrapers', PROMETHEUS, '91:9091'),
      ],
    }),
  );
  assert.deepEqual(said(atPods(compiled)[0]?.rules ?? []), ['plaintext -> 9091', 'plaintext -> 9443']);
  assert.deepEqual(atWaypoint(compiled)[0]?.hasRules, false);
});

test('I15: what a service calls is no rule of its own', () => {
  const outbound = [link('shop/db', '5432')];
  assert.deepEqual(compile(view(workload('shop/cart'), { outbound })), compile(view(workload('shop/cart'))));
});

test('I19: more lists of ports than one policy may have rules are spread over several', () => {
  const inbound = Array.from({ length: 600 }, (_, index) => link(`shop/caller-${index}`, String(1000 + index)));
  const compiled = compile(view(workload('shop/cart'), { inbound }));
  assert.ok(policies(compiled).length > 1);
  for (const { rules } of policies(compiled)) assert.ok(rules.length > 0 && rules.length <= 512);
  assert.equal(policies(compiled).flatMap(({ rules }) => rules).length, 600);
});

test('I20: a pod with a sidecar gets nothing and grants nothing', () => {
  assert.deepEqual(compile(view(meshed('shop/cart', 'sidecar'), { inbound: [link('shop/web', '80')] })).drafts, []);
  const called = compile(view(workload('shop/cart'), { inbound: [link(meshed('shop/web', 'sidecar'), '80')] }));
  assert.deepEqual(
    policies(called).map(({ hasRules }) => hasRules),
    [false],
  );
});

test('a service that is outside the mesh, in shadow or barred gets nothing from Istio', () => {
  const inbound = [link('shop/web', '80')];
  for (const self of [
    workload('shop/cart', { mesh: 'none' }),
    workload('shop/cart', { mode: 'shadow' }),
    workload('shop/cart', { barred: 'IdentityIsNode' }),
  ]) {
    assert.deepEqual(compile(view(self, { inbound })), { drafts: [], findings: [] });
  }
});

test('a barred caller is named by no rule, and a shadow caller by its own', () => {
  const inbound = [
    link(workload('shop/node', { barred: 'IdentityIsNode' }), '80'),
    link(workload('shop/node-too', { barred: 'IdentityIsNode', mesh: 'none' }), '80'),
    link(workload('shop/seen', { mode: 'shadow' }), '80'),
  ];
  const compiled = compile(view(workload('shop/cart'), { inbound }));
  assert.deepEqual(said(policies(compiled)[0]?.rules ?? []), ['cluster.local/ns/shop/sa/seen -> 80']);
});

test('X2: the port of the tunnel, 15008, is in no policy: ztunnel sees the port inside it', () => {
  const compiled = compile(view(workload('shop/cart'), { inbound: [link('shop/web', '80:8080')] }));
  assert.doesNotMatch(JSON.stringify(compiled), /15008/);
});

test('X6: UDP and SCTP ports are in no policy, and an edge of these alone leaves the service closed', () => {
  const mixed = compile(view(workload('shop/dns'), { inbound: [link('shop/web', '53/UDP', '53:5353', '99/SCTP')] }));
  assert.deepEqual(said(policies(mixed)[0]?.rules ?? []), ['cluster.local/ns/shop/sa/web -> 5353']);
  const bare = compile(
    view(workload('shop/dns', { waypoint: WAYPOINT }), {
      inbound: [link('shop/web', '53/UDP'), link(meshed('old/tool', 'none'), '53/UDP')],
    }),
  );
  assert.deepEqual(
    policies(bare).map(({ hasRules }) => hasRules),
    [false, false],
  );
  assert.deepEqual(bare.findings, []);
  assert.deepEqual(objectsOf(bare, 'PeerAuthentication'), []);
});

test('X6: without a network policy engine an unguarded UDP port is reported', () => {
  const self = workload('shop/dns', { ports: [port('53/UDP'), port('80')] });
  const [finding, ...others] = compile(view(self), { engines: ['istio'] }).findings;
  assert.deepEqual([finding?.code, finding?.severity, others], ['ProtocolUnguarded', 'warning', []]);
  assert.match(finding?.message ?? '', / 53\/UDP /);
  assert.deepEqual(codes(compile(view(self))), []);
});

test('Z2, Z3: every policy for pods selects by labels, so that it attaches to the declared workload', () => {
  assert.throws(() => compile(view(workload('shop/cart', labelled({})))), { code: 'ISTIO_OBJECT_INVALID' });
});

test('Z11: a port that no pod can have is never written', () => {
  const zero = { name: 'zero', port: 80, targetPorts: [0], protocol: 'TCP' } as const;
  const inbound = [{ peer: workload('shop/web'), ports: [zero] }];
  assert.throws(() => compile(view(workload('shop/cart'), { inbound })), { code: 'ISTIO_OBJECT_INVALID' });
});

test('Z11: an agreement without ports opens nothing, instead of every port', () => {
  const inbound = [{ peer: workload('shop/web'), ports: [] }];
  const compiled = compile(view(workload('shop/cart', { waypoint: WAYPOINT }), { inbound }));
  assert.deepEqual(
    policies(compiled).map(({ hasRules }) => hasRules),
    [false, false],
  );
});

test('a rollout of labels gives each alternative its own policy, and the one that stays keeps its name', () => {
  const inbound = [link('shop/web', '80')];
  const before = compile(view(workload('shop/cart', labelled({ app: 'cart' })), { inbound }));
  const during = compile(view(workload('shop/cart', labelled({ app: 'basket' }, { app: 'cart' })), { inbound }));
  const after = compile(view(workload('shop/cart', labelled({ app: 'basket' })), { inbound }));
  const named = (compiled: typeof before) =>
    policies(compiled).map(({ name, matchLabels }) => `${name} ${matchLabels?.['app']}`);
  assert.equal(named(during).length, 2);
  assert.deepEqual([...named(before), ...named(after)].sort(), [...named(during)].sort());
  assert.deepEqual(policies(during)[0]?.rules, policies(during)[1]?.rules);
});

test('callers with the same ports share a rule, and an account that two of them share is named once', () => {
  const inbound = [
    link('shop/a', '80', '81'),
    link(workload('shop/b', { accounts: ['shared'] }), '81', '80'),
    link(workload('shop/c', { accounts: ['shared'] }), '80', '81'),
    link('shop/d', '80'),
  ];
  const compiled = compile(view(workload('shop/cart'), { inbound }));
  assert.deepEqual(said(policies(compiled)[0]?.rules ?? []), [
    'cluster.local/ns/shop/sa/d -> 80',
    'cluster.local/ns/shop/sa/a, cluster.local/ns/shop/sa/shared -> 80,81',
  ]);
});

test('replicas may call each other when the service agrees with itself', () => {
  const self = workload('shop/cart');
  const compiled = compile(view(self, { inbound: [link(self, '7000')] }));
  assert.deepEqual(said(policies(compiled)[0]?.rules ?? []), ['cluster.local/ns/shop/sa/cart -> 7000']);
});

test('the order in which callers come does not show in the objects', () => {
  const links = ['b/b', 'a/z', 'b-1/a', 'a/a'].map((key) => link(key, '80'));
  const one = compile(view(workload('shop/cart'), { inbound: links }));
  const other = compile(view(workload('shop/cart'), { inbound: links.toReversed() }));
  assert.equal(JSON.stringify(one), JSON.stringify(other));
});

test('every object of a service bears its owner, and no two have one name', () => {
  const compiled = compile(
    view(workload('shop/cart', { waypoint: WAYPOINT, ...labelled({ app: 'a' }, { app: 'b' }) }), {
      inbound: [link('shop/web', '80'), link(meshed('old/tool', 'none'), '80')],
    }),
  );
  const names = compiled.drafts.map(({ object }) => `${object.kind}/${object.metadata.name}`);
  assert.equal(new Set(names).size, 5);
  for (const { object, unit } of compiled.drafts) {
    assert.deepEqual(unit, { kind: 'service', namespace: 'shop', name: 'cart' });
    assert.equal(object.metadata.labels['lattice.dev/owner-name'], 'cart');
    assert.equal(object.metadata.labels['lattice.dev/owner-namespace'], 'shop');
  }
});
