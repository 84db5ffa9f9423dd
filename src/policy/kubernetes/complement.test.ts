import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Labels } from '../../graph/index.ts';
import { complementOf, type Exclusion } from './complement.ts';
import { covers, matchesOf } from './label-match.ts';

const SEED = 20_260_201;
const key = fc.constantFrom('app', 'tier', 'version');
const value = fc.constantFrom('a', 'b', 'c');
const labels = fc.dictionary(key, value, { minKeys: 1, noNullPrototype: true });
const pod = fc.dictionary(key, value, { noNullPrototype: true });

test('the complement has exactly the pods that no alternative has', () => {
  fc.assert(
    fc.property(fc.array(labels, { minLength: 1, maxLength: 4 }), pod, (alternatives, own) => {
      const ways = complementOf(alternatives, 1000) ?? [];
      const left = ways.some((way) => isLeftBy(way, own));
      assert.equal(left, !alternatives.some((each) => covers(each, own)));
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

test('no exclusion of the complement is there for nothing', () => {
  fc.assert(
    fc.property(fc.array(labels, { minLength: 1, maxLength: 4 }), (alternatives) => {
      const ways = complementOf(alternatives, 1000) ?? [];
      const texts = ways.map((way) =>
        [...way]
          .map(([each, values]) => `${each}=${[...values].sort().join()}`)
          .sort()
          .join(),
      );
      assert.equal(new Set(texts).size, texts.length);
    }),
    { seed: SEED },
  );
});

test('the complement of nothing leaves nothing out, and one that is too large is not given', () => {
  assert.deepEqual(complementOf([], 1), []);
  assert.equal(complementOf([{ app: 'a', tier: 'b' }], 1), undefined);
});

test('matches have exactly the pods of the alternatives', () => {
  fc.assert(
    fc.property(fc.array(labels, { minLength: 1, maxLength: 4 }), pod, (alternatives, own) => {
      const matched = matchesOf(alternatives).some(
        ({ labels: wanted, oneOf }) => covers(wanted, own) && (!oneOf || oneOf.values.includes(own[oneOf.key] ?? '')),
      );
      assert.equal(
        matched,
        alternatives.some((each) => covers(each, own)),
      );
    }),
    { seed: SEED, numRuns: 2000 },
  );
});

test('alternatives that differ in one value are one match, and one that another covers is none', () => {
  const merged = [{ labels: { app: 'a' }, oneOf: { key: 'version', values: ['1', '2', '3'] } }];
  assert.deepEqual(matchesOf(['3', '1', '2'].map((version) => ({ app: 'a', version }))), merged);
  assert.deepEqual(matchesOf([{ app: 'a', version: '1' }, { app: 'a' }]), [{ labels: { app: 'a' } }]);
});

function isLeftBy(way: Exclusion, own: Labels): boolean {
  return [...way].every(([each, values]) => !values.has(own[each] ?? ''));
}
