// The NetworkPolicies of the plain compiler, as the documentation reads them and as Cilium reads them (surprises 4, 7,
// 16): both let through exactly what is agreed, by namespace and labels, port and protocol.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Labels, Link, Port, ServiceView, Workload } from '../../src/graph/index.ts';
import { kubernetes } from '../../src/policy/kubernetes/index.ts';
import { optionsOf, viewOf, waypoint, workload } from '../../src/policy/kubernetes/testing/views.ts';
import { loadCilium } from '../../src/verify/cilium/index.ts';
import { loadKubernetes } from '../../src/verify/kubernetes/index.ts';

const SEED = 20_261_122;
const OPTIONS = optionsOf({ engines: ['kubernetes'], mesh: 'ambient' });
const WAYPOINT = waypoint('mesh', 'wp');
const GATEWAY: Labels = { 'gateway.networking.k8s.io/gateway-name': 'wp' };
const SELECTORS: readonly Labels[] = [{ app: 'a' }, { app: 'b' }, { app: 'a', tier: 'x' }, { app: 'a', tier: 'y' }];
const PODS = ['n', 'm', 'mesh', 'kube-system'].flatMap((namespace) =>
  [...SELECTORS, { app: 'c' }, GATEWAY, { 'k8s-app': 'kube-dns' }].map((labels: Labels) => ({ namespace, labels })),
);
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;

const ports: fc.Arbitrary<readonly Port[]> = fc.array(
  fc.record({
    name: fc.constant('p'),
    port: fc.constantFrom(80, 81),
    targetPorts: fc.uniqueArray(fc.constantFrom(53, 8080, 8081), { minLength: 1, maxLength: 2 }),
    protocol: fc.constantFrom(...PROTOCOLS),
  }),
  { maxLength: 3 },
);

function workloads(key: fc.Arbitrary<string>): fc.Arbitrary<Workload> {
  return fc
    .record({
      key,
      selectors: fc.uniqueArray(fc.constantFrom(...SELECTORS), { minLength: 1, maxLength: 2 }),
      mesh: fc.constantFrom('ambient', 'ambient', 'none'),
      fronted: fc.boolean(),
      direct: fc.boolean(),
    })
    .map(({ key, fronted, ...fields }) =>
      workload(key, { ...fields, ...(fronted && fields.mesh === 'ambient' ? { waypoint: WAYPOINT } : {}) }),
    );
}

const links: fc.Arbitrary<readonly Link[]> = fc
  .uniqueArray(fc.record({ peer: workloads(fc.constantFrom('m/p', 'm/q', 'n/r')), ports }), {
    selector: ({ peer }) => peer.key,
    maxLength: 3,
  })
  .map((list) => list.toSorted((a, b) => (a.peer.key < b.peer.key ? -1 : 1)));

const views: fc.Arbitrary<ServiceView> = fc
  .record({ self: workloads(fc.constant('n/self')), inbound: links, outbound: links })
  .map(({ self, ...rest }) => viewOf(self, rest));

test('a service opens exactly its agreements, and both readers of its policy agree', () => {
  fc.assert(
    fc.property(views, (view) => {
      const objects = kubernetes()
        .service(view, OPTIONS)
        .drafts.map((draft) => draft.object);
      const plain = loadKubernetes(objects);
      const cilium = loadCilium(objects, { localCluster: 'c1', clusterName: 'c1' });
      assert.deepEqual([plain.refusals, plain.pruned, cilium.refusals, cilium.pruned], [[], [], [], []]);
      const self: Pod = { namespace: 'n', labels: view.self.selectors[0] ?? {} };
      for (const peer of PODS) {
        for (const port of [53, 80, 8080, 8081, 15008]) {
          for (const protocol of PROTOCOLS) {
            const expected = [mayOpen(view, { peer, port, protocol }), mayBeOpened(view, { peer, port, protocol })];
            const what = JSON.stringify({ peer, port, protocol });
            const [own, other] = [plainPod(self), plainPod(peer)];
            const read = [
              plain.judge({ from: own, to: other, port, protocol }).egress.verdict === 'allowed',
              plain.judge({ from: other, to: own, port, protocol }).ingress.verdict === 'allowed',
            ];
            assert.deepEqual(read, expected, what);
            const seen = [
              cilium.judge({ from: ciliumPod(self), to: ciliumPod(peer), port, protocol }).egress.verdict === 'allowed',
              cilium.judge({ from: ciliumPod(peer), to: ciliumPod(self), port, protocol }).ingress.verdict ===
                'allowed',
            ];
            assert.deepEqual(seen, expected, `at Cilium ${what}`);
          }
        }
      }
    }),
    { seed: SEED, numRuns: 80 },
  );
});

interface Pod {
  readonly namespace: string;
  readonly labels: Labels;
}

interface Flow {
  readonly peer: Pod;
  readonly port: number;
  readonly protocol: (typeof PROTOCOLS)[number];
}

function mayOpen({ self, outbound }: ServiceView, flow: Flow): boolean {
  const isDns = flow.peer.namespace === 'kube-system' && has(flow.peer.labels, { 'k8s-app': 'kube-dns' });
  if (isDns && flow.port === 53 && flow.protocol !== 'SCTP') return true;
  return outbound.some((link) => isOpen(self, link.peer, link, flow));
}

function mayBeOpened({ self, inbound }: ServiceView, flow: Flow): boolean {
  return inbound.some((link) => isOpen(link.peer, self, link, flow));
}

function isOpen(caller: Workload, callee: Workload, link: Link, { peer, port, protocol }: Flow): boolean {
  const belongs =
    peer.namespace === link.peer.namespace && link.peer.selectors.some((wanted) => has(peer.labels, wanted));
  if (caller.mesh !== 'ambient' || callee.mesh !== 'ambient' || protocol !== 'TCP') {
    return belongs && link.ports.some((each) => each.protocol === protocol && each.targetPorts.includes(port));
  }
  if (port !== 15008 || !link.ports.some((each) => each.protocol === 'TCP')) return false;
  if (callee.waypoint && peer.namespace === 'mesh' && has(peer.labels, GATEWAY)) return true;
  return belongs && (callee.waypoint === undefined || callee.direct);
}

function has(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

/** An address that no rule names, so that rules by address decide too. */
function plainPod({ namespace, labels }: Pod) {
  return { kind: 'pod', namespace, labels, address: '10.0.0.1' } as const;
}

function ciliumPod({ namespace, labels }: Pod): readonly string[] {
  return [
    `k8s:io.kubernetes.pod.namespace=${namespace}`,
    `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${namespace}`,
    'k8s:io.cilium.k8s.policy.cluster=c1',
    ...Object.entries(labels).map(([key, value]) => `k8s:${key}=${value}`),
  ];
}
