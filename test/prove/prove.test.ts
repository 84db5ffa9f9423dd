import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exemptionsOf, ServiceGraph, type Settings } from '../../src/graph/index.ts';
import { idOf, input } from '../../src/graph/testing/random-inputs.ts';
import { compileAll, type CompileOptions, enginesFor } from '../../src/policy/index.ts';
import { prove } from '../../src/verify/index.ts';

const SETUPS = [
  { mesh: 'none', engines: ['cilium'] },
  { mesh: 'ambient', engines: ['cilium', 'istio'] },
  { mesh: 'none', engines: ['kubernetes'] },
  { mesh: 'ambient', engines: ['istio', 'kubernetes'] },
  { mesh: 'ambient', engines: ['istio'] },
] as const;

for (const { mesh, engines } of SETUPS) {
  test(`what is compiled for random graphs is exactly what is agreed, door by door (${engines.join(' and ')}, mesh ${mesh})`, () => {
    const exemptions = exemptionsOf();
    const settings: Settings = {
      mesh,
      exemptions,
      egressWaypoint: { namespace: 'mesh', name: 'egress', assumed: true },
    };
    fc.assert(
      fc.property(fc.uniqueArray(input, { selector: idOf, minLength: 4, maxLength: 14 }), (inputs) => {
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
