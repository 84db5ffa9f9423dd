import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServiceView } from '../../graph/index.ts';
import type { Compiled } from '../draft.ts';
import type { CompileOptions } from '../options.ts';
import { kubernetes } from './index.ts';
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
} from './testing/views.ts';

const options = optionsOf({ engines: ['kubernetes'] });
const cart = workload('shop/cart');
const web = workload('shop/web');

const dns = {
  to: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  ports: [
    { port: 53, protocol: 'TCP' },
    { port: 53, protocol: 'UDP' },
  ],
};

function compile(view: ServiceView, chosen: CompileOptions = options): Compiled {
  return kubernetes().service(view, chosen);
}

function specOf(compiled: Compiled): Record<string, unknown> {
  const [draft, ...more] = compiled.drafts;
  const spec = draft?.object.spec;
  assert.ok(typeof spec === 'object' && spec !== null && more.length === 0, 'one object');
  return { ...spec };
}

function peer(namespace: string, app: string): object {
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    podSelector: { matchLabels: { app } },
  };
}

test('one policy isolates both directions, opens DNS and what is agreed, and nothing else', () => {
  const callee = workload('data/redis', { ports: [tcp(6379), udp(53), sctp(3868)] });
  const view = viewOf(cart, { inbound: [link(web, [tcp(80, 8080)])], outbound: [link(callee)] });
  const compiled = compile(view);
  assert.deepEqual(compiled.findings, []);
  assert.deepEqual(specOf(compiled), {
    podSelector: { matchLabels: { app: 'cart' } },
    policyTypes: ['Ingress', 'Egress'],
    ingress: [{ from: [peer('shop', 'web')], ports: [{ port: 8080, protocol: 'TCP' }] }],
    egress: [
      dns,
      {
        to: [peer('data', 'redis')],
        ports: [
          { port: 53, protocol: 'UDP' },
          { port: 3868, protocol: 'SCTP' },
          { port: 6379, protocol: 'TCP' },
        ],
      },
    ],
  });
});

test('surprise 4: both policy types are said, so that a service without agreements is isolated in both directions', () => {
  assert.deepEqual(specOf(compile(viewOf(cart))), {
    podSelector: { matchLabels: { app: 'cart' } },
    policyTypes: ['Ingress', 'Egress'],
    egress: [dns],
  });
});

test('surprise 7: every agreed rule has numbered ports', () => {
  const compiled = compile(viewOf(cart, { inbound: [link(web, [])], outbound: [link(web, [])] }));
  assert.deepEqual(specOf(compiled), specOf(compile(viewOf(cart))));
});

test('surprise 16: a peer is its namespace by name and its labels', () => {
  const text = JSON.stringify(specOf(compile(viewOf(cart, { outbound: [link(workload('data/redis'))] }))));
  assert.match(text, /kubernetes\.io\/metadata\.name":"data"/);
  assert.doesNotMatch(text, /serviceaccount|cluster/);
});

test('a shadow or barred service compiles to nothing', () => {
  assert.deepEqual(compile(viewOf({ ...cart, mode: 'shadow' }, { inbound: [link(web)] })).drafts, []);
  assert.deepEqual(compile(viewOf({ ...cart, barred: 'IdentityIsNode' })).drafts, []);
});

test('X2, X3, X4: in ambient the tunnel is opened for the pair or the waypoint, and probes by their address', () => {
  const callee = workload('shop/cart', { mesh: 'ambient', waypoint: waypoint('mesh', 'wp') });
  const caller = workload('shop/web', { mesh: 'ambient' });
  const into = specOf(
    compile(viewOf(callee, { inbound: [link(caller, callee.ports), link(workload('shop/zed'), callee.ports)] })),
  );
  const wp = {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'mesh' } },
    podSelector: { matchLabels: { 'gateway.networking.k8s.io/gateway-name': 'wp' } },
  };
  assert.deepEqual(into.ingress, [
    {
      from: [
        { ipBlock: { cidr: '169.254.7.127/32' } },
        { ipBlock: { cidr: 'fd16:9254:7127:1337:ffff:ffff:ffff:ffff/128' } },
      ],
    },
    { from: [wp], ports: [{ port: 15008, protocol: 'TCP' }] },
    { from: [peer('shop', 'zed')], ports: [{ port: 8080, protocol: 'TCP' }] },
  ]);
});

test('addresses are written as they are; the same address with two ports is one peer', () => {
  const view = viewOf(cart, {
    egress: [egressTo('shop/db', 'tcp://10.20.0.0/16:5432', 'tcp://10.20.0.0/16:5433', 'udp://[2001:db8::]/32:53')],
  });
  const { egress } = specOf(compile(view));
  assert.deepEqual(egress, [
    dns,
    { to: [{ ipBlock: { cidr: '2001:db8::/32' } }], ports: [{ port: 53, protocol: 'UDP' }] },
    {
      to: [{ ipBlock: { cidr: '10.20.0.0/16' } }],
      ports: [
        { port: 5432, protocol: 'TCP' },
        { port: 5433, protocol: 'TCP' },
      ],
    },
  ]);
});

test('hosts, nodes, ingress and entities are refused one by one, and the rest is written', () => {
  const compiled = compile(
    viewOf(cart, {
      egress: [egressTo('shop/api', 'https://api.example.com', 'https://*.example.net', 'tcp://192.0.2.1:443')],
      ingress: [ingressFrom('shop/lb', ['nodes', 'ingress', '203.0.113.0/24'], [tcp(80, 8080)])],
      builtins: [
        {
          peer: { name: 'apiserver', at: { kind: 'entity', entity: 'kube-apiserver' } },
          outbound: [{ port: 6443, protocol: 'TCP' }],
          inbound: [],
        },
      ],
    }),
  );
  assert.deepEqual(
    compiled.findings.map(({ code, severity }) => [code, severity]),
    Array.from({ length: 5 }, () => ['NotExpressible', 'error']),
  );
  for (const word of ['api.example.com', '*.example.net', 'nodes', 'ingress', 'apiserver']) {
    assert.ok(
      compiled.findings.some(({ message }) => message.includes(word)),
      word,
    );
  }
  const { ingress, egress } = specOf(compiled);
  assert.deepEqual(ingress, [
    { from: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 8080, protocol: 'TCP' }] },
  ]);
  assert.deepEqual(egress, [
    dns,
    { to: [{ ipBlock: { cidr: '192.0.2.1/32' } }], ports: [{ port: 443, protocol: 'TCP' }] },
  ]);
});

test('the world is refused where pods and nodes are not known, and leaves them out where they are', () => {
  const view = viewOf(cart, {
    egress: [egressTo('shop/any', 'tcp://0.0.0.0/0:443')],
    ingress: [ingressFrom('shop/all', ['world'], [tcp(80)])],
  });
  const unknown = compile(view);
  assert.equal(unknown.findings.length, 3);
  assert.deepEqual(specOf(unknown), specOf(compile(viewOf(cart))));
  const network = {
    ...EXEMPTIONS.network,
    podCIDRs: [cidr('10.0.0.0/16'), cidr('fd00::/48')],
    nodeCIDRs: [cidr('192.168.0.0/24')],
  };
  const known = compile(view, { ...options, exemptions: { ...EXEMPTIONS, network } });
  assert.deepEqual(known.findings, []);
  const v4 = { ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/16', '192.168.0.0/24'] } };
  const v6 = { ipBlock: { cidr: '::/0', except: ['fd00::/48'] } };
  const { ingress, egress } = specOf(known);
  assert.deepEqual(ingress, [{ from: [v4, v6], ports: [{ port: 80, protocol: 'TCP' }] }]);
  assert.deepEqual(egress, [dns, { to: [v4], ports: [{ port: 443, protocol: 'TCP' }] }]);
});

test("a built-in peer is its pods or its addresses, with its ports out and the service's own in", () => {
  const { ingress, egress } = specOf(
    compile(
      viewOf(cart, {
        builtins: [
          {
            peer: { name: 'apiserver', at: { kind: 'cidrs', cidrs: [cidr('172.16.0.1')] } },
            outbound: [{ port: 6443, protocol: 'TCP' }],
            inbound: [],
          },
          {
            peer: { name: 'scrapers', at: { kind: 'pods', namespace: 'monitoring', labels: { app: 'prometheus' } } },
            outbound: [],
            inbound: [tcp(80, 8080)],
          },
        ],
      }),
    ),
  );
  assert.deepEqual(ingress, [{ from: [peer('monitoring', 'prometheus')], ports: [{ port: 8080, protocol: 'TCP' }] }]);
  assert.deepEqual(egress, [
    dns,
    { to: [{ ipBlock: { cidr: '172.16.0.1/32' } }], ports: [{ port: 6443, protocol: 'TCP' }] },
  ]);
});

test('a meshed pod reaches hosts through the egress waypoint where Istio decides about them, else not at all', () => {
  const egress = waypoint('egress', 'gate');
  const view = viewOf(workload('shop/web', { mesh: 'ambient' }), {
    egress: [egressTo('shop/api', 'https://api.example.com')],
  });
  const both = compile(view, { ...options, engines: ['istio', 'kubernetes'], egressWaypoint: egress });
  assert.deepEqual(both.findings, []);
  assert.match(JSON.stringify(specOf(both)), /gateway-name":"gate".*15008/);
  assert.deepEqual(
    compile(view, { ...options, egressWaypoint: egress }).findings.map((each) => each.code),
    ['NotExpressible'],
  );
});

test('the egress waypoint is opened to its callers alone, and what it opens itself is said to be open', () => {
  const view = { waypoint: waypoint('egress', 'gate'), callers: [web], hosts: [] };
  const { drafts, findings } = kubernetes().egressWaypoint(view, { ...options, engines: ['istio', 'kubernetes'] });
  assert.deepEqual(
    drafts.map((draft) => draft.object.spec),
    [
      {
        podSelector: { matchLabels: { 'gateway.networking.k8s.io/gateway-name': 'gate' } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [peer('shop', 'web')], ports: [{ port: 15008, protocol: 'TCP' }] }],
        egress: [{}],
      },
    ],
  );
  assert.deepEqual(
    findings.map(({ code, severity }) => [code, severity]),
    [['EgressWaypointOpen', 'warning']],
  );
  assert.deepEqual(kubernetes().egressWaypoint(view, options).drafts, []);
});

test('a waypoint whose name is no label value loses the edges behind it alone', () => {
  const long = waypoint('mesh', 'w'.repeat(64));
  const callee = workload('shop/cart', { mesh: 'ambient', waypoint: long });
  const caller = workload('shop/web', { mesh: 'ambient' });
  const compiled = compile(viewOf(caller, { outbound: [link(callee), link(workload('shop/old'))] }));
  assert.deepEqual(
    compiled.findings.map((each) => each.code),
    ['NotExpressible'],
  );
  assert.deepEqual(specOf(compiled).egress, [
    dns,
    { to: [peer('shop', 'old')], ports: [{ port: 8080, protocol: 'TCP' }] },
  ]);
  const gate = kubernetes().egressWaypoint(
    { waypoint: long, callers: [], hosts: [] },
    { ...options, engines: ['istio', 'kubernetes'] },
  );
  assert.deepEqual([gate.drafts.length, gate.findings.map((each) => each.code)], [0, ['NotExpressible']]);
});

test('selectors that differ in one value are one policy, others one each', () => {
  const rolling = {
    ...cart,
    selectors: [
      { app: 'cart', v: '1' },
      { app: 'cart', v: '2' },
    ],
  };
  assert.deepEqual(specOf(compile(viewOf(rolling))).podSelector, {
    matchLabels: { app: 'cart' },
    matchExpressions: [{ key: 'v', operator: 'In', values: ['1', '2'] }],
  });
  const { drafts } = compile(viewOf({ ...cart, selectors: [{ app: 'cart' }, { name: 'cart' }] }));
  assert.equal(new Set(drafts.map((draft) => draft.object.metadata.name)).size, 2);
});

test('3,000 callers are split into objects that stay small, beside the one with the exemptions', () => {
  const callers = Array.from({ length: 3000 }, (_, index) => link(workload(`team/caller-${10_000 + index}`)));
  const { drafts } = compile(viewOf(cart, { inbound: callers }));
  assert.deepEqual(
    drafts.map((draft) => draft.part),
    ['deny', 'grant', 'grant', 'grant', 'grant'],
  );
  assert.equal(new Set(drafts.map((draft) => draft.object.metadata.name)).size, 5);
  for (const draft of drafts) assert.ok(JSON.stringify(draft.object).length < 400_000);
  const named = drafts.flatMap((draft) => JSON.stringify(draft.object.spec).match(/caller-\d+/g) ?? []);
  assert.deepEqual([named.length, new Set(named).size], [3000, 3000]);
});

test('a managed namespace isolates all pods but those of its shadow services', () => {
  const shadows = [workload('shop/cart', { mode: 'shadow' }), workload('shop/web', { mode: 'shadow' })];
  const { drafts, findings } = kubernetes().namespace(managed('shop', { shadows }), options);
  assert.deepEqual(
    drafts.map((draft) => draft.object.spec),
    [
      {
        podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['cart', 'web'] }] },
        policyTypes: ['Ingress', 'Egress'],
        egress: [dns],
      },
    ],
  );
  assert.deepEqual(
    findings.map((each) => each.code),
    ['DefaultDenyPartial'],
  );
  assert.deepEqual(kubernetes().namespace({ ...managed('shop'), managed: false }, options).drafts, []);
});

test('the same view gives the same bytes, from a new engine and from a used one', () => {
  const used = kubernetes();
  const view = viewOf(cart, { inbound: [link(web)], outbound: [link(workload('data/redis'))] });
  used.service(viewOf(web, { outbound: [link(cart)] }), options);
  assert.equal(JSON.stringify(used.service(view, options)), JSON.stringify(kubernetes().service(view, options)));
});
