import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { items } from './items.ts';
import { lines } from './lines.ts';

/** `bytes` cut at the given places, given as shares of its length. */
function cut(bytes: Buffer, shares: readonly number[]): readonly Buffer[] {
  const places = [0, ...shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((place, i) => bytes.subarray(places[i], place));
}

const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });
const item = fc.record({
  name: fc.string({ unit: 'binary' }),
  spec: fc.jsonValue(),
  items: fc.constantFrom([], [{}], null),
});

test('every item of a list comes out whole and in order, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(item, { maxLength: 6 }),
      shares,
      fc.boolean(),
      fc.boolean(),
      (objects, places, itemsFirst, spaces) => {
        const metadata = { resourceVersion: '7', continue: 'ä"items":[' };
        const list = itemsFirst ? { items: objects, metadata } : { kind: 'PodList', metadata, items: objects };
        const found: unknown[] = [];
        const splitter = items();
        const bytes = Buffer.from(JSON.stringify(list, undefined, spaces ? 1 : 0));
        for (const chunk of cut(bytes, places))
          splitter.feed(chunk, (bytes) => found.push(JSON.parse(bytes.toString())));
        assert.deepEqual(found, JSON.parse(JSON.stringify(objects)));
        assert.deepEqual(splitter.finish(), { ...list, items: [] });
      },
    ),
    { numRuns: 300 },
  );
});

test('a list that is cut off is refused', () => {
  const splitter = items();
  splitter.feed(Buffer.from('{"metadata":{},"items":[{"a":1},{"b"'), () => undefined);
  assert.throws(() => splitter.finish(), SyntaxError);
});

test('a list without items is a list of none', () => {
  const splitter = items();
  splitter.feed(Buffer.from('{"metadata":{"resourceVersion":"3"},"items":null}'), () => assert.fail('an item'));
  assert.deepEqual(splitter.finish(), { metadata: { resourceVersion: '3' }, items: null });
});

test('every line comes out whole and in order, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).filter((line) => !line.includes('\n'))),
      shares,
      (texts, places) => {
        const wanted = texts.filter((line) => line !== '');
        const found: string[] = [];
        const splitter = lines();
        for (const chunk of cut(Buffer.from(texts.map((line) => `${line}\n`).join('')), places))
          splitter.feed(chunk, (line) => found.push(line.toString()));
        assert.deepEqual(found, wanted);
        assert.equal(splitter.pending, 0);
      },
    ),
  );
});

test('a line that has not ended is held back and counted', () => {
  const splitter = lines();
  splitter.feed(Buffer.from('one\ntw'), (line) => assert.equal(line.toString(), 'one'));
  assert.equal(splitter.pending, 2);
});
