import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { selects } from '../admit/selector.ts';
import { SelectorIndex } from './selector-index.ts';

const labels = fc.dictionary(fc.constantFrom('app', 'version', '__proto__', 'a=b'), fc.constantFrom('1', '2', ''), {
  maxKeys: 3,
});

test('the index finds exactly what a walk over all selectors finds', () => {
  fc.assert(
    fc.property(fc.array(labels, { maxLength: 12 }), labels, (selectors, workload) => {
      const index = new SelectorIndex<number>();
      const maps = selectors.map((selector) => new Map(Object.entries(selector)));
      for (const [position, selector] of maps.entries()) index.add('shop', selector, position);
      const walked = maps.flatMap((selector, position) => (selects(selector, workload) ? [position] : []));
      const found = index.matching('shop', workload);
      assert.deepEqual(new Set(found), new Set(walked));
      assert.equal(found.length, walked.length);
      assert.deepEqual(index.matching('pay', workload), []);
    }),
  );
});
