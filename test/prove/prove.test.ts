import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exemptionsOf, ServiceGraph, type Settings } from '../../src/graph/index.ts';
import { denseInputs, idOf, input } from '../../src/graph/testing/random-inputs.ts';
import { compileAll, type CompileOptions, enginesFor } from '../../src/policy/index.ts';
import { prove } from '../../src/verify/index.ts';

const SETUPS = [
  { mesh: 'none', engines: ['cilium'] },
  { mesh: 'ambient', engines: ['cilium', 'istio'] },
  { mesh: 'none', engines: ['kubernetes'] },
  { mesh: 'ambient', engines: ['istio', 'kubernetes'] },
  { mesh: 'ambient', engines: ['istio'] },
] as const;

/** The built-in peers of the random graphs outside the mesh, and in it. */
const CONFIGURATIONS = [
  exemptionsOf(),
  exemptionsOf({
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeConfig',
    peers: {
      scrapers: {
        selector: { namespace: 'monitoring', matchLabels: { app: 'prometheus' }, serviceAccount: 'prometheus' },
        mesh: 'ambient',
        ports: [8080, '90/UDP', 80],
      },
    },
  }),
];

for (const { mesh, engines } of SETUPS) {
  test(`what is compiled for random graphs is exactly what is agreed, door by door (${engines.join(' and ')}, mesh ${mesh})`, () => {
    const anyInputs = fc.uniqueArray(input, { selector: idOf, minLength: 4, maxLength: 14 });
    fc.assert(
      fc.property(fc.oneof(anyInputs, denseInputs), fc.constantFrom(...CONFIGURATIONS), (inputs, exemptions) => {
        const settings: Settings = {
          mesh,
          exemptions,
          egressWaypoint: { namespace: 'mesh', name: 'egress', assumed: true },
        };
        const graph = ServiceGraph.of(inputs, settings);
        const gateway = graph.egressGateway();
        const options: CompileOptions = {
          engines,
          trustDomain: 'cluster.local',
          clusterName: 'default',
          mesh,
          exemptions,
          ...(gateway ? { egressWaypoint: gateway } : {}),
        };
        const { drafts } = compileAll(graph, enginesFor(options), options);
        const objects = drafts.map((draft) => draft.object);
        const { counterexamples } = prove({ graph, objects, ...options });
        assert.deepEqual(counterexamples.slice(0, 3), []);
      }),
      { numRuns: 60 },
    );
  });
}
