import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lattice } from '../cli/testing.ts';

const services = (image: string) => `
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: web, namespace: shop}
spec:
  containers: {app: {image: "registry/web:1"}}
  resources: {cart: {}}
---
apiVersion: lattice.dev/v1alpha1
kind: LatticeService
metadata: {name: cart, namespace: shop}
spec:
  containers: {app: {image: "${image}"}}
  service: {ports: {http: {port: 80, targetPort: 8080}}}
  resources: {web: {direction: inbound}}
`;

test('during a rollout the agreements hold for old and new pods alike: the proof stands with the pods of both', async () => {
  const old = await lattice(['render', '-'], services('registry/cart:1'));
  const next = await lattice(['render', '-'], services('registry/cart:2'));
  assert.notEqual(old.stdout, next.stdout);
  // The pods of both versions, as their ReplicaSets make them.
  const pods = [old, next].flatMap(({ stdout }, version) =>
    stdout
      .split('---\n')
      .filter((text) => text.includes('kind: Deployment'))
      .map((text) =>
        text.replace('kind: Deployment', 'kind: ReplicaSet').replace(/^ {2}name: (\w+)$/m, `  name: $1-v${version}`),
      ),
  );
  assert.equal(pods.length, 4);
  for (const engine of ['cilium', 'cilium,istio', 'kubernetes']) {
    const argv = ['verify', '-', '--engine', engine];
    const proof = await lattice(argv, [services('registry/cart:2'), ...pods].join('---\n'));
    assert.equal(proof.code, 0, `${engine}\n${proof.stdout}${proof.stderr}`);
    assert.match(proof.stdout, /^proved/);
  }
});
