import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isJson, type Json } from '../json.ts';
import { decoderFor } from './decode.ts';
import { allBut, applyMask, only, unite, type Mask } from './mask.ts';

const NAMES = ['a', 'b', 'metadata', 'a.b', 'ä', 'q"q', '__proto__', ''];

const names = fc.constantFrom(...NAMES);
const text = fc.oneof(names, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme-ascii' }));
const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    text,
    fc.oneof(fc.constant(null), fc.boolean(), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(names, tie('value')), { maxLength: 5 }).map((fields) => parsed(objectText(fields))),
  ),
})).value;
const mask: fc.Arbitrary<Mask> = fc
  .letrec<{ mask: Mask }>((tie) => ({
    mask: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Mask>('keep', 'drop'),
      fc.record({
        fields: fc.array(fc.tuple(names, tie('mask')), { maxLength: 4 }).map((entries) => new Map(entries)),
        rest: fc.constantFrom('keep' as const, 'drop' as const),
      }),
    ),
  }))
  .mask.filter((made) => made !== 'drop');

function objectText(fields: readonly (readonly [string, Json])[]): string {
  return `{${[...new Map(fields)].map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

function parsed(source: string): Json {
  const value: unknown = JSON.parse(source);
  assert.ok(isJson(value));
  return value;
}

/** The same JSON with spaces between tokens and every character of every string escaped. */
function spaced(value: Json): string {
  if (typeof value === 'string') return escaped(value);
  if (Array.isArray(value)) return `[ ${value.map(spaced).join(' ,\n')}\t]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{\r\n${Object.entries(value)
    .map(([name, below]) => `${escaped(name)} : ${spaced(below)}`)
    .join(' , ')} }`;
}

function escaped(value: string): string {
  const units = Array.from({ length: value.length }, (_, i) => value.charCodeAt(i).toString(16).padStart(4, '0'));
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`;
}

test('decoding bytes under a mask gives what masking the parsed value gives', () => {
  fc.assert(
    fc.property(mask, json, (kept, value) => {
      // Through text and back: JSON knows no negative zero.
      const expected = applyMask(kept, parsed(JSON.stringify(value)));
      assert.deepEqual(decoderFor(kept)(Buffer.from(JSON.stringify(value))), expected);
      assert.deepEqual(decoderFor(kept)(Buffer.from(` ${spaced(value)}\n`)), expected);
    }),
    { numRuns: 500 },
  );
});

test('what is cut off anywhere is refused, never returned in part', () => {
  fc.assert(
    fc.property(mask, json, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (kept, value, share) => {
      const bytes = Buffer.from(JSON.stringify({ metadata: value }));
      const cut = bytes.subarray(0, Math.floor(bytes.length * share));
      assert.throws(() => decoderFor(kept)(cut), SyntaxError);
    }),
    { numRuns: 500 },
  );
});

test('a skipped part is not made: even text that is no JSON between brackets passes', () => {
  const decode = decoderFor(only('metadata.name'));
  const bytes = Buffer.from(
    '{"spec":{not json at all},"metadata":{"managedFields":[1,2,{,}],"name":"web"},"status":[]}',
  );
  assert.deepEqual(decode(bytes), { metadata: { name: 'web' } });
});

test('only keeps the named paths, through lists, and nothing else', () => {
  const pod = { metadata: { name: 'a', uid: 'u' }, spec: { containers: [{ name: 'c', ports: [1] }, { name: 'd' }] } };
  const kept = only('metadata.name', 'spec.containers.name', ['metadata', 'annotations', 'a.b/c']);
  assert.deepEqual(applyMask(kept, pod), {
    metadata: { name: 'a' },
    spec: { containers: [{ name: 'c' }, { name: 'd' }] },
  });
  assert.deepEqual(applyMask(kept, { metadata: { annotations: { 'a.b/c': '1', other: '2' } } }), {
    metadata: { annotations: { 'a.b/c': '1' } },
  });
});

test('allBut drops the named paths and nothing else', () => {
  const object = { metadata: { name: 'a', managedFields: [1] }, spec: 1, status: 2 };
  assert.deepEqual(applyMask(allBut('metadata.managedFields', 'status'), object), { metadata: { name: 'a' }, spec: 1 });
});

test('a united mask keeps exactly what either of the two keeps', () => {
  fc.assert(
    fc.property(mask, mask, json, (a, b, value) => {
      const both = paths(applyMask(unite(a, b), value));
      const either = new Set([...paths(applyMask(a, value)), ...paths(applyMask(b, value))]);
      assert.deepEqual(new Set(both), either);
    }),
  );
});

function paths(value: Json | undefined, here = ''): readonly string[] {
  if (value === undefined) return [];
  if (typeof value !== 'object' || value === null) return [here];
  return [here, ...Object.entries(value).flatMap(([name, below]) => paths(below, `${here}/${JSON.stringify(name)}`))];
}

test('a kept part decodes the same whether it is small or large', () => {
  const small = { labels: { a: 'x', b: 'y' }, list: [1, 'two', null, true, { c: [] }] };
  const large = { ...small, text: 'z'.repeat(4000) };
  for (const value of [small, large]) assert.deepEqual(decoderFor('keep')(Buffer.from(JSON.stringify(value))), value);
});
