import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { exemptionsOf, type Input, type Labels, ServiceGraph } from '../../graph/index.ts';
import { attachmentOf } from '../../verify/index.ts';
import { policyBook } from './policy-book.ts';

const CLAIM = {
  engines: ['cilium', 'istio'],
  clusterName: 'default',
  trustDomain: 'cluster.local',
  exemptions: exemptionsOf(),
} as const;
const cart: Input = {
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeService',
  metadata: { namespace: 'shop', name: 'cart' },
  spec: { selector: { matchLabels: { app: 'cart' } }, serviceAccount: 'cart' },
};
const pod: Input = {
  kind: 'pod',
  id: 'Pod shop/cart-1',
  namespace: 'shop',
  labels: { app: 'cart', tier: 'backend' },
  account: 'cart',
  hostNetwork: false,
  ports: [],
  dataplane: undefined,
};
const cilium = (namespace: string, spec: object) => ({
  apiVersion: 'cilium.io/v2',
  kind: namespace === '' ? 'CiliumClusterwideNetworkPolicy' : 'CiliumNetworkPolicy',
  metadata: { name: 'theirs', ...(namespace === '' ? {} : { namespace }) },
  spec: { ingress: [{}], ...spec },
});
const authorization = (namespace: string, spec: object) => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'AuthorizationPolicy',
  metadata: { namespace, name: 'theirs' },
  spec: { rules: [{}], ...spec },
});
const select = (matchLabels: object) => ({ endpointSelector: { matchLabels } });

/** Whether the object has a say at the doors of shop/cart. */
function reaches(
  object: object & { readonly metadata: { readonly namespace?: string } },
  labels: Labels = {},
): boolean {
  const graph = ServiceGraph.of([cart, pod], { mesh: 'ambient', exemptions: CLAIM.exemptions });
  const service = graph.state.workloads.get('shop/cart');
  assert.ok(service);
  const book = policyBook('istio-system');
  const { namespace = '' } = object.metadata;
  book.put({ id: 'theirs', namespace, object: { ...object }, attachment: attachmentOf(object, CLAIM) });
  const found = book.reaching(service, graph, labels).length > 0;
  book.delete('theirs');
  assert.ok(book.isEmpty());
  assert.deepEqual(book.reaching(service, graph, labels), []);
  return found;
}

suite('a policy of another author has a say at the doors of a service', () => {
  const cases: readonly (readonly [
    title: string,
    yes: boolean,
    object: Parameters<typeof reaches>[0],
    labels?: Labels,
  ])[] = [
    ['when it selects its labels', true, cilium('shop', select({ app: 'cart' }))],
    ['when it selects every pod of its namespace', true, cilium('shop', { endpointSelector: {} })],
    [
      'when it selects more labels that a living pod wears',
      true,
      cilium('shop', select({ app: 'cart', tier: 'backend' })),
    ],
    ['not when no pod wears what it selects', false, cilium('shop', select({ app: 'cart', tier: 'frontend' }))],
    ['not when it selects other pods', false, cilium('shop', select({ app: 'web' }))],
    ['not when it is of another namespace', false, cilium('else', { endpointSelector: {} })],
    ['when it holds everywhere', true, cilium('', { endpointSelector: {} })],
    [
      'when it selects the labels of its namespace',
      true,
      cilium('', select({ 'k8s:io.cilium.k8s.namespace.labels.team': 'a' })),
      { team: 'a' },
    ],
    [
      'not when it selects other labels of namespaces',
      false,
      cilium('', select({ 'k8s:io.cilium.k8s.namespace.labels.team': 'a' })),
      { team: 'b' },
    ],
    ['when it is an authorization without selector', true, authorization('shop', {})],
    ['when it is an authorization in the root namespace', true, authorization('istio-system', {})],
    ['not when it authorizes other pods', false, authorization('shop', { selector: { matchLabels: { app: 'web' } } })],
    ['not when the engine refuses it', false, cilium('shop', { endpointSelector: {}, ingress: 'all' })],
  ];
  for (const [title, yes, object, labels] of cases) {
    test(title, () => assert.equal(reaches(object, labels), yes));
  }
});
