// Promise 3: an agreed edge is open, or it is closed and a finding says why.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { denseInputs } from '../../src/graph/testing/random-inputs.ts';
import { closedAmong, judgeEdges } from '../../src/verify/index.ts';
import { SETUPS, worldOf } from './support.ts';

for (const setup of SETUPS) {
  test(`an agreed edge is open or says why it is closed (${setup.engines.join(' and ')}, mesh ${setup.mesh})`, (context) => {
    const seen: Record<string, number> = {};
    fc.assert(
      fc.property(denseInputs, (inputs) => {
        const { claim, findings } = worldOf(inputs, setup);
        const edges = judgeEdges(claim, findings);
        const closed = closedAmong(edges);
        for (const edge of closed) {
          assert.notEqual(edge.closed.code, 'DoorClosed', `${edge.from} -> ${edge.to}:${edge.port?.port} ${edge.host}`);
          seen[edge.closed.code] = (seen[edge.closed.code] ?? 0) + 1;
        }
        seen['open'] = (seen['open'] ?? 0) + edges.filter((edge) => edge.agreed && !edge.closed).length;
      }),
      { numRuns: 150 },
    );
    context.diagnostic(JSON.stringify(seen));
    assert.ok((seen['open'] ?? 0) > 100, 'the random graphs hold too few agreements to mean anything');
  });
}
