import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonical, isObject, type JsonObject, listAt, objectAt } from '../json.ts';
import { parseSchema } from '../schema/parse-schema.ts';
import { difference, fromFieldsV1, intersection, isEmpty, toFieldsV1, union } from './field-set.ts';
import { fieldsOf } from './fields-of.ts';
import { readOwners } from './managed-fields.ts';
import { applyConfiguration, ownApply, type Writer } from './own.ts';

const schema = parseSchema({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        set: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
        atom: { type: 'array', items: { type: 'string' } },
        map: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k'],
          items: { type: 'object', properties: { k: { type: 'string' }, v: { type: 'integer' } } },
        },
        free: { type: 'object', additionalProperties: { type: 'string' } },
      },
    },
  },
});

const letter = fc.constantFrom('a', 'b', 'c');
const configuration: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      set: fc.uniqueArray(letter),
      atom: fc.array(letter, { maxLength: 2 }),
      map: fc.uniqueArray(fc.record({ k: letter, v: fc.integer({ min: 0, max: 2 }) }), { selector: (item) => item.k }),
      free: fc.dictionary(letter, letter),
    },
    { requiredKeys: [] },
  )
  .map((spec) => ({ spec }));

const writer = (manager: string): Writer => ({
  manager,
  apiVersion: 'v1',
  subresource: '',
  time: '2026-01-01T00:00:00Z',
  scope: 'all',
});

function apply(live: JsonObject | undefined, wanted: JsonObject, manager: string): JsonObject {
  const { object, claim } = applyConfiguration(
    live,
    wanted,
    { schema, tidy: (object) => object },
    writer(manager),
    true,
  );
  return ownApply(live, object, schema, writer(manager), claim);
}

const law = { seed: 11, numRuns: 300 };

test('applying the same again changes nothing', () => {
  fc.assert(
    fc.property(configuration, configuration, (first, second) => {
      const live = apply(apply(undefined, first, 'one'), second, 'two');
      assert.equal(canonical(apply(live, second, 'two')), canonical(live));
    }),
    law,
  );
});

test('one applier alone gets exactly what it applied last, whatever it applied before', () => {
  fc.assert(
    fc.property(fc.array(configuration, { minLength: 1, maxLength: 4 }), (wanted) => {
      const live = wanted.reduce<JsonObject | undefined>((state, next) => apply(state, next, 'one'), undefined);
      const last = wanted.at(-1) ?? {};
      assert.equal(canonical(withoutEmpty(objectAt(live, 'spec'))), canonical(withoutEmpty(objectAt(last, 'spec'))));
    }),
    law,
  );
});

test('what two appliers hold survives until both have let go', () => {
  fc.assert(
    fc.property(configuration, configuration, (one, two) => {
      const both = apply(apply(undefined, one, 'one'), two, 'two');
      const alone = apply(both, {}, 'one');
      const kept = fieldsOf(two, schema);
      assert.ok(isEmpty(difference(kept, fieldsOf(withoutMeta(alone), schema))), JSON.stringify(alone));
      const nobody = apply(alone, {}, 'two');
      assert.deepEqual(withoutEmpty(objectAt(nobody, 'spec')), {});
      assert.equal(readOwners(nobody), undefined);
    }),
    law,
  );
});

test('sets of fields obey the laws of sets, and survive being written down', () => {
  fc.assert(
    fc.property(configuration, configuration, (left, right) => {
      const a = fieldsOf(left, schema);
      const b = fieldsOf(right, schema);
      const written = (set: typeof a): string => JSON.stringify(toFieldsV1(set));
      assert.equal(written(fromFieldsV1(toFieldsV1(a))), written(a));
      assert.equal(written(union(a, b)), written(union(b, a)));
      assert.equal(written(union(difference(a, b), intersection(a, b))), written(a));
      assert.ok(isEmpty(intersection(difference(a, b), b)));
    }),
    law,
  );
});

const withoutMeta = ({ metadata: _metadata, ...rest }: JsonObject): JsonObject => rest;

const withoutEmpty = (spec: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(spec).filter(([, value]) =>
      isObject(value) ? Object.keys(value).length > 0 : listAt({ value }, 'value').length > 0,
    ),
  );
