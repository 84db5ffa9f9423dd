import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration, since } from './column.ts';

test('durations keep two or three significant figures', () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  const cases: readonly (readonly [number, string])[] = [
    [-3 * second, '<invalid>'],
    [-1 * second, '0s'],
    [119 * second, '119s'],
    [125 * second, '2m5s'],
    [10 * minute, '10m'],
    [179 * minute, '179m'],
    [3 * hour + 20 * minute, '3h20m'],
    [8 * hour, '8h'],
    [47 * hour, '47h'],
    [50 * hour, '2d2h'],
    [8 * day, '8d'],
    [800 * day, '2y70d'],
    [3650 * day, '10y'],
  ];
  for (const [millis, text] of cases) assert.equal(humanDuration(millis), text);
  assert.equal(since(undefined, 0), '<unknown>');
});
