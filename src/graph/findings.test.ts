import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { edgesOf, exemptionsOf, findingsOf, type Input, ServiceGraph, type Settings } from './index.ts';
import { denseInputs, service } from './testing/random-inputs.ts';

const SETTINGS: Settings = { mesh: 'ambient', exemptions: exemptionsOf() };
const inputs: fc.Arbitrary<Input[]> = fc.oneof(denseInputs, fc.array(service, { maxLength: 8 }));

test('every half between declared services without its answer is a finding of whoever wrote it, and nothing else is', () => {
  let halves = 0;
  fc.assert(
    fc.property(inputs, (given) => {
      const graph = ServiceGraph.of(given, SETTINGS);
      const { services } = graph.state;
      const expected = edgesOf(graph).flatMap(({ from, to, missing }) => {
        if (!services.has(from) || !services.has(to)) return [];
        return missing === 'inbound' ? [from] : missing === 'outbound' ? [to] : [];
      });
      const found = findingsOf(graph).flatMap(({ code, object, message }) =>
        code === 'HalfAgreement' && object?.kind === 'LatticeService' && !message.startsWith('external')
          ? [`${object.namespace}/${object.name}`]
          : [],
      );
      assert.deepEqual(found.toSorted(), expected.toSorted());
      halves += found.length;
    }),
    { numRuns: 300 },
  );
  assert.ok(halves > 100, `${halves} halves`);
});

test('an agreement without a common port is a finding of the caller', () => {
  let disjoint = 0;
  fc.assert(
    fc.property(inputs, (given) => {
      const graph = ServiceGraph.of(given, SETTINGS);
      const expected = edgesOf(graph).flatMap(({ from, missing }) => (missing === 'ports' ? [from] : []));
      const told = new Set(
        findingsOf(graph).flatMap(({ code, object }) =>
          ['NoPorts', 'NoCommonPort', 'UnknownPort'].includes(code) && object
            ? [`${object.namespace}/${object.name}`]
            : [],
        ),
      );
      for (const from of new Set(expected)) {
        const service = graph.state.services.get(from);
        // A caller that says `*` has no line of its own for this callee.
        if (service && service.outboundAny.length === 0) assert.ok(told.has(from), from);
      }
      disjoint += expected.length;
    }),
    { numRuns: 300 },
  );
  assert.ok(disjoint > 30, `${disjoint} pairs`);
});
