// Policies of other authors, judged service by service as the operator does.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import type { Input } from '../../src/graph/index.ts';
import { idOf, input, service } from '../../src/graph/testing/random-inputs.ts';
import { foreignFindings, prove } from '../../src/verify/index.ts';
import { type Setup, SETUPS, type World, worldOf } from './support.ts';

const ISTIO = 'security.istio.io/v1';
const object = (apiVersion: string, kind: string, namespace: string, spec: object) => ({
  apiVersion,
  kind,
  metadata: { namespace, name: 'theirs' },
  spec,
});
const select = (labels: object) => ({ matchLabels: labels });

/** What others write, by the kind of engine that reads it; {app: 'a'} and its like are what random services wear. */
const CILIUM = [
  { endpointSelector: select({ app: 'a' }), ingress: [{ fromEntities: ['world'] }] },
  { endpointSelector: {}, ingress: [{ fromEndpoints: [select({ app: 'b' })] }] },
  { endpointSelector: select({ app: 'b' }), ingressDeny: [{ fromEndpoints: [{}] }] },
  { endpointSelector: select({ app: 'c' }), egress: [{ toFQDNs: [{ matchName: 'x.example' }] }] },
  { endpointSelector: {}, egressDeny: [{ toEndpoints: [select({ 'k8s:io.kubernetes.pod.namespace': 'm' })] }] },
  { endpointSelector: select({ app: 'd' }), ingress: [{ fromEndpoints: [select({ role: 'x' })] }] },
].map((spec) => (namespace: string) => object('cilium.io/v2', 'CiliumNetworkPolicy', namespace, spec));
const KUBERNETES = [
  { podSelector: {}, ingress: [{}] },
  { podSelector: select({ app: 'a' }), ingress: [{ from: [{ podSelector: select({ app: 'b' }) }] }] },
  { podSelector: select({ app: 'b' }), egress: [{ to: [{ namespaceSelector: {} }] }], policyTypes: ['Egress'] },
].map((spec) => (namespace: string) => object('networking.k8s.io/v1', 'NetworkPolicy', namespace, spec));
const AUTHORIZATION = [
  { rules: [{}] },
  { action: 'DENY', rules: [{ from: [{ source: { namespaces: ['m'] } }] }] },
  { selector: select({ app: 'b' }), rules: [{ from: [{ source: { principals: ['cluster.local/ns/n/sa/x'] } }] }] },
].map((spec) => (namespace: string) => object(ISTIO, 'AuthorizationPolicy', namespace, spec));

function policiesFor({ engines }: Setup): fc.Arbitrary<readonly object[]> {
  const makers = [
    ...(engines.includes('cilium') ? CILIUM : []),
    ...KUBERNETES,
    ...(engines.includes('istio') ? AUTHORIZATION : []),
  ];
  const one = fc
    .tuple(fc.constantFrom(...makers), fc.constantFrom('n', 'm'))
    .map(([make, namespace]) => make(namespace));
  return fc.uniqueArray(one, {
    selector: ({ kind, metadata }) => `${kind} ${metadata.namespace}`,
    minLength: 1,
    maxLength: 2,
  });
}

/** Keys of the services whose doors Lattice closes. */
function enforced({ graph }: World): readonly string[] {
  return [...graph.state.workloads.values()]
    .filter(({ mode, barred }) => mode === 'enforce' && barred === undefined)
    .map(({ key }) => key);
}

const namesOf = (findings: ReturnType<typeof foreignFindings>): readonly string[] =>
  [...new Set(findings.map(({ code, object: of }) => `${code} ${of?.kind} ${of?.namespace}/${of?.name}`))].sort();

suite('policies of other authors', () => {
  for (const setup of SETUPS) {
    const { engines, mesh } = setup;
    test(`are named service by service as for all services at once (${engines.join(' and ')}, mesh ${mesh})`, () => {
      let found = 0;
      fc.assert(
        fc.property(
          fc.uniqueArray(fc.oneof({ weight: 2, arbitrary: service }, input), {
            selector: idOf,
            minLength: 3,
            maxLength: 10,
          }),
          policiesFor(setup),
          (inputs, policies) => {
            const world = worldOf(inputs, setup);
            const about = (keys: readonly string[]) =>
              foreignFindings({ ...world.claim, about: new Set(keys) }, policies);
            const all = namesOf(about(enforced(world)));
            found += all.length;
            assert.deepEqual(namesOf(enforced(world).flatMap((key) => about([key]))), all);
          },
        ),
        { numRuns: 40 },
      );
      assert.ok(found > 0, 'the law was hardly put to the test');
    });
  }

  test('are found at the doors of the service that they select, and at no other', () => {
    const world = worldOf(chain(6), { mesh: 'none', engines: ['cilium'] });
    const policies = [
      {
        ...object('cilium.io/v2', 'CiliumNetworkPolicy', 'n', {
          endpointSelector: select({ app: 's3' }),
          ingress: [{ fromEndpoints: [select({ app: 's0' })] }],
        }),
      },
    ];
    const about = (key: string) => foreignFindings({ ...world.claim, about: new Set([key]) }, policies);
    assert.match(about('n/s3')[0]?.message ?? '', /lets through what nobody agreed, such as n\/s0 -> n\/s3:/);
    assert.deepEqual(
      ['n/s0', 'n/s1', 'n/s2', 'n/s4', 'n/s5'].flatMap((key) => about(key)),
      [],
    );
    assert.deepEqual(namesOf(foreignFindings(world.claim, policies)), namesOf(about('n/s3')));
  });

  test('cost the judgement of one service no more questions in a large cluster than in a small one', () => {
    const asked = (services: number): number => {
      const { claim } = worldOf(chain(services), { mesh: 'ambient', engines: ['cilium', 'istio'] });
      return prove({ ...claim, about: new Set(['n/s3']) }).asked;
    };
    assert.equal(asked(60), asked(6));
    assert.ok(asked(6) > 0);
  });
});

/** n/s0 calls n/s1, which calls n/s2, and so on. */
function chain(length: number): Input[] {
  return Array.from({ length }, (_, at): Input => {
    const [before, after] = [at > 0 ? [`s${at - 1}`] : [], at + 1 < length ? [`s${at + 1}`] : []];
    return {
      apiVersion: 'lattice.dev/v1alpha1',
      kind: 'LatticeService',
      metadata: { namespace: 'n', name: `s${at}` },
      spec: {
        selector: { matchLabels: { app: `s${at}` } },
        service: { ports: { http: { port: 80 } } },
        resources: {
          ...Object.fromEntries(before.map((id) => [id, { direction: 'inbound' as const }])),
          ...Object.fromEntries(after.map((id) => [id, { direction: 'outbound' as const }])),
        },
      },
    };
  });
}
