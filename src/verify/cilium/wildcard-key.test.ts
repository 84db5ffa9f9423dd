import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CiliumConfig } from './index.ts';
import { CART, cartEgress, ccnp, cnp, egress, OTHER, SELECT_CART, WEB, WORLD } from './test-cluster.ts';

const NAMED = { toPorts: [{ ports: [{ port: 'http', protocol: 'TCP' }] }] };
const GROUPS = { toCIDRSet: [{ cidrGroupSelector: {} }] };
const POD_PORTS: Partial<CiliumConfig> = {
  endpoints: [WEB, OTHER, WORLD].map((labels) => ({ labels, namedPorts: { http: { port: 80 } } })),
};

function verdicts(...objects: readonly object[]): string[] {
  return [WEB, WORLD].map((to) => egress(objects, to, CART, 80, 'TCP', POD_PORTS));
}

test('an empty CIDR group selector opens a port name at addresses only', () => {
  assert.deepEqual(verdicts(cartEgress({ ...GROUPS, ...NAMED })), ['denied', 'allowed']);
  assert.deepEqual(verdicts(cartEgress({ ...GROUPS, toPorts: [{ ports: [{ port: '80' }] }] })), ['allowed', 'allowed']);
});

test('an empty CIDR group selector hides the pods that another rule admits to the same port name', () => {
  const web = { toEndpoints: [{ matchLabels: { 'k8s:app': 'web' } }], ...NAMED };
  assert.deepEqual(verdicts(cartEgress(web)), ['allowed', 'denied']);
  assert.deepEqual(
    verdicts(cartEgress({ ...GROUPS, ...NAMED }), cnp({ endpointSelector: SELECT_CART, egress: [web] }, 'q')),
    ['denied', 'allowed'],
  );
  const denied = cnp({ endpointSelector: SELECT_CART, egressDeny: [{ ...GROUPS, ...NAMED }] }, 'q');
  assert.deepEqual(verdicts(cartEgress(web), denied), ['allowed', 'denied']);
});

test('beside a selector of every peer, wherever it is, the order of the agent decides, so nothing is decided', () => {
  const elsewhere = ccnp({
    endpointSelector: { matchLabels: { 'k8s:app': 'other' } },
    egress: [{ toEntities: ['all'] }],
  });
  const groups = cartEgress({ ...GROUPS, ...NAMED });
  assert.deepEqual(verdicts(groups, elsewhere), ['undecided', 'allowed']);
  assert.deepEqual(verdicts(cartEgress(NAMED), elsewhere), ['allowed', 'allowed']);
  const all = cartEgress({ toEntities: ['all'] });
  assert.deepEqual(verdicts(groups, all, elsewhere), ['allowed', 'allowed']);
});

test('two listeners of equal rank for one peer and port cannot be merged; else the first asked wins', () => {
  const to = (name: string, priority: number): object => ({
    toEndpoints: [{}],
    toPorts: [{ ports: [{ port: '80', protocol: 'TCP' }], listener: { name, priority, envoyConfig: { name: 'e' } } }],
  });
  const ask = (...rules: readonly object[]): string =>
    egress(cnp({ endpointSelector: SELECT_CART, egress: rules }), WEB, CART, 80, 'TCP', { outside: 'disregarded' });
  assert.equal(ask(to('a', 10), to('b', 10)), 'undecided');
  assert.equal(ask(to('a', 10), to('b', 20)), 'allowed');
  assert.equal(ask(to('a', 10), to('a', 10)), 'allowed');
});
