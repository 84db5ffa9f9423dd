import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EgressWaypointView } from '../../graph/index.ts';
import { EXEMPTIONS, optionsOf, waypoint, workload } from '../kubernetes/testing/views.ts';
import { cilium } from './index.ts';

const egress = waypoint('egress', 'gate');
const options = optionsOf({ mesh: 'ambient', egressWaypoint: egress });
const web = workload('shop/web', { mesh: 'ambient' });
const view: EgressWaypointView = {
  waypoint: egress,
  callers: [web],
  hosts: [
    { host: '*.example.net', ports: [{ port: 443, scheme: 'https', callers: [web] }] },
    {
      host: 'api.example.com',
      ports: [
        { port: 80, scheme: 'http', callers: [web] },
        { port: 443, scheme: 'https', callers: [web] },
      ],
    },
  ],
};

test('X7, X8: the egress waypoint opens its tunnel to the callers, each host on its ports, and the control plane', () => {
  const { drafts, findings } = cilium().egressWaypoint(view, options);
  assert.deepEqual(findings, []);
  const place = { 'k8s:io.cilium.k8s.policy.cluster': 'c1' };
  const port = (number: string) => ({ port: number, protocol: 'TCP' });
  assert.deepEqual(drafts[1]?.object.spec, {
    endpointSelector: {
      matchLabels: {
        'k8s:io.cilium.k8s.policy.serviceaccount': 'gate',
        'k8s:gateway.networking.k8s.io/gateway-name': 'gate',
      },
    },
    enableDefaultDeny: { ingress: false, egress: false },
    ingress: [
      {
        fromEndpoints: [
          {
            matchLabels: {
              'k8s:io.kubernetes.pod.namespace': 'shop',
              ...place,
              'k8s:io.cilium.k8s.policy.serviceaccount': 'web',
              'k8s:app': 'web',
            },
          },
        ],
        toPorts: [{ ports: [port('15008')] }],
      },
    ],
    egress: [
      {
        toEndpoints: [
          { matchLabels: { 'k8s:io.kubernetes.pod.namespace': 'istio-system', ...place, 'k8s:app': 'istiod' } },
        ],
        toPorts: [{ ports: [port('15012')] }],
      },
      { toFQDNs: [{ matchPattern: '*.example.net' }], toPorts: [{ ports: [port('443')] }] },
      { toFQDNs: [{ matchName: 'api.example.com' }], toPorts: [{ ports: [port('80'), port('443')] }] },
    ],
  });
});

test('X7: the egress waypoint is isolated, asks DNS for its hosts alone, and is probed from its node', () => {
  const [deny] = cilium().egressWaypoint(view, options).drafts;
  assert.deepEqual([deny?.part, deny?.object.metadata.namespace], ['deny', 'egress']);
  const text = JSON.stringify(deny?.object.spec);
  assert.match(text, /"ingress":\[{"fromEntities":\["host"\]}\]/);
  assert.match(
    text,
    /"dns":\[{"matchPattern":"\*\*\.cluster\.local"},{"matchPattern":"\*\.example\.net"},{"matchName":"api\.example\.com"}\]/,
  );
});

test('without callers and hosts the egress waypoint is isolated and reaches the control plane', () => {
  const { drafts } = cilium().egressWaypoint({ waypoint: egress, callers: [], hosts: [] }, options);
  assert.doesNotMatch(JSON.stringify(drafts), /15008|toFQDNs/);
  assert.match(JSON.stringify(drafts), /15012/);
});

test('what the egress waypoint cannot be given is an error that names the fix', () => {
  const bare = optionsOf({
    egressWaypoint: egress,
    exemptions: { ...EXEMPTIONS, peers: new Map(), dns: { ...EXEMPTIONS.dns, resolvers: [] } },
  });
  const { drafts, findings } = cilium().egressWaypoint(view, bare);
  assert.deepEqual(
    findings.map(({ code, severity }) => [code, severity]),
    [
      ['DnsNotProxyable', 'error'],
      ['MeshControlPlaneUnknown', 'error'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(drafts), /toFQDNs/);
});

test('a caller that Cilium cannot select is left out alone', () => {
  const odd = workload('shop/odd', { mesh: 'ambient', selectors: [{ 'pod-template-hash': 'x' }] });
  const { drafts, findings } = cilium().egressWaypoint({ ...view, callers: [odd, web] }, options);
  assert.deepEqual(
    findings.map((each) => each.code),
    ['PodsNotSelectable'],
  );
  assert.match(JSON.stringify(drafts), /"k8s:app":"web"/);
});

test('a Gateway whose name is no label value is refused as a whole', () => {
  const long = waypoint('egress', 'g'.repeat(64));
  const { drafts, findings } = cilium().egressWaypoint({ ...view, waypoint: long }, options);
  assert.deepEqual([drafts.length, findings.map((each) => each.code)], [0, ['PodsNotSelectable']]);
});
