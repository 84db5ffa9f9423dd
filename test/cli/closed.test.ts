// What both sides agree and a compiler must refuse: closed, never silently, and never called proved.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lattice } from './testing.ts';

const service = (name: string, resources: string) => `
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  serviceAccount: ${name}
  service: {ports: {http: {port: 80}}}
  resources: ${resources}
---`;

const CALLS_HOST = `${service('shop', '{pay: {type: external_service}}')}
apiVersion: lattice.dev/v1alpha1
kind: LatticeExternalService
metadata: {name: pay}
spec: {endpoints: {api: "https://api.example.com"}, allowed_requesters: [shop]}
`;

const PLAINTEXT_CALLER = `${service('cart', '{batch: {direction: inbound, namespace: legacy}}')}
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: batch, namespace: legacy}
spec: {selector: {matchLabels: {app: batch}}, serviceAccount: batch, resources: {cart: {namespace: default}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: legacy, labels: {istio.io/dataplane-mode: none}}
`;

const BARRED = `${service('front', '{agent: {}}')}${service('agent', '{front: {direction: inbound}}')}
apiVersion: v1
kind: Pod
metadata: {name: agent, labels: {app: agent}}
spec: {hostNetwork: true, serviceAccountName: agent, containers: [{name: main, image: x}]}
`;

const CASES = [
  { input: CALLS_HOST, flags: [], code: 'EgressWaypointMissing', ask: ['shop', 'external:pay'] },
  { input: PLAINTEXT_CALLER, flags: ['--engine', 'istio'], code: 'CallerUnverified', ask: ['legacy/batch', 'cart'] },
  { input: BARRED, flags: [], code: 'IdentityIsNode', ask: ['front', 'agent'] },
] as const;

for (const { input, flags, code, ask } of CASES) {
  test(`${code}: verify says which agreed edge is closed and ends with 1`, async () => {
    const { code: exit, stdout } = await lattice(['verify', '-', ...flags], input);
    assert.equal(exit, 1);
    assert.match(stdout, new RegExp(`closed although agreed +${code}$`, 'm'));
    assert.match(stdout, /^not proved: 1 agreed edge is closed/m);
    const json: unknown = JSON.parse((await lattice(['verify', '-', '-o', 'json', ...flags], input)).stdout);
    assert.ok(typeof json === 'object' && json !== null && 'closed' in json && Array.isArray(json.closed));
    assert.equal(json.closed.length, 1);
  });

  test(`${code}: graph shows the edge as refused, with the reason`, async () => {
    const { stdout, stderr } = await lattice(['graph', '-', ...flags], input);
    assert.match(stdout, new RegExp(`refused: ${code}$`, 'm'));
    assert.match(stderr, new RegExp(`error ${code}: .*\\n  fix: `));
    assert.equal((await lattice(['query', '-', ...flags], input)).code, 1, 'a closed edge leads nowhere');
  });

  test(`${code}: explain gives the reason and the fix`, async () => {
    const { code: exit, stdout } = await lattice(['explain', ...ask, '-', ...flags], input);
    assert.equal(exit, 1);
    assert.match(stdout, new RegExp(`both sides agree, but the edge stays closed \\(${code}\\): .+\\n  \\S`));
  });
}

test('what is not agreed is not called closed although agreed', async () => {
  const half = service('front', '{agent: {}}') + service('agent', '{}');
  const { code, stdout } = await lattice(['verify', '-'], half);
  assert.deepEqual([code, /closed although agreed/.test(stdout)], [0, false]);
});

test('a policy of another author among the inputs is part of what is proved', async () => {
  const agreed = service('front', '{agent: {}}') + service('agent', '{front: {direction: inbound}}');
  const foreign = `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: open, namespace: default}
spec: {podSelector: {matchLabels: {app: agent}}, ingress: [{}]}
`;
  assert.equal((await lattice(['verify', '-'], agreed)).code, 0);
  const { code, stdout } = await lattice(['verify', '-'], agreed + foreign);
  assert.equal(code, 1);
  assert.match(stdout, /NetworkPolicy default\/open/);
});
