// The objects of the Cilium compiler, judged by the evaluator that shares no code with it: each door admits exactly its
// row of the table, nothing is refused or pruned, and any mix of two versions keeps what both agree on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { containsCidr, parseCidr } from '../../src/api/index.ts';
import type { Labels, Link, Port, ServiceView, Workload } from '../../src/graph/index.ts';
import type { KubernetesObject } from '../../src/policy/index.ts';
import { cilium } from '../../src/policy/cilium/index.ts';
import {
  egressTo,
  ingressFrom,
  managed,
  optionsOf,
  viewOf,
  waypoint,
  workload,
} from '../../src/policy/kubernetes/testing/views.ts';
import { type CiliumPolicySet, loadCilium } from '../../src/verify/cilium/index.ts';

const SEED = 20_261_122;
const OPTIONS = optionsOf({ mesh: 'ambient', egressWaypoint: waypoint('egress', 'gate') });
const WAYPOINT = waypoint('mesh', 'wp');
const NUMBERS = [53, 80, 8080, 8081, 15008] as const;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

type Protocol = (typeof PROTOCOLS)[number];

interface Pod {
  readonly namespace: string;
  readonly cluster: string;
  readonly account: string;
  readonly labels: Labels;
}

const ports: fc.Arbitrary<readonly Port[]> = fc
  .uniqueArray(
    fc.record({
      port: fc.constantFrom(80, 81),
      targetPorts: fc.uniqueArray(fc.constantFrom(53, 80, 8080, 8081), { minLength: 1, maxLength: 2 }),
      protocol: fc.constantFrom<Protocol>('TCP', 'TCP', 'UDP', 'SCTP'),
    }),
    { selector: ({ port, protocol }) => `${port}/${protocol}`, maxLength: 3 },
  )
  .map((list) => list.map((port) => ({ ...port, name: `p${port.port}${port.protocol.toLowerCase()}` })));

const SELECTORS: readonly Labels[] = [
  { app: 'a' },
  { app: 'b' },
  { app: 'a', tier: 'x' },
  { app: 'a', tier: 'y' },
  { role: 'r' },
];
const accounts = fc.uniqueArray(fc.constantFrom('one', 'two', 'three'), { minLength: 1, maxLength: 2 });
const selectors = fc.uniqueArray(fc.constantFrom(...SELECTORS), {
  minLength: 1,
  maxLength: 3,
  selector: (each) => JSON.stringify(each),
});

function workloads(key: fc.Arbitrary<string>): fc.Arbitrary<Workload> {
  return fc
    .record({
      key,
      accounts,
      selectors,
      mesh: fc.constantFrom('ambient', 'ambient', 'none'),
      mode: fc.constantFrom('enforce', 'enforce', 'shadow'),
      fronted: fc.boolean(),
      direct: fc.boolean(),
    })
    .map(({ key, fronted, ...fields }) =>
      workload(key, { ...fields, ...(fronted && fields.mesh === 'ambient' ? { waypoint: WAYPOINT } : {}) }),
    );
}

const links: fc.Arbitrary<readonly Link[]> = fc
  .uniqueArray(fc.tuple(workloads(fc.constantFrom('n/p', 'n/q', 'm/p', 'm/r')), ports), {
    selector: ([peer]) => peer.key,
    maxLength: 3,
  })
  .map((list) => list.map(([peer, ports]) => ({ peer, ports })).sort((a, b) => (a.peer.key < b.peer.key ? -1 : 1)));

const ENDPOINTS = [
  'https://api.example.com',
  'https://*.example.net:8080',
  'tcp://192.0.2.0/24:8080',
  'udp://[2001:db8::]/32:53',
  'udp://ntp.example.com:53',
];
const SOURCES = ['203.0.113.0/24', '2001:db8:1::/48', 'world', 'nodes', 'ingress'];

const views: fc.Arbitrary<ServiceView> = fc
  .record({
    self: workloads(fc.constant('n/self')).map((self) => ({ ...self, mode: 'enforce' as const })),
    inbound: links,
    outbound: links,
    urls: fc.subarray(ENDPOINTS),
    sources: fc.subarray(SOURCES),
    called: ports,
  })
  .map(({ self, inbound, outbound, urls, sources, called }) =>
    viewOf(self, {
      inbound,
      outbound,
      egress: urls.length > 0 ? [egressTo('n/out', ...urls)] : [],
      ingress: sources.length > 0 ? [ingressFrom('n/in', sources, called)] : [],
    }),
  );

const GATEWAYS = ['wp', 'gate'].map((name): Labels => ({ 'gateway.networking.k8s.io/gateway-name': name }));
const PODS: readonly Pod[] = [
  ...crossed(['n', 'm'], ['one', 'two', 'three'], [...SELECTORS, { app: 'other' }]),
  ...crossed(['mesh', 'egress', 'n'], ['wp', 'gate', 'one'], GATEWAYS),
  ...crossed(['kube-system', 'n'], ['one'], [{ 'k8s-app': 'kube-dns' }]),
];

function crossed(namespaces: readonly string[], accounts: readonly string[], labelSets: readonly Labels[]): Pod[] {
  return namespaces.flatMap((namespace) =>
    ['c1', 'c2'].flatMap((cluster) =>
      accounts.flatMap((account) => labelSets.map((labels) => ({ namespace, cluster, account, labels }))),
    ),
  );
}

const OTHERS: readonly (readonly string[])[] = [
  ['reserved:host'],
  ['reserved:remote-node'],
  ['reserved:ingress'],
  ['reserved:health'],
  ['cidr:192.0.2.7/32'],
  ['cidr:192.0.3.7/32'],
  ['cidr:203.0.113.7/32'],
  ['cidr:203.0.112.7/32'],
  ['cidr:169.254.7.127/32'],
  ['cidr:2001:db8::7/128'],
  ['cidr:2001:db8:1::7/128'],
  ['cidr:2001:db9::7/128'],
  ['cidr:198.51.100.1/32', 'dns:api.example.com'],
  ['cidr:198.51.100.2/32', 'dns:one.example.net'],
  ['cidr:198.51.100.3/32', 'dns:one.two.example.net'],
  ['cidr:198.51.100.4/32', 'dns:ntp.example.com'],
];

test('a service opens exactly its agreements, by pod, port and protocol, and nothing of it is refused or pruned', () => {
  fc.assert(
    fc.property(views, (view) => {
      const set = load(objectsOf(view));
      assert.deepEqual([set.refusals, set.pruned], [[], []]);
      const agreed = podOf(view.self, view.self.accounts[0] ?? '');
      const impostor = podOf(view.self, 'impostor');
      for (const [pod, row] of [[agreed, view] as const, [impostor, viewOf(view.self)] as const]) {
        for (const flow of flows()) {
          const { out, into } = askBoth(set, pod, flow);
          const what = JSON.stringify({ pod, ...flow });
          assert.equal(out, mayOpen(row, flow), `egress ${what}`);
          assert.equal(into, mayBeOpened(row, flow), `ingress ${what}`);
        }
      }
    }),
    { seed: SEED, numRuns: 80 },
  );
});

test('S, C: any mix of the objects before and after a change keeps what both agree on and opens what neither does', () => {
  fc.assert(
    fc.property(views, views, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (before, other, coins) => {
      const versions = [before, { ...other, self: before.self }].map((view) => byName(objectsOf(view)));
      const names = [...new Set(versions.flatMap((objects) => [...objects.keys()]))];
      const mixed = names.flatMap((name, index) => versions[coins[index % 8] ? 0 : 1]?.get(name) ?? []);
      const [old, young] = versions.map((objects) => load([...objects.values()]));
      const mix = load(mixed);
      assert.ok(old && young);
      const pod = podOf(before.self, before.self.accounts[0] ?? '');
      for (const flow of flows()) {
        const first = askBoth(old, pod, flow);
        const second = askBoth(young, pod, flow);
        const now = askBoth(mix, pod, flow);
        for (const side of ['out', 'into'] as const) {
          if (first[side] === second[side]) assert.equal(now[side], first[side], JSON.stringify({ side, ...flow }));
        }
      }
    }),
    { seed: SEED, numRuns: 50 },
  );
});

test('opting in: grants without the deny leave everything as it was, in any subset', () => {
  fc.assert(
    fc.property(views, (view) => {
      const grants = cilium()
        .service(view, OPTIONS)
        .drafts.filter((draft) => draft.part === 'grant');
      const set = load(grants.map((draft) => draft.object));
      const pod = podOf(view.self, view.self.accounts[0] ?? '');
      for (const flow of flows()) assert.deepEqual(askBoth(set, pod, flow), { out: true, into: true });
    }),
    { seed: SEED, numRuns: 20 },
  );
});

test('a managed namespace isolates exactly the pods that belong to no shadow service', () => {
  const shadows = fc.array(selectors, { maxLength: 3 });
  fc.assert(
    fc.property(shadows, (lists) => {
      const view = managed('n', {
        shadows: lists.map((each, index) => workload(`n/s${index}`, { mode: 'shadow', selectors: each })),
      });
      const set = load(
        cilium()
          .namespace(view, OPTIONS)
          .drafts.map((draft) => draft.object),
      );
      assert.deepEqual([set.refusals, set.pruned], [[], []]);
      for (const labels of [...SELECTORS, { app: 'c' }, { app: 'b', role: 'r' }, { app: 'a', tier: 'z' }]) {
        const shadow = lists.flat().some((wanted) => has(labels, wanted));
        const pod = podLabels({ namespace: 'n', cluster: 'c1', account: 'one', labels });
        const { ingress, egress } = set.judge({ from: pod, to: pod, port: 80, protocol: 'TCP' });
        assert.deepEqual([ingress.verdict, egress.verdict], shadow ? ['allowed', 'allowed'] : ['denied', 'denied']);
      }
    }),
    { seed: SEED, numRuns: 200 },
  );
});

test('a hub with 3,000 callers admits each of them and nobody else, and no object is refused', () => {
  const callers = Array.from({ length: 3000 }, (_, index) => workload(`team-${index % 7}/caller-${index}`));
  callers.sort((a, b) => (a.key < b.key ? -1 : 1));
  const hub = workload('n/hub');
  const set = load(objectsOf(viewOf(hub, { inbound: callers.map((peer) => ({ peer, ports: hub.ports })) })));
  assert.deepEqual([set.refusals, set.pruned], [[], []]);
  const to = podLabels(podOf(hub, 'hub'));
  for (const index of [0, 1, 999, 1500, 2999]) {
    const labels = { app: `caller-${index}` };
    const caller = { namespace: `team-${index % 7}`, cluster: 'c1', account: `caller-${index}`, labels };
    const ask = (from: Pod, port: number) =>
      set.judge({ from: podLabels(from), to, port, protocol: 'TCP' }).ingress.verdict;
    assert.equal(ask(caller, 8080), 'allowed');
    assert.equal(ask(caller, 8081), 'denied');
    assert.equal(ask({ ...caller, namespace: 'team-x' }, 8080), 'denied');
    assert.equal(ask({ ...caller, cluster: 'c2' }, 8080), 'denied');
    assert.equal(ask({ ...caller, account: 'other' }, 8080), 'denied');
  }
});

interface Flow {
  readonly peer: Pod | readonly string[];
  readonly port: number;
  readonly protocol: Protocol;
}

function* flows(): Generator<Flow> {
  for (const peer of [...PODS, ...OTHERS]) {
    for (const port of NUMBERS) for (const protocol of PROTOCOLS) yield { peer, port, protocol };
  }
}

function askBoth(set: CiliumPolicySet, pod: Pod, { peer, port, protocol }: Flow): { out: boolean; into: boolean } {
  const own = podLabels(pod);
  const other = isPod(peer) ? podLabels(peer) : peer;
  return {
    out: set.judge({ from: own, to: other, port, protocol }).egress.verdict === 'allowed',
    into: set.judge({ from: other, to: own, port, protocol }).ingress.verdict === 'allowed',
  };
}

/** The row of the table for egress, said again in other words. */
function mayOpen({ self, outbound, egress }: ServiceView, { peer, port, protocol }: Flow): boolean {
  if (isPod(peer)) {
    if (isIn(peer, 'kube-system', { 'k8s-app': 'kube-dns' }) && port === 53 && protocol !== 'SCTP') return true;
    if (self.mesh === 'ambient' && isGateway(peer, 'egress', 'gate') && port === 15008 && protocol === 'TCP') {
      return egress.some((link) => link.endpoints.some((each) => each.protocol === 'TCP' && each.host.kind !== 'cidr'));
    }
    return outbound.some((link) => isOpen(self, link.peer, link, { peer, port, protocol }));
  }
  return egress.some((link) =>
    link.endpoints.some((endpoint) => {
      if (endpoint.port !== port || endpoint.protocol !== protocol) return false;
      if (endpoint.host.kind === 'cidr') return peer.some((label) => isWithin(label, endpoint.host));
      if (self.mesh === 'ambient' && protocol === 'TCP') return false;
      const name = peer.find((label) => label.startsWith('dns:'))?.slice('dns:'.length);
      if (endpoint.host.kind === 'name') return name === endpoint.host.name;
      return name?.slice(name.indexOf('.') + 1) === endpoint.host.suffix;
    }),
  );
}

/** The row of the table for ingress. */
function mayBeOpened({ self, inbound, ingress }: ServiceView, { peer, port, protocol }: Flow): boolean {
  if (isPod(peer)) return inbound.some((link) => isOpen(link.peer, self, link, { peer, port, protocol }));
  const prober = self.mesh === 'ambient' ? 'cidr:169.254.7.127/32' : 'reserved:host';
  if (peer.includes(prober)) return true;
  return ingress.some(({ external, ports }) => {
    if (!ports.some((each) => each.protocol === protocol && each.targetPorts.includes(port))) return false;
    return external.sources.some((source) => {
      if (source.kind === 'world') return peer.some((label) => label.startsWith('cidr:'));
      if (source.kind === 'ingress') return peer.includes('reserved:ingress');
      if (source.kind === 'nodes') return peer.includes('reserved:host') || peer.includes('reserved:remote-node');
      return peer.some((label) => isWithin(label, source));
    });
  });
}

/** Whether the pod at the other end of an agreement's door is let through at this port. */
function isOpen(
  caller: Workload,
  callee: Workload,
  link: Link,
  { peer, port, protocol }: Flow & { readonly peer: Pod },
): boolean {
  const meshed = caller.mesh === 'ambient' && callee.mesh === 'ambient';
  const isTunnel = port === 15008 && protocol === 'TCP';
  const belongs =
    peer.namespace === link.peer.namespace &&
    peer.cluster === 'c1' &&
    link.peer.accounts.includes(peer.account) &&
    link.peer.selectors.some((wanted) => has(peer.labels, wanted));
  if (!meshed || protocol !== 'TCP') {
    return belongs && link.ports.some((each) => each.protocol === protocol && each.targetPorts.includes(port));
  }
  if (!isTunnel || !link.ports.some((each) => each.protocol === 'TCP')) return false;
  if (callee.waypoint && isGateway(peer, 'mesh', 'wp')) return true;
  return belongs && (callee.waypoint === undefined || callee.direct);
}

function isGateway(pod: Pod, namespace: string, name: string): boolean {
  return pod.account === name && isIn(pod, namespace, { 'gateway.networking.k8s.io/gateway-name': name });
}

function isIn(pod: Pod, namespace: string, labels: Labels): boolean {
  return pod.namespace === namespace && pod.cluster === 'c1' && has(pod.labels, labels);
}

function has(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function isWithin(label: string, range: Parameters<typeof containsCidr>[0] | { readonly kind: string }): boolean {
  const address = label.startsWith('cidr:') ? parseCidr(label.slice('cidr:'.length)) : undefined;
  return address !== undefined && 'prefix' in range && containsCidr(range, address);
}

function isPod(peer: Flow['peer']): peer is Pod {
  return 'cluster' in peer;
}

function podOf(self: Workload, account: string): Pod {
  return { namespace: self.namespace, cluster: 'c1', account, labels: self.selectors[0] ?? {} };
}

function podLabels({ namespace, cluster, account, labels }: Pod): readonly string[] {
  return [
    `k8s:io.kubernetes.pod.namespace=${namespace}`,
    `k8s:io.cilium.k8s.policy.cluster=${cluster}`,
    `k8s:io.cilium.k8s.policy.serviceaccount=${account}`,
    ...Object.entries(labels).map(([key, value]) => `k8s:${key}=${value}`),
  ];
}

/** The objects of a service. */
function objectsOf(view: ServiceView): readonly KubernetesObject[] {
  return cilium()
    .service(view, OPTIONS)
    .drafts.map((draft) => draft.object);
}

function byName(objects: readonly KubernetesObject[]): ReadonlyMap<string, KubernetesObject> {
  return new Map(objects.map((object) => [object.metadata.name, object]));
}

/** As agents up to 1.18 read them too: selectors mean every cluster unless they say otherwise (C10). */
function load(objects: readonly KubernetesObject[]): CiliumPolicySet {
  return loadCilium(objects, { localCluster: 'c1', clusterName: '' });
}
