import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  fabricMemberSlice,
  fabricProgram,
  type FabricMemberSlice,
  type FabricProgram,
  type FirewallProgram,
} from '../../api/index.ts';
import { decideFabric, fabricObjects, type FabricStep, NO_FABRIC, type StoredFabric } from './decide.ts';

const program = (
  members: readonly string[],
  rules: FirewallProgram['rules'] = RULES,
  disarmed = false,
): FirewallProgram => ({
  peering: 'liqo-tenant-rome/rome',
  generation: 0,
  disarmed,
  rules,
  sets: [{ name: 'offloaded', members }],
});
const RULES: FirewallProgram['rules'] = [{ name: 'deny-0', source: { set: 'offloaded' }, action: 'deny' }];
const addresses = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, index) => `10.0.${(from + index) >> 8}.${(from + index) & 255}`);

/** What an API server holds after a step. */
function done(stored: StoredFabric, step: FabricStep): StoredFabric {
  switch (step.kind) {
    case 'program':
      return { ...stored, program: step.object };
    case 'remove':
      return { ...stored, slices: stored.slices.filter(({ metadata }) => metadata.name !== step.slice) };
    case 'slice': {
      const others = stored.slices.filter(({ metadata }) => metadata.name !== step.object.metadata.name);
      return { ...stored, slices: [...others, step.object] };
    }
  }
}

/** What an agent would load of one set, or undefined while it must wait. */
function loaded(stored: StoredFabric, set: string): string[] | undefined {
  const spec = stored.program?.spec;
  const layout = spec?.sets.find(({ name }) => name === set);
  if (!spec || !layout) return undefined;
  const { generation: oldest = spec.generation } = layout;
  const counts = stored.slices.filter(
    (each) => each.spec.set === set && each.spec.generation >= oldest && each.spec.generation <= spec.generation,
  );
  const found = Array.from({ length: layout.slices }, (_, index) => counts.find((each) => each.spec.index === index));
  return found.every((slice) => slice !== undefined)
    ? found.flatMap((slice) => slice.spec.addresses).sort()
    : undefined;
}

const settle = (wanted: FirewallProgram, stored: StoredFabric = NO_FABRIC): StoredFabric =>
  decideFabric('rome', wanted, stored).reduce(done, stored);

test('a pod that comes or goes rewrites one slice, and nothing else', () => {
  const stored = settle(program(addresses(250)));
  const comes = decideFabric('rome', program([...addresses(250), '10.9.9.9']), stored);
  assert.deepEqual(
    comes.map(({ kind }) => kind),
    ['slice'],
  );
  const goes = decideFabric('rome', program(addresses(249, 1)), stored);
  assert.deepEqual(
    goes.map(({ kind }) => kind),
    ['slice'],
  );
});

test('where every slice is full, pods that come and go make one more, once, and then rewrite it alone', () => {
  const full = settle(program(addresses(200)));
  const more = program([...addresses(200), '10.9.9.9']);
  assert.deepEqual(
    decideFabric('rome', more, full).map(({ kind }) => kind),
    ['slice', 'program'],
  );
  let stored = settle(more, full);
  for (const wanted of [program(addresses(200)), more, program(addresses(200))]) {
    assert.deepEqual(
      decideFabric('rome', wanted, stored).map(({ kind }) => kind),
      ['slice'],
    );
    stored = settle(wanted, stored);
  }
});

test('nothing is written when nothing changed, whatever the order of the members and of the fields', () => {
  const stored = settle(program(addresses(250)));
  assert.deepEqual(decideFabric('rome', program(addresses(250).reverse()), stored), []);
  const { program: object, slices } = stored;
  assert.ok(object);
  const { peering, generation, disarmed, rules, sets } = object.spec;
  const sorted = { program: { ...object, spec: { sets, rules, peering, generation, disarmed } }, slices };
  assert.deepEqual(decideFabric('rome', program(addresses(250)), sorted), []);
});

test('a change of rules rewrites the program alone, with a greater generation', () => {
  const stored = settle(program(addresses(250)));
  const [step, ...others] = decideFabric('rome', program(addresses(250), []), stored);
  assert.ok(step?.kind === 'program' && others.length === 0);
  assert.ok(step.object.spec.generation > (stored.program?.spec.generation ?? 0));
  assert.deepEqual(loaded(done(stored, step), 'offloaded'), addresses(250).sort(), 'its slices still count');
});

test('a disarmed program has neither rules nor sets, and its slices go after it', () => {
  const stored = settle(program(addresses(150)));
  const steps = decideFabric('rome', program(addresses(150), RULES, true), stored);
  assert.deepEqual(
    steps.map(({ kind }) => kind),
    ['program', 'remove', 'remove'],
  );
});

test('what somebody else changed or deleted is written again', () => {
  const stored = settle(program(addresses(150)));
  const [first, ...rest] = stored.slices;
  assert.ok(first);
  assert.equal(decideFabric('rome', program(addresses(150)), { ...stored, slices: rest }).length, 1);
  const spoilt = { ...first, spec: { ...first.spec, addresses: ['1.1.1.1'] } };
  assert.equal(decideFabric('rome', program(addresses(150)), { ...stored, slices: [spoilt, ...rest] }).length, 1);
  const repaired = settle(program(addresses(150)), { ...stored, slices: rest });
  assert.deepEqual(loaded(repaired, 'offloaded'), addresses(150).sort(), 'agents take the repaired slice');
  const again = decideFabric('rome', program(addresses(150)), { ...stored, program: undefined });
  assert.ok(again.some(({ kind }) => kind === 'program'));
});

test('every object fits its schema', () => {
  for (const object of fabricObjects(
    'rome',
    program(addresses(350), [...RULES, { name: 'allow-1', source: { cidrs: [] }, action: 'allow' }]),
  )) {
    const schema = object.kind === 'FabricProgram' ? fabricProgram : fabricMemberSlice;
    assert.ok(schema.safeParse(object).success, JSON.stringify(schema.safeParse(object).error?.issues));
  }
});

test('through any changes of members, agents hold at every write a member of both ends, and end with the last', () => {
  const members = fc.array(fc.tuple(fc.nat(900), fc.nat(420)), { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(members, (ends) => {
      let stored: StoredFabric = NO_FABRIC;
      let before: readonly string[] = [];
      for (const [from, count] of ends) {
        const wanted = addresses(count, from);
        const common = wanted.filter((address) => before.includes(address));
        for (const step of decideFabric('rome', program(wanted), stored)) {
          stored = done(stored, step);
          const now = loaded(stored, 'offloaded');
          if (now)
            assert.deepEqual(
              common.filter((address) => !now.includes(address)),
              [],
            );
        }
        assert.deepEqual(loaded(stored, 'offloaded'), [...wanted].sort());
        assert.deepEqual(decideFabric('rome', program(wanted), stored), []);
        before = wanted;
      }
    }),
    { numRuns: 60 },
  );
});

test('a set that shrank to little is packed anew, and no slice stays behind', () => {
  const all = addresses(1000);
  const few = all.filter((_, index) => index % 100 === 0);
  const stored = settle(program(few), settle(program(all)));
  assert.deepEqual(loaded(stored, 'offloaded'), [...few].sort());
  assert.equal(stored.slices.length, 1);
});

test('programs with look-alike names have slices of their own', () => {
  const names = (objects: readonly (FabricProgram | FabricMemberSlice)[]): string[] =>
    objects.filter(({ kind }) => kind === 'FabricMemberSlice').map(({ metadata }) => metadata.name);
  const one = { ...program(['10.0.0.1']), sets: [{ name: 'ns.offloaded', members: ['10.0.0.1'] }] };
  assert.notDeepEqual(names(fabricObjects('rome', one)), names(fabricObjects('rome.ns', program(['10.0.0.1']))));
});
