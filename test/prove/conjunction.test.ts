import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { denseInputs } from '../../src/graph/testing/random-inputs.ts';
import { FlowJudge } from '../../src/verify/index.ts';
import { flowsOf, SETUPS, verdictOf, worldOf } from './support.ts';

for (const setup of SETUPS) {
  test(`all doors together let a flow through if and only if both sides agreed (${setup.engines.join(' and ')}, mesh ${setup.mesh})`, (context) => {
    const seen = { agreed: 0, denied: 0, shadow: 0 };
    fc.assert(
      fc.property(denseInputs, (inputs) => {
        const { graph, claim } = worldOf(inputs, setup);
        const judge = new FlowJudge(claim);
        for (const flow of flowsOf(graph, setup)) {
          const guarded = flow.from.mode === 'enforce' || flow.to.mode === 'enforce';
          const expected = flow.agreed || !guarded ? 'allowed' : 'denied';
          assert.equal(verdictOf(judge, flow), expected, flow.id);
          seen[flow.agreed ? 'agreed' : guarded ? 'denied' : 'shadow']++;
        }
      }),
      { numRuns: 200 },
    );
    context.diagnostic(`flows asked: ${JSON.stringify(seen)}`);
    assert.ok(seen.agreed > 100 && seen.denied > 100, 'the random graphs hold too few agreements to mean anything');
  });
}
