import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FabricBypass } from '../api/index.ts';
import { type Sight, sightsOf } from './canary/judge.ts';
import { NOTHING_SEEN, remember } from './canary/remember.ts';
import { judgePaths } from './paths.ts';

const BRIDGE: FabricBypass = { class: 'SameNode', reason: 'BridgeNotFiltered', message: 'set it' };
const seen = (canary: Sight['canary']) =>
  remember(
    NOTHING_SEEN,
    sightsOf(() => ({ canary, message: `it was ${canary}` })),
    '2026-01-01T00:00:00Z',
  );
const bypassed = (...args: Parameters<typeof judgePaths>): string[] =>
  judgePaths(...args).bypassed.map(({ class: way, reason, judgedBy }) => `${way} ${reason} ${judgedBy?.join('+')}`);

test('what the canary saw pass never lifts what the configuration says', () => {
  assert.deepEqual(bypassed([BRIDGE], seen('Passed')), ['SameNode BridgeNotFiltered Configuration']);
  assert.deepEqual(bypassed([BRIDGE], seen('Bypassed')).slice(1), [
    'SameNode BridgeNotFiltered Configuration+Canary',
    'ToNode SeenBypassed Canary',
  ]);
});

test('what the canary saw bypassed is bypassed, whatever the configuration says', () => {
  const { bypassed: found } = judgePaths([], seen('Bypassed'));
  assert.deepEqual(
    found.map((each) => each.class),
    ['CrossNode', 'SameNode', 'ToNode'],
  );
  assert.match(found[0]?.message ?? '', /^it was Bypassed\. Look for /);
});

test('a way that no canary saw is judged by configuration, and the report says so', () => {
  assert.deepEqual(bypassed([BRIDGE], seen('Unseen')), ['SameNode BridgeNotFiltered Configuration']);
  assert.deepEqual(bypassed([], seen('Unseen')), []);
  assert.deepEqual(judgePaths([], undefined).paths, [
    { class: 'CrossNode', configuration: 'Passes', canary: 'Off' },
    { class: 'SameNode', configuration: 'Passes', canary: 'Off' },
    { class: 'ToNode', configuration: 'Passes', canary: 'Off' },
  ]);
  const unknown: FabricBypass = { class: 'CrossNode', reason: 'DatapathUnknown', message: '' };
  assert.deepEqual(judgePaths([unknown], seen('Passed')).paths[0], {
    class: 'CrossNode',
    configuration: 'Unknown',
    canary: 'Passed',
    seenAt: '2026-01-01T00:00:00Z',
    message: 'it was Passed',
  });
});
