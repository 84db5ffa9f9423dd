import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Sight, sightsOf } from './judge.ts';
import { type Memory, NOTHING_SEEN, pauseAfter, remember } from './remember.ts';

const trial = (canary: Sight['canary']) => sightsOf(() => ({ canary, message: canary }));
const after = (...seen: readonly Sight['canary'][]): Memory =>
  seen.reduce((memory, each, index) => remember(memory, trial(each), `at ${index}`), NOTHING_SEEN);

test('a bypass that was seen is forgotten only when the way is seen to pass', () => {
  const still = after('Bypassed', 'Unseen', 'Unseen');
  assert.equal(still.sights.SameNode.canary, 'Bypassed');
  assert.equal(still.seenAt.SameNode, 'at 0');
  assert.equal(after('Bypassed', 'Unseen', 'Passed').sights.SameNode.canary, 'Passed');
});

test('a pass is claimed no longer than it is seen', () => {
  const lost = after('Passed', 'Unseen');
  assert.equal(lost.sights.ToNode.canary, 'Unseen');
  assert.equal(lost.seenAt.ToNode, 'at 0');
  assert.equal(after('Passed', 'Bypassed').sights.ToNode.canary, 'Bypassed');
});

test('a trial comes soon after a bypass, ever later while nothing is seen, and seldom when all is well', () => {
  assert.equal(pauseAfter(after('Passed'), 0, 600), 600);
  assert.equal(pauseAfter(after('Bypassed'), 600, 600), 60);
  const pauses = [0, 60, 120, 240, 480, 600].map((last) => pauseAfter(after('Unseen'), last, 600));
  assert.deepEqual(pauses, [60, 120, 240, 480, 600, 600]);
  assert.equal(pauseAfter(after('Bypassed'), 0, 3600), 60, 'at most a minute');
});
