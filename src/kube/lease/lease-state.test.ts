import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkTiming,
  LEASE_TIMING,
  mayTake,
  mayWrite,
  nextRecord,
  observed,
  remaining,
  type Election,
  type LeaseRecord,
} from './lease-state.ts';

const RECORD: LeaseRecord = {
  holder: 'other',
  durationMs: 15_000,
  acquireTime: 'a',
  renewTime: 'r1',
  transitions: 3,
  version: '7',
};

function instant(ms: number, wall = ms) {
  return { monotonic: ms, wall };
}

function standby(seen: LeaseRecord | undefined, since = 0): Election {
  return { at: 'standby', seen, since: instant(since) };
}

test('a Lease that is absent, released, or in our own name may be taken at once', () => {
  for (const seen of [undefined, { ...RECORD, holder: '' }, { ...RECORD, holder: 'me' }])
    assert.ok(mayTake(standby(seen), 'me', instant(0)));
});

test("another's Lease may be taken only after it stood still for its duration on our own clock", () => {
  assert.equal(mayTake(standby(RECORD), 'me', instant(14_999)), false);
  assert.equal(mayTake(standby(RECORD), 'me', instant(15_000)), true);
});

test('a jump of the date does not shorten the wait', () => {
  assert.equal(mayTake(standby(RECORD), 'me', instant(1000, 1e12)), false);
});

test('a renewal starts the wait anew; a label put on the Lease does not', () => {
  const start = standby(RECORD);
  const labelled = observed(start, { ...RECORD, version: '8' }, instant(5000));
  assert.ok(labelled.at === 'standby' && labelled.since.monotonic === 0 && labelled.seen?.version === '8');
  const renewed = observed(start, { ...RECORD, version: '8', renewTime: 'r2' }, instant(5000));
  assert.ok(renewed.at === 'standby' && renewed.since.monotonic === 5000);
});

test('a leader may write until the renew deadline after it sent its last renewal, whichever clock says so first', () => {
  const leading: Election = { at: 'leading', held: RECORD, renewedAt: instant(0) };
  assert.equal(mayWrite(leading, LEASE_TIMING, instant(9999)), true);
  assert.equal(mayWrite(leading, LEASE_TIMING, instant(10_000)), false);
  assert.equal(mayWrite(leading, LEASE_TIMING, instant(100, 10_000)), false, 'the machine was suspended');
  assert.equal(mayWrite(leading, LEASE_TIMING, instant(9999, -50_000)), true, 'the date was set back');
  assert.equal(remaining(leading, LEASE_TIMING, instant(4000)), 6000);
  assert.equal(mayWrite(standby(RECORD), LEASE_TIMING, instant(0)), false);
});

test('taking over counts a transition and begins anew; renewing keeps both', () => {
  const taken = nextRecord(RECORD, 'me', LEASE_TIMING, instant(0));
  assert.deepEqual(
    [taken.holder, taken.transitions, taken.acquireTime, taken.durationMs],
    ['me', 4, '1970-01-01T00:00:00.000000Z', 15_000],
  );
  const renewed = nextRecord(taken, 'me', LEASE_TIMING, instant(2000));
  assert.deepEqual(
    [renewed.transitions, renewed.acquireTime, renewed.renewTime],
    [4, taken.acquireTime, '1970-01-01T00:00:02.000000Z'],
  );
  assert.equal(nextRecord(undefined, 'me', LEASE_TIMING, instant(0)).transitions, 0);
});

test('timings under which two could lead are refused', () => {
  checkTiming({ leaseMs: 2000, renewMs: 1500, retryMs: 500 });
  assert.throws(() => checkTiming({ leaseMs: 10_000, renewMs: 10_000, retryMs: 2000 }), RangeError);
  assert.throws(() => checkTiming({ leaseMs: 10_000, renewMs: 2000, retryMs: 2000 }), RangeError);
  assert.throws(() => checkTiming({ leaseMs: 10_000, renewMs: 2000, retryMs: 0 }), RangeError);
});
