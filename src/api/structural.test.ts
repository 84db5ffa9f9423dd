import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { jsonSchema } from './json-schema.ts';
import { specAliases } from './spelling.ts';
import { celField, structural } from './structural.ts';

const from = (schema: z.ZodType) =>
  structural(z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }), 'spec');

test('every list, map and text gets a bound, its own or a default one', () => {
  assert.deepEqual(from(z.array(z.string().max(3)).max(2)), {
    type: 'array',
    maxItems: 2,
    items: { type: 'string', maxLength: 3 },
  });
  assert.deepEqual(from(z.record(z.string(), z.boolean())), {
    type: 'object',
    maxProperties: 1024,
    additionalProperties: { type: 'boolean' },
  });
  assert.deepEqual(from(z.string()), { type: 'string', maxLength: 65_536 });
});

test('the length of keys is kept as a rule, since a structural schema cannot name keys', () => {
  const rule = from(z.record(z.string().max(63), z.boolean()))['x-kubernetes-validations'];
  assert.deepEqual(rule, [{ rule: 'self.all(key, size(key) <= 63)', message: 'keys have at most 63 characters' }]);
});

test('a number or a name is int-or-string, and keeps the range of the number', () => {
  const schema = from(z.union([z.int().min(1).max(65_535), z.string().max(15).regex(/^a$/)]));
  assert.deepEqual(schema, {
    'x-kubernetes-int-or-string': true,
    maxLength: 15,
    pattern: '^a$',
    'x-kubernetes-validations': [
      {
        rule: 'type(self) != int || (self >= 1 && self <= 65535)',
        message: 'a number from 1 to 65535, or a name',
      },
    ],
  });
});

test('texts of several forms stay one text with alternatives', () => {
  assert.deepEqual(from(z.union([z.literal('*'), z.string().max(5).regex(/^a$/)])), {
    type: 'string',
    maxLength: 5,
    anyOf: [{ enum: ['*'] }, { pattern: '^a$' }],
  });
});

test('alternatives with one field each become one map of which exactly one field is written', () => {
  const either = z.union([z.strictObject({ a: z.boolean() }), z.strictObject({ b: z.string().max(2) })]);
  assert.deepEqual(from(either), {
    type: 'object',
    properties: { a: { type: 'boolean' }, b: { type: 'string', maxLength: 2 } },
    minProperties: 1,
    maxProperties: 1,
  });
});

test('what may be null says so', () => {
  assert.deepEqual(from(z.record(z.string(), z.strictObject({ a: z.boolean().optional() }).nullable())), {
    type: 'object',
    maxProperties: 1024,
    additionalProperties: { type: 'object', properties: { a: { type: 'boolean' } }, nullable: true },
  });
});

test('an open map keeps what it does not know, a closed one prunes it', () => {
  assert.deepEqual(from(z.looseObject({ a: z.boolean() })), {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: { a: { type: 'boolean' } },
    required: ['a'],
  });
  assert.deepEqual(from(z.strictObject({ a: z.boolean().optional() })), {
    type: 'object',
    properties: { a: { type: 'boolean' } },
  });
});

test('what has no structural form is a defect that names its place', () => {
  assert.throws(
    () => from(z.strictObject({ a: z.union([z.boolean(), z.string()]) })),
    /spec\.a: .* has no structural form/,
  );
  assert.throws(() => from(z.strictObject({ a: z.array(z.unknown()) })), /spec\.a/);
});

test('names in rules are escaped as the API server escapes them', () => {
  assert.equal(celField('allowed-requesters'), 'allowed__dash__requesters');
  assert.equal(celField('namespace'), '__namespace__');
  assert.equal(celField('a.b/c__d'), 'a__dot__b__slash__c__underscores__d');
  assert.equal(celField('plain_name'), 'plain_name');
});

test("the editor's schema knows every other spelling and marks it as deprecated", () => {
  for (const kind of ['LatticeService', 'LatticeExternalService'] as const) {
    const text = JSON.stringify(jsonSchema(kind));
    for (const [alias, name] of Object.entries(specAliases(kind))) {
      assert.match(
        text,
        new RegExp(`"${alias}":\\{.*?"description":"Other spelling of ${name}\\.".*?"deprecated":true`),
      );
    }
  }
});
