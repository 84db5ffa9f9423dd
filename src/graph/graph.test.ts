import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exemptionsOf, type Input, ServiceGraph, type Settings, type UnitKey, unitId } from './index.ts';
import { goneOf, idOf, input } from './testing/random-inputs.ts';

const SETTINGS: Settings = {
  mesh: 'ambient',
  egressWaypoint: { namespace: 'mesh', name: 'egress', assumed: true },
  exemptions: exemptionsOf(),
};

/** A step puts the input, or deletes what bears its name. */
const step = fc.record({ input, remove: fc.boolean() });

function text(view: unknown): string | undefined {
  return view === undefined
    ? undefined
    : JSON.stringify(view, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
}

/** Everything that any compiler can see, unit by unit. */
function picture(graph: ServiceGraph): Map<string, string> {
  const units = new Map<string, UnitKey>();
  for (const unit of graph.units()) units.set(unitId(unit), unit);
  const pictures = [...units].map(([id, unit]): [string, string] => {
    switch (unit.kind) {
      case 'service':
        return [id, text(graph.service(`${unit.namespace}/${unit.name}`)) ?? ''];
      case 'namespace':
        return [id, text(graph.namespace(unit.namespace)) ?? ''];
      case 'host':
        return [id, text(graph.host(unit.host)) ?? ''];
      case 'egress-waypoint':
        return [id, text(graph.egressWaypoint()) ?? ''];
    }
  });
  return new Map(pictures.filter(([, text]) => text !== ''));
}

test('after any edits the index equals one built from scratch, and what is affected contains all that changed', (context) => {
  let affected = 0;
  let superfluous = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 12, maxLength: 30 }), (steps) => {
      const graph = new ServiceGraph(SETTINGS);
      const current = new Map<string, Input>();
      let before = picture(graph);
      for (const { input, remove } of steps) {
        const units = remove ? graph.delete(goneOf(input)) : graph.put(input);
        if (remove) current.delete(idOf(input));
        else current.set(idOf(input), input);
        const after = picture(graph);
        assert.deepEqual(after, picture(ServiceGraph.of(current.values(), SETTINGS)));
        const changed = new Set([...before.keys(), ...after.keys()].filter((id) => before.get(id) !== after.get(id)));
        for (const id of changed) assert.ok(units.has(id), `${id} changed but is not affected`);
        affected += units.size;
        superfluous += [...units].filter((id) => !changed.has(id)).length;
        before = after;
      }
    }),
    { numRuns: 400 },
  );
  context.diagnostic(`of ${affected} affected units ${superfluous} had unchanged output`);
});

test('the order of inputs does not matter', () => {
  fc.assert(
    fc.property(fc.uniqueArray(input, { selector: idOf, maxLength: 14 }), fc.nat(), (inputs, seed) => {
      const shuffled = inputs
        .map((each, index) => ({ each, at: (index * 7919 + seed) % 101 }))
        .sort((a, b) => a.at - b.at);
      assert.deepEqual(
        picture(ServiceGraph.of(inputs, SETTINGS)),
        picture(
          ServiceGraph.of(
            shuffled.map(({ each }) => each),
            SETTINGS,
          ),
        ),
      );
    }),
    { numRuns: 200 },
  );
});

test('putting the same input twice affects nothing', () => {
  fc.assert(
    fc.property(fc.array(input, { maxLength: 8 }), (inputs) => {
      const graph = new ServiceGraph(SETTINGS);
      for (const each of inputs) graph.put(each);
      const last = inputs.at(-1);
      if (last) assert.equal(graph.put(last).size, 0);
    }),
    { numRuns: 100 },
  );
});
