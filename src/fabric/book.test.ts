import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { FabricMemberSlice } from '../api/index.ts';
import { assemble } from './assemble.ts';
import { createBook } from './book.ts';
import { programSpec, sliceSpec } from './testing/program.ts';

type SliceSpec = FabricMemberSlice['spec'];

const spec = programSpec({
  sets: [{ name: 'offloaded', slices: 1, generation: 1 }],
  rules: [{ name: 'r', source: { set: 'offloaded' }, action: 'deny' }],
});

/** A book whose first program is in the kernel, with what holds it. */
function loaded(addresses: readonly string[]) {
  const book = createBook();
  book.setProgram(spec);
  book.setSlice('a', sliceSpec(addresses));
  const step = book.step(undefined);
  assert.equal(step.kind, 'swap');
  book.begin();
  return { book, held: { generation: 1, structure: step.kind === 'swap' ? step.structure : '' } };
}

test('a program waits until every slice of its layout is there', () => {
  const book = createBook();
  book.setProgram({ ...spec, sets: [{ name: 'offloaded', slices: 2, generation: 1 }] });
  book.setSlice('a', sliceSpec(['10.0.0.1']));
  assert.deepEqual(book.step(undefined), { kind: 'waiting', missing: ['offloaded[1]'] });
  book.setSlice('b', sliceSpec(['10.0.0.2'], { index: 1 }));
  assert.equal(book.step(undefined).kind, 'swap');
});

test('a slice of a later layout, or of one before, is not taken for one of this', () => {
  for (const generation of [2, 4]) {
    const book = createBook();
    book.setProgram({ ...spec, generation: 3, sets: [{ name: 'offloaded', slices: 1, generation: 3 }] });
    book.setSlice('a', sliceSpec(['10.0.0.1'], { generation }));
    assert.equal(book.step(undefined).kind, 'waiting', `generation ${generation}`);
  }
});

test('a layout without a generation of its own asks for slices of the program', () => {
  const book = createBook();
  book.setProgram({ ...spec, generation: 3, sets: [{ name: 'offloaded', slices: 1 }] });
  book.setSlice('a', sliceSpec(['10.0.0.1'], { generation: 1 }));
  assert.equal(book.step(undefined).kind, 'waiting');
  book.setSlice('a', sliceSpec(['10.0.0.1'], { generation: 3 }));
  assert.equal(book.step(undefined).kind, 'swap');
});

test('one member more is a change of one member', () => {
  const { book, held } = loaded(['10.0.0.1']);
  book.setSlice('a', sliceSpec(['10.0.0.1', '10.0.0.2']));
  assert.deepEqual(book.step(held), {
    kind: 'members',
    generation: 1,
    changes: [{ set: 'offloaded', add: ['10.0.0.2'], delete: [] }],
  });
});

test('a set that grows by a slice is a change of its new members alone', () => {
  const { book, held } = loaded(['10.0.0.1']);
  book.setSlice('b', sliceSpec(['10.0.0.2'], { index: 1, generation: 2 }));
  book.setProgram({ ...spec, generation: 2, sets: [{ name: 'offloaded', slices: 2, generation: 1 }] });
  assert.deepEqual(book.step(held), {
    kind: 'members',
    generation: 2,
    changes: [{ set: 'offloaded', add: ['10.0.0.2'], delete: [] }],
  });
});

test('a change of rules swaps the program', () => {
  const { book, held } = loaded(['10.0.0.1']);
  book.setProgram({ ...spec, generation: 2, rules: [{ name: 'r', action: 'deny' }] });
  assert.equal(book.step(held).kind, 'swap');
});

test('a set that gets its first prefix is loaded anew, because it is kept in another way', () => {
  const { book, held } = loaded(['10.0.0.1']);
  book.setSlice('a', sliceSpec(['10.0.0.1', '10.1.0.0/16']));
  assert.equal(book.step(held).kind, 'swap');
});

test('an address that goes from one set to another in one change is never in neither of them', () => {
  const book = createBook();
  book.setProgram({ ...spec, sets: ['x', 'y'].map((name) => ({ name, slices: 1, generation: 1 })) });
  book.setSlice('x', sliceSpec(['10.0.0.1'], { set: 'x' }));
  book.setSlice('y', sliceSpec([], { set: 'y' }));
  const first = book.step(undefined);
  book.begin();
  book.setSlice('x', sliceSpec([], { set: 'x' }));
  book.setSlice('y', sliceSpec(['10.0.0.1'], { set: 'y' }));
  assert.ok(first.kind === 'swap');
  assert.equal(book.step({ generation: 1, structure: first.structure }).kind, 'swap');
});

test('what the kernel refused is still to do, together with what came after', () => {
  const { book, held } = loaded(['10.0.0.1', '10.0.0.2']);
  book.setSlice('a', sliceSpec(['10.0.0.2', '10.0.0.3']));
  const attempt = book.begin();
  book.setSlice('a', sliceSpec(['10.0.0.1', '10.0.0.2']));
  attempt.failed();
  assert.deepEqual(book.step(held), { kind: 'nothing' });
  book.setSlice('a', sliceSpec(['10.0.0.4']));
  assert.deepEqual(book.step(held), {
    kind: 'members',
    generation: 1,
    changes: [{ set: 'offloaded', add: ['10.0.0.4'], delete: ['10.0.0.1', '10.0.0.2'] }],
  });
});

test('of two objects for one place the last one speaks, and the deletion of the other changes nothing', () => {
  const { book, held } = loaded(['10.0.0.1']);
  book.setSlice('b', sliceSpec(['10.0.0.1']));
  book.removeSlice('a', sliceSpec(['10.0.0.1']));
  assert.deepEqual(book.step(held), { kind: 'nothing' });
});

test('a disarmed program is disarmed whether or not its slices are there', () => {
  const { book } = loaded(['10.0.0.1']);
  book.setProgram({ ...spec, disarmed: true, generation: 2 });
  assert.deepEqual(book.step({ generation: 1, structure: 'x' }), {
    kind: 'disarm',
    peering: spec.peering,
    generation: 2,
  });
});

const SETS = ['x', 'y'] as const;
const address = fc.constantFrom('10.0.0.1', '10.0.0.2', '10.0.0.3', 'fd00::1', 'fd00:0::1', '10.9.0.0/16', '10.9.0.1');
const event = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      set: fc.constantFrom(...SETS),
      index: fc.nat(2),
      addresses: fc.array(address, { maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ gone: fc.constantFrom(...SETS), index: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      slices: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
      rules: fc.nat(2),
      relay: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ fails: fc.constant(true) }) },
);

test('event by event the kernel comes to hold what the objects say from scratch', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const book = createBook();
      const slices = new Map<string, SliceSpec>();
      const kernel = new Map<string, Set<string>>();
      let held: { generation: number; structure: string } | undefined;
      let generation = 1;
      let layoutFrom = 1;
      let current = programSpec({ sets: SETS.map((name) => ({ name, slices: 1, generation: 1 })) });
      book.setProgram(current);
      let failNext = false;
      for (const each of events) {
        if ('fails' in each) {
          failNext = true;
          continue;
        }
        if ('addresses' in each) {
          const { set, index, addresses } = each;
          const slice = sliceSpec(addresses, { set, index, generation });
          slices.set(`${set}/${index}`, slice);
          book.setSlice(`${set}/${index}`, slice);
        } else if ('gone' in each) {
          const key = `${each.gone}/${each.index}`;
          const before = slices.get(key);
          slices.delete(key);
          if (before) book.removeSlice(key, before);
        } else {
          generation += 1;
          if (each.relay) layoutFrom = generation;
          const rules = Array.from({ length: each.rules }, (_, index) => ({
            name: `r${index}`,
            action: 'deny' as const,
          }));
          const sets = SETS.map((name, at) => ({ name, slices: each.slices[at] ?? 1, generation: layoutFrom }));
          current = programSpec({ generation, rules, sets });
          book.setProgram(current);
        }
        const scratch = assemble('rome', current, [...slices.values()]);
        const step = book.step(held);
        assert.equal(step.kind === 'waiting', scratch.kind === 'waiting');
        if (step.kind === 'waiting' && scratch.kind === 'waiting') assert.deepEqual(step.missing, scratch.missing);
        if (scratch.kind === 'waiting') continue;
        const attempt = book.begin();
        if (failNext) {
          failNext = false;
          attempt.failed();
          continue;
        }
        if (step.kind === 'swap') {
          assert.deepEqual(step.program, scratch.program);
          kernel.clear();
          for (const { name, members } of step.program.sets) kernel.set(name, new Set(members));
          held = { generation: step.program.generation, structure: step.structure };
        } else if (step.kind === 'members') {
          for (const { set, add, delete: gone } of step.changes) {
            for (const member of gone) assert.ok(kernel.get(set)?.delete(member), `${member} was not there`);
            for (const member of add) kernel.get(set)?.add(member);
          }
          held = { generation: step.generation, structure: held?.structure ?? '' };
        }
        const now = SETS.map((name) => ({ name, members: [...(kernel.get(name) ?? [])].toSorted() }));
        assert.deepEqual(now, scratch.program.sets);
      }
    }),
    { numRuns: 300 },
  );
});
