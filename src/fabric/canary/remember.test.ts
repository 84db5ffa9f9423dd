import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Sight, sightsOf } from './judge.ts';
import { judgePaths } from '../paths.ts';
import { type Memory, NOTHING_SEEN, pauseAfter, recall, remember } from './remember.ts';

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

test('an agent that starts again goes on with the bypasses that its node last reported, and with nothing else', () => {
  const report = (memory: Memory) => judgePaths([], memory).paths;
  const mixed = {
    ...trial('Passed'),
    SameNode: { canary: 'Bypassed', message: 'it arrived' },
    ToNode: { canary: 'Unseen', message: '' },
  } as const;
  const before = remember(NOTHING_SEEN, mixed, 'then');
  assert.deepEqual(recall(report(before)), {
    sights: { ...NOTHING_SEEN.sights, SameNode: mixed.SameNode },
    seenAt: { SameNode: 'then' },
  });
  assert.deepEqual(recall([]), NOTHING_SEEN);
});
