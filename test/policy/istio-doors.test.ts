// The objects of the Istio compiler, judged by the evaluator that shares no code with it: each door admits exactly
// its row of the table (ztunnel: identity and target port; waypoint: identity and Service port).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { containsCidr, parseCidr } from '../../src/api/index.ts';
import type { BuiltinPeer, Labels, Port, ServiceView, Workload } from '../../src/graph/index.ts';
import { istio } from '../../src/policy/istio/index.ts';
import { EGRESS, OPTIONS, host, view, WAYPOINT, workload } from '../../src/policy/istio/testing/views.ts';
import { loadIstio, type MeshPeer, type MeshWorkload } from '../../src/verify/istio/index.ts';

const TRUST_DOMAIN = 'td.example';
const OPTIONS_HERE = { ...OPTIONS, trustDomain: TRUST_DOMAIN, egressWaypoint: EGRESS };
const STRICT = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'default', namespace: 'istio-system' },
  spec: { mtls: { mode: 'STRICT' } },
};
const SOURCES = ['203.0.113.0/24', '198.51.100.7', '2001:db8::/32', 'world', 'nodes', 'ingress'] as const;
const ADDRESSES = ['203.0.113.9', '203.0.112.255', '198.51.100.7', '198.51.100.8', '2001:db8::1', '2001:db9::1'];
const NUMBERS = [80, 81, 8080, 8081, 9090] as const;

const ports: fc.Arbitrary<readonly Port[]> = fc
  .uniqueArray(
    fc.record({
      port: fc.constantFrom(...NUMBERS),
      targetPorts: fc
        .uniqueArray(fc.constantFrom(...NUMBERS), { minLength: 1, maxLength: 2 })
        .map((numbers) => numbers.sort((a, b) => a - b)),
      protocol: fc.constantFrom('TCP', 'TCP', 'TCP', 'UDP', 'SCTP'),
    }),
    { selector: ({ port, protocol }) => `${port}/${protocol}`, maxLength: 3 },
  )
  .map((list) => list.map((port) => ({ ...port, name: `p${port.port}${port.protocol.toLowerCase()}` })));

const peers: fc.Arbitrary<readonly Workload[]> = fc
  .uniqueArray(
    fc.record({
      key: fc.constantFrom('shop/web', 'shop/report', 'front/web', 'old/tool', 'shop/self', 'a/b'),
      accounts: fc.uniqueArray(fc.constantFrom('web', 'report', 'shared', 'default'), { minLength: 1, maxLength: 2 }),
      mesh: fc.constantFrom('ambient', 'ambient', 'ambient', 'none', 'sidecar'),
      mode: fc.constantFrom('enforce', 'enforce', 'shadow'),
      barred: fc.option(fc.constant('IdentityIsNode'), { nil: undefined, freq: 8 }),
    }),
    { selector: ({ key }) => key, maxLength: 5 },
  )
  .map((list) =>
    list.map(({ key, accounts, mesh, mode, barred }) =>
      workload(key, { accounts: accounts.sort(), mesh, mode, ...(barred === undefined ? {} : { barred }) }),
    ),
  );

const builtinAt: fc.Arbitrary<BuiltinPeer['at']> = fc.oneof(
  fc.constant({ kind: 'entity', entity: 'kube-apiserver' } as const),
  fc.constant({ kind: 'cidrs', cidrs: ['198.51.100.0/29'].flatMap((text) => parseCidr(text) ?? []) } as const),
  fc.constant({ kind: 'pods', namespace: 'monitoring', labels: { app: 'scraper' } } as const),
  fc.constant({ kind: 'pods', namespace: 'monitoring', labels: { app: 'scraper' }, account: 'scraper' } as const),
);

const views: fc.Arbitrary<ServiceView> = fc
  .record({
    self: fc.record({
      selectors: fc.uniqueArray(
        fc.constantFrom<Labels>({ app: 'self' }, { app: 'old-self' }, { app: 'self', v: '2' }),
        {
          minLength: 1,
          selector: (labels) => JSON.stringify(labels),
        },
      ),
      mesh: fc.constantFrom('ambient', 'ambient', 'ambient', 'ambient', 'none', 'sidecar'),
      mode: fc.constantFrom('enforce', 'enforce', 'enforce', 'enforce', 'shadow'),
      waypoint: fc.option(fc.constant(WAYPOINT), { nil: undefined }),
      direct: fc.boolean(),
      services: fc.uniqueArray(fc.constantFrom('self', 'self-ro', 'self-rw'), { maxLength: 3 }),
    }),
    callers: peers,
    agreed: fc.array(ports, { minLength: 5, maxLength: 5 }),
    sources: fc.array(fc.tuple(fc.uniqueArray(fc.constantFrom(...SOURCES), { maxLength: 2 }), ports), { maxLength: 2 }),
    builtins: fc.array(fc.tuple(builtinAt, ports), { maxLength: 2 }),
  })
  .map(({ self, callers, agreed, sources, builtins }) => {
    const { waypoint, ...rest } = self;
    return view(workload('shop/self', { ...rest, ...(waypoint ? { waypoint } : {}) }), {
      inbound: callers.map((peer, index) => ({ peer, ports: agreed[index] ?? [] })),
      ingress: sources.map(([from, allowed], index) => ({
        external: {
          key: `shop/outside-${index}`,
          namespace: 'shop',
          name: `outside-${index}`,
          endpoints: [],
          sources: from.map((text) => {
            const cidr = parseCidr(text);
            return cidr ? { kind: 'cidr', ...cidr } : { kind: text === 'nodes' || text === 'ingress' ? text : 'world' };
          }),
        },
        ports: allowed,
      })),
      builtins: builtins.map(([at, inbound], index) => ({
        peer: { name: `builtin-${index}`, at },
        outbound: [],
        inbound,
      })),
    });
  });

/** Everybody that a rule could tell apart, and a fresh one of each class. */
function callersOf(given: ServiceView): readonly MeshPeer[] {
  const named = given.inbound.flatMap(({ peer }) =>
    [...peer.accounts, 'fresh'].map((serviceAccount) => ({ namespace: peer.namespace, serviceAccount })),
  );
  const identities = [
    ...named,
    { namespace: WAYPOINT.namespace, serviceAccount: WAYPOINT.account },
    { namespace: 'monitoring', serviceAccount: 'scraper' },
    { namespace: 'fresh', serviceAccount: 'web' },
  ];
  return [
    ...identities,
    ...identities.map((identity) => ({ ...identity, trustDomain: 'cluster.local' })),
    ...identities.map((identity) => ({ ...identity, plaintext: true, ip: '192.0.2.1' })),
    ...ADDRESSES.flatMap((ip) => [
      { plaintext: true as const, ip },
      { namespace: 'fresh', serviceAccount: 'meshed', ip },
    ]),
  ];
}

const isTcp = ({ protocol }: Port): boolean => protocol === 'TCP';
const targets = (list: readonly Port[]): readonly number[] =>
  list.filter(isTcp).flatMap(({ targetPorts }) => targetPorts);
const served = (list: readonly Port[]): readonly number[] => list.filter(isTcp).map(({ port }) => port);

/** The grants by identity: who has agreed, and at which ports as the door sees them. */
function agreedWith(given: ServiceView, peer: MeshPeer, portsAt: (list: readonly Port[]) => readonly number[]) {
  if (!('namespace' in peer) || peer.plaintext === true || (peer.trustDomain ?? TRUST_DOMAIN) !== TRUST_DOMAIN)
    return [];
  const { namespace, serviceAccount } = peer;
  return given.inbound
    .filter(({ peer: caller }) => caller.mesh === 'ambient' && caller.barred === undefined)
    .filter(({ peer: caller }) => caller.namespace === namespace && caller.accounts.includes(serviceAccount))
    .flatMap((link) => portsAt(link.ports));
}

function plaintextPorts(given: ServiceView, ip: string | undefined): readonly number[] {
  const address = ip === undefined ? undefined : parseCidr(ip);
  return [
    ...given.inbound
      .filter(({ peer }) => peer.mesh === 'none' && peer.barred === undefined)
      .flatMap((link) => targets(link.ports)),
    ...given.ingress
      .filter(({ external: { sources } }) =>
        sources.some((source) => source.kind !== 'cidr' || (address !== undefined && containsCidr(source, address))),
      )
      .flatMap((link) => targets(link.ports)),
    ...given.builtins
      .filter(
        ({ peer: { at } }) =>
          at.kind !== 'cidrs' || at.cidrs.some((cidr) => address !== undefined && containsCidr(cidr, address)),
      )
      .flatMap((link) => targets(link.inbound)),
  ];
}

/** Ztunnel's row: identity and target port; behind a waypoint the waypoint's, and the callers' only where they pass it by. */
function mayReachPods(given: ServiceView, peer: MeshPeer, port: number): boolean {
  const { self } = given;
  if (peer.plaintext === true) return plaintextPorts(given, peer.ip).includes(port);
  const waypoint = self.services.length > 0 ? self.waypoint : undefined;
  const isWaypoint =
    'namespace' in peer &&
    peer.namespace === waypoint?.namespace &&
    peer.serviceAccount === waypoint.account &&
    (peer.trustDomain ?? TRUST_DOMAIN) === TRUST_DOMAIN;
  const forwarded = callersOf(given).flatMap((caller) => agreedWith(given, caller, targets));
  if (isWaypoint && forwarded.includes(port)) return true;
  return (waypoint === undefined || self.direct) && agreedWith(given, peer, targets).includes(port);
}

function podsOf(self: Workload): readonly MeshWorkload[] {
  return self.selectors.map((labels) => ({
    namespace: self.namespace,
    serviceAccount: 'self',
    labels: { ...labels, 'pod-template-hash': 'x' },
  }));
}

function isEnforced(self: Workload): boolean {
  return self.mode === 'enforce' && self.mesh === 'ambient';
}

/** The objects as the API server would store them. */
function stored(drafts: readonly { readonly object: unknown }[]): readonly unknown[] {
  return drafts.map(({ object }): unknown => JSON.parse(JSON.stringify(object)));
}

test('ztunnel admits exactly the agreed identities and target ports, with and without a STRICT mesh', () => {
  fc.assert(
    fc.property(views, fc.boolean(), (given, strict) => {
      const objects = stored(istio().service(given, OPTIONS_HERE).drafts);
      const set = loadIstio(strict ? [STRICT, ...objects] : objects, { trustDomain: TRUST_DOMAIN });
      assert.deepEqual([set.refusals, set.pruned], [[], []]);
      for (const to of podsOf(given.self)) {
        for (const from of callersOf(given)) {
          for (const port of [...NUMBERS, 12345]) {
            const expected = isEnforced(given.self) ? mayReachPods(given, from, port) : !(strict && from.plaintext);
            const { verdict } = set.judgeZtunnel({ from, to, port });
            assert.equal(verdict, expected ? 'allowed' : 'denied', `${JSON.stringify(from)} -> ${port}`);
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('a waypoint admits exactly the agreed identities at the Service ports, for each Service', () => {
  fc.assert(
    fc.property(views, (given) => {
      const set = loadIstio(stored(istio().service(given, OPTIONS_HERE).drafts), { trustDomain: TRUST_DOMAIN });
      if (!isEnforced(given.self) || !given.self.waypoint) return;
      for (const name of given.self.services) {
        for (const from of callersOf(given)) {
          for (const port of [...NUMBERS, 12345]) {
            const destination = { kind: 'Service', namespace: 'shop', name } as const;
            const { verdict } = set.judgeWaypoint({ from, waypoint: WAYPOINT, destination, port });
            const expected = agreedWith(given, from, served).includes(port);
            assert.equal(verdict, expected ? 'allowed' : 'denied', `${JSON.stringify(from)} -> ${name}:${port}`);
          }
        }
      }
    }),
    { numRuns: 150 },
  );
});

test('I10, X3, X11: an agreed call passes every Istio door on its way, and past the waypoint only where that is open', () => {
  fc.assert(
    fc.property(views, (given) => {
      const { self } = given;
      if (!isEnforced(self) || !self.waypoint || self.services.length === 0) return;
      const set = loadIstio(stored(istio().service(given, OPTIONS_HERE).drafts), { trustDomain: TRUST_DOMAIN });
      const destination = { kind: 'Service', namespace: 'shop', name: self.services[0] ?? '' } as const;
      const waypoint = { namespace: WAYPOINT.namespace, serviceAccount: WAYPOINT.account };
      const meshed = given.inbound.filter(({ peer }) => peer.mesh === 'ambient' && peer.barred === undefined);
      for (const { peer, ports: agreed } of meshed) {
        for (const serviceAccount of peer.accounts) {
          const from = { namespace: peer.namespace, serviceAccount };
          for (const each of agreed.filter(isTcp)) {
            const request = { from, waypoint: WAYPOINT, destination, port: each.port };
            assert.equal(set.judgeWaypoint(request).verdict, 'allowed');
            for (const to of podsOf(self)) {
              for (const port of each.targetPorts) {
                assert.equal(set.judgeZtunnel({ from: waypoint, to, port }).verdict, 'allowed');
                assert.equal(set.judgeZtunnel({ from, to, port }).verdict, self.direct ? 'allowed' : 'denied');
              }
            }
          }
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('Z13: where istiod admits the waypoint to every port of its pods by itself, nobody else gains or loses', () => {
  fc.assert(
    fc.property(views, (given) => {
      const objects = stored(istio().service(given, OPTIONS_HERE).drafts);
      const without = loadIstio(objects, { trustDomain: TRUST_DOMAIN });
      const beside = loadIstio(objects, { trustDomain: TRUST_DOMAIN, autoAllowWaypoint: true });
      const waypoint = { ...WAYPOINT, serviceAccounts: [WAYPOINT.account] };
      if (!isEnforced(given.self)) return;
      for (const to of podsOf(given.self)) {
        for (const from of callersOf(given)) {
          if ('serviceAccount' in from && from.serviceAccount === WAYPOINT.account) continue;
          for (const port of NUMBERS) {
            assert.equal(
              beside.judgeZtunnel({ from, to: { ...to, waypoint }, port }).verdict,
              without.judgeZtunnel({ from, to, port }).verdict,
            );
          }
        }
      }
    }),
    { numRuns: 30 },
  );
});

test('pods and Services that are not declared stay as they were', () => {
  fc.assert(
    fc.property(views, (given) => {
      const set = loadIstio(stored(istio().service(given, OPTIONS_HERE).drafts), { trustDomain: TRUST_DOMAIN });
      for (const to of [
        { namespace: 'shop', serviceAccount: 'self', labels: { app: 'other' } },
        { namespace: 'other', serviceAccount: 'self', labels: { app: 'self' } },
      ]) {
        assert.equal(set.judgeZtunnel({ from: { plaintext: true }, to, port: 80 }).verdict, 'allowed');
      }
      const destination = { kind: 'Service', namespace: 'shop', name: 'other' } as const;
      const from = { namespace: 'a', serviceAccount: 'b' };
      assert.equal(set.judgeWaypoint({ from, waypoint: WAYPOINT, destination, port: 80 }).verdict, 'allowed');
    }),
    { numRuns: 50 },
  );
});

test('I16: the egress waypoint admits exactly the callers of a host and port, whoever declared it, and nothing else', () => {
  const schemes = fc.uniqueArray(fc.constantFrom('https:443', 'http:80', 'tcp:5432', 'grpc:50051'), { minLength: 1 });
  const hosts = fc.uniqueArray(fc.constantFrom('api.example.com', 'db.example.com', '*.example.net'), { minLength: 1 });
  fc.assert(
    fc.property(hosts, schemes, fc.array(peers, { minLength: 4, maxLength: 4 }), (names, declared, callers) => {
      const engine = istio();
      const given = names.map((name) =>
        host(name, Object.fromEntries(declared.map((text, at) => [text, callers[at] ?? []]))),
      );
      const compiled = given.map((one) => ({ one, drafts: engine.host(one, OPTIONS_HERE).drafts }));
      const closing = engine.egressWaypoint({ waypoint: EGRESS, callers: [], hosts: given }, OPTIONS_HERE).drafts;
      const set = loadIstio(stored([...compiled.flatMap(({ drafts }) => drafts), ...closing]), {
        trustDomain: TRUST_DOMAIN,
      });
      assert.deepEqual([set.refusals, set.pruned], [[], []]);
      for (const { one, drafts } of compiled) {
        const entry = drafts.find(({ object }) => object.kind === 'ServiceEntry')?.object.metadata.name ?? 'none';
        for (const port of [443, 80, 5432, 50051, 8443]) {
          for (const from of callers.flat().flatMap(identitiesOf)) {
            const destination = { kind: 'ServiceEntry', namespace: EGRESS.namespace, name: entry } as const;
            const { verdict } = set.judgeWaypoint({ from, waypoint: EGRESS, destination, port });
            const carried = one.ports.filter((known) => known.port === port && isCarried(one.host, known.scheme));
            const agreed = carried.some((known) => known.callers.some((caller) => isCaller(caller, from)));
            assert.equal(verdict, agreed ? 'allowed' : 'denied', `${JSON.stringify(from)} -> ${one.host}:${port}`);
          }
        }
      }
      const elsewhere = { kind: 'ServiceEntry', namespace: EGRESS.namespace, name: 'not-ours' } as const;
      for (const from of callers.flat().flatMap(identitiesOf)) {
        const request = { from, waypoint: EGRESS, port: 443 };
        assert.equal(set.judgeWaypoint({ ...request, destination: elsewhere }).verdict, 'denied');
        assert.equal(set.judgeWaypoint(request).verdict, 'denied');
      }
    }),
    { numRuns: 60 },
  );
});

function identitiesOf({ namespace, accounts }: Workload): readonly MeshWorkload[] {
  return [...accounts, 'fresh'].map((serviceAccount) => ({ namespace, serviceAccount }));
}

function isCaller(caller: Workload, { namespace, serviceAccount }: MeshWorkload): boolean {
  return (
    caller.mesh === 'ambient' &&
    caller.barred === undefined &&
    caller.namespace === namespace &&
    caller.accounts.includes(serviceAccount)
  );
}

function isCarried(name: string, scheme: string): boolean {
  return !name.startsWith('*.') || scheme === 'https' || scheme === 'http';
}
