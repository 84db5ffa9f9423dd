import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, ask, load, MESH, peerAuthentication, pod, policy } from '../test-objects.ts';

const web = pod('shop/web');
const plain = { ...web, plaintext: true };
const cart = pod('shop/cart');
const STRICT = { mtls: { mode: 'STRICT' } };
const meshStrict = peerAuthentication('istio-system/default', STRICT);

/** Ports of `cart`, of 80 and 90, that take plaintext. */
function plaintextPorts(...objects: readonly object[]): readonly number[] {
  const set = load(objects);
  for (const port of [80, 90]) assert.equal(ask(set, web, cart, port).split(' ')[0], 'allowed', 'mTLS always passes');
  return [80, 90].filter((port) => ask(set, plain, cart, port).startsWith('allowed'));
}

test('I13: STRICT denies peers without principal, from mesh, namespace or workload; UNSET inherits', () => {
  assert.deepEqual(plaintextPorts(), [80, 90]);
  assert.deepEqual(plaintextPorts(meshStrict), []);
  assert.deepEqual(plaintextPorts(peerAuthentication('shop/n', STRICT)), []);
  assert.deepEqual(plaintextPorts(peerAuthentication('shop/w', { ...app('cart'), ...STRICT })), []);
  assert.deepEqual(plaintextPorts(peerAuthentication('shop/w', { ...app('other'), ...STRICT })), [80, 90]);
  assert.deepEqual(plaintextPorts(meshStrict, peerAuthentication('shop/n', { mtls: { mode: 'UNSET' } })), []);
  const permissive = peerAuthentication('shop/n', { mtls: { mode: 'PERMISSIVE' } });
  assert.deepEqual(plaintextPorts(meshStrict, permissive), [80, 90]);
  const disable = peerAuthentication('shop/w', { ...app('cart'), mtls: { mode: 'DISABLE' } });
  assert.deepEqual(plaintextPorts(meshStrict, disable), [80, 90]);
});

test('I13: STRICT is a DENY, so that it wins over ALLOW rules [{}], and the PeerAuthentication is named', () => {
  const set = load([meshStrict, policy('shop/open', { rules: [{}] })]);
  assert.deepEqual(set.judgeZtunnel({ from: plain, to: cart, port: 80 }), {
    verdict: 'denied',
    reason: 'StrictMutualTls',
    decidedBy: [{ kind: 'PeerAuthentication', namespace: 'istio-system', name: 'default', rule: 'spec.mtls' }],
  });
});

test('I13: port-level modes make exceptions both ways', () => {
  const ports = (mode: string, portMode: string) =>
    plaintextPorts(
      peerAuthentication('shop/w', { ...app('cart'), mtls: { mode }, portLevelMtls: { 90: { mode: portMode } } }),
    );
  assert.deepEqual(ports('STRICT', 'PERMISSIVE'), [90]);
  assert.deepEqual(ports('STRICT', 'DISABLE'), [90]);
  assert.deepEqual(ports('STRICT', 'UNSET'), []);
  assert.deepEqual(ports('PERMISSIVE', 'STRICT'), [80]);
  assert.deepEqual(ports('UNSET', 'STRICT'), [80]);
  assert.deepEqual(ports('DISABLE', 'PERMISSIVE'), [80, 90]);
});

test('Z6: without a mode under a STRICT mesh, port-level PERMISSIVE is honoured and DISABLE is not', () => {
  const inherits = (mode: string) =>
    plaintextPorts(meshStrict, peerAuthentication('shop/w', { ...app('cart'), portLevelMtls: { 90: { mode } } }));
  assert.deepEqual(inherits('PERMISSIVE'), [90]);
  assert.deepEqual(inherits('DISABLE'), []);
});

test('Z6: istiod never sends what it refers to where a mesh STRICT hides a STRICT port: plaintext gets in', () => {
  const portLevelMtls = { 90: { mode: 'STRICT' } };
  const workload = peerAuthentication('shop/w', { ...app('cart'), mtls: { mode: 'PERMISSIVE' }, portLevelMtls });
  assert.deepEqual(plaintextPorts(workload), [80]);
  assert.deepEqual(plaintextPorts(meshStrict, workload), [80, 90]);
});

test('Z7: of several on one level the oldest wins; a selector in the root namespace is ignored', () => {
  const older = peerAuthentication('shop/b', { ...app('cart'), ...STRICT }, 2);
  const younger = peerAuthentication('shop/a', { ...app('cart'), mtls: { mode: 'PERMISSIVE' } }, 1);
  assert.deepEqual(plaintextPorts(younger, older), []);
  assert.deepEqual(plaintextPorts(older, younger), []);
  assert.deepEqual(plaintextPorts(peerAuthentication('istio-system/w', { ...app('cart'), ...STRICT })), [80, 90]);
});

test('the root namespace has no namespace level of its own', () => {
  const set = load([meshStrict]);
  assert.equal(ask(set, plain, pod('istio-system/x')), 'denied StrictMutualTls');
  const other = load([peerAuthentication('mesh/default', STRICT)], { ...MESH, rootNamespace: 'mesh' });
  assert.equal(ask(other, plain, cart), 'denied StrictMutualTls');
});
