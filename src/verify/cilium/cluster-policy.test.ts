import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CART, cartIngress, egress, ELSEWHERE, ingress, OTHER, pod, refusedBy, WEB, WORLD } from './test-cluster.ts';

const POD_SELECTOR = { podSelector: { matchLabels: { app: 'web' } } };
const WHOLE_NAMESPACES = { namespaces: {} };

function tiered(tier: 'Admin' | 'Baseline', priority: number, spec: object): object {
  return {
    apiVersion: 'policy.networking.k8s.io/v1alpha2',
    kind: 'ClusterNetworkPolicy',
    metadata: { name: `${tier.toLowerCase()}-${priority}` },
    spec: { tier, priority, subject: WHOLE_NAMESPACES, ...spec },
  };
}

function admit(action: 'Accept' | 'Deny' | 'Pass', peer: object = WHOLE_NAMESPACES, extra: object = {}): object {
  return { action, from: [peer], ...extra };
}

test('C31: the admin tier decides before network policies, the baseline tier after them', () => {
  const deny = { ingress: [admit('Deny')] };
  const allowing = cartIngress({ fromEndpoints: [{}] });
  assert.equal(ingress([tiered('Admin', 1, deny), allowing], WEB), 'denied');
  assert.equal(ingress([tiered('Baseline', 1, deny), allowing], WEB), 'allowed');
  assert.equal(ingress([tiered('Baseline', 1, deny)], WEB), 'denied');
});

test('C31: where a default deny finds no rule, a baseline accept still counts', () => {
  const baseline = tiered('Baseline', 1, { ingress: [admit('Accept', { pods: POD_SELECTOR })] });
  assert.deepEqual(
    [WEB, CART].map((peer) => ingress([cartIngress({}), baseline], peer)),
    ['allowed', 'denied'],
  );
});

test('C31: within a tier the lower priority and the earlier rule win; a pass skips the rest of the tier', () => {
  const accept = tiered('Admin', 2, { ingress: [admit('Accept')] });
  const deny = tiered('Admin', 10, { ingress: [admit('Deny')] });
  assert.equal(ingress([deny, accept], WEB), 'allowed');
  assert.equal(ingress([tiered('Admin', 1, { ingress: [admit('Deny'), admit('Accept')] })], WEB), 'denied');
  assert.equal(ingress([tiered('Admin', 1, { ingress: [admit('Accept'), admit('Deny')] })], WEB), 'allowed');
  const pass = tiered('Admin', 1, { ingress: [admit('Pass', { pods: POD_SELECTOR })] });
  assert.deepEqual(
    [WEB, CART].map((peer) => ingress([pass, deny], peer)),
    ['allowed', 'denied'],
  );
  assert.equal(ingress([pass, deny, cartIngress({})], WEB), 'denied');
});

test('a cluster policy isolates nobody', () => {
  const accept = tiered('Admin', 1, { ingress: [admit('Accept', { pods: POD_SELECTOR })] });
  assert.equal(ingress(accept, WORLD), 'allowed');
});

test('peers that are pods mean the local cluster, whole namespaces those of every cluster', () => {
  const deny = (peer: object): object => tiered('Admin', 1, { ingress: [admit('Deny', peer)] });
  assert.equal(ingress(deny({ pods: POD_SELECTOR }), ELSEWHERE), 'allowed');
  assert.equal(ingress(deny(WHOLE_NAMESPACES), ELSEWHERE), 'denied');
});

test('namespace selectors read the labels of the namespace', () => {
  const named = (name: string): string => `k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name=${name}`;
  const peer = { namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'pay' } } };
  const policy = tiered('Admin', 1, { ingress: [admit('Deny', peer)] });
  assert.equal(ingress(policy, pod('pay', 'web', [named('pay')])), 'denied');
  assert.equal(ingress(policy, OTHER), 'allowed');
});

test('networks, ports and port names narrow a rule', () => {
  const to = (protocols: object[]): object =>
    tiered('Admin', 1, { egress: [{ action: 'Deny', to: [{ networks: ['1.2.0.0/16'] }], protocols }] });
  const number = to([{ tcp: { destinationPort: { number: 80 } } }]);
  assert.deepEqual([egress(number, WORLD), egress(number, WEB)], ['denied', 'allowed']);
  const range = to([{ udp: { destinationPort: { range: { start: 50, end: 53 } } } }]);
  assert.deepEqual(
    [egress(range, WORLD, CART, 53, 'UDP'), egress(range, WORLD, CART, 54, 'UDP')],
    ['denied', 'allowed'],
  );
  const odd = to([{ destinationNamedPort: 'no_name' }]);
  assert.equal(egress(odd, WORLD, CART, 9, 'SCTP'), 'denied');
  assert.equal(egress(to([{ destinationNamedPort: 'HTTP' }]), WORLD), 'allowed');
});

test('what the API server refuses of a cluster policy is refused', () => {
  const spec = { ingress: [admit('Accept')] };
  assert.equal(refusedBy(tiered('Admin', 0, spec)), undefined);
  const bad = [
    tiered('Admin', 1001, spec),
    tiered('Admin', 1, { ...spec, tier: 'Normal' }),
    tiered('Admin', 1, { ...spec, subject: {} }),
    tiered('Admin', 1, { ingress: [{ action: 'Accept', from: [] }] }),
    tiered('Admin', 1, { ingress: [{ action: 'Accept', from: [{}] }] }),
    tiered('Admin', 1, { ingress: [{ action: 'Allow', from: [WHOLE_NAMESPACES] }] }),
    tiered('Admin', 1, { egress: [{ action: 'Deny', to: [{ networks: ['1.2.3.4'] }] }] }),
    tiered('Admin', 1, {
      ingress: [
        admit('Deny', WHOLE_NAMESPACES, { protocols: [{ tcp: { destinationPort: { range: { start: 9, end: 9 } } } }] }),
      ],
    }),
  ];
  for (const object of bad) assert.equal(refusedBy(object), 'schema', JSON.stringify(object));
});
