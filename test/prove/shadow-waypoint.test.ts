// What no object closes is said exactly: neither a hole that nobody names, nor a name for what is closed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Input, unguardedCallers } from '../../src/graph/index.ts';
import { behindWaypoint, denseInputs } from '../../src/graph/testing/random-inputs.ts';
import { endOf, FlowJudge, lint } from '../../src/verify/index.ts';
import { CLUSTER, SETUPS, worldOf } from './support.ts';

/** One shadow among enforced services, all behind one waypoint. */
const shadowed = denseInputs.map((inputs): Input[] => [
  ...inputs.flatMap((each) => {
    if (each.kind !== 'LatticeService') return [];
    const mode = each.metadata.name === 'a' ? ('shadow' as const) : ('enforce' as const);
    return [{ ...each, spec: { ...each.spec, mode, allowSharedIdentity: true } }];
  }),
  ...behindWaypoint,
]);

for (const setup of SETUPS.filter(({ mesh }) => mesh === 'ambient')) {
  test(`a caller that is said to reach a shadow through the waypoint of another service does (${setup.engines.join(' and ')})`, (context) => {
    let pairs = 0;
    fc.assert(
      fc.property(shadowed, (inputs) => {
        const { graph, claim } = worldOf(inputs, setup);
        const judge = new FlowJudge(claim);
        const said = new Set(
          lint(claim, []).flatMap(({ code, edge }) =>
            code === 'UnagreedThroughWaypoint' ? [`${edge?.from} -> ${edge?.to}`] : [],
          ),
        );
        for (const shadow of graph.state.workloads.values()) {
          for (const { caller, callee } of unguardedCallers(graph.state, shadow)) {
            assert.ok(said.has(`${caller} -> ${callee}`));
            const from = graph.state.workloads.get(caller);
            assert.ok(from);
            for (const port of shadow.ports.filter(({ protocol }) => protocol === 'TCP')) {
              const flow = { service: port.port, target: port.targetPorts[0] ?? 0, protocol: port.protocol };
              const { verdict } = judge.judge(endOf(from, CLUSTER), endOf(shadow, CLUSTER), flow);
              assert.equal(verdict, 'allowed', `${caller} -> ${callee}`);
              pairs++;
            }
          }
        }
      }),
      { numRuns: 150 },
    );
    context.diagnostic(`pairs: ${pairs}`);
    assert.ok(pairs > 10, 'the random graphs hold too few shadows behind waypoints to mean anything');
  });
}
