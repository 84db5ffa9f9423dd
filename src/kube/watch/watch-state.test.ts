import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { delayOf } from '../backoff.ts';
import { advance, initialState, requestFor, type WatchInput, type WatchState } from './watch-state.ts';

const version = fc.integer({ min: 1, max: 50 }).map(String);
const failures = fc.integer({ min: 0, max: 5 });
const states: fc.Arbitrary<WatchState> = fc.oneof(
  fc.record({ at: fc.constant('streaming' as const), failures }),
  fc.record({
    at: fc.constant('listing' as const),
    next: fc.constantFrom(undefined, 'token'),
    streams: fc.boolean(),
    failures,
  }),
  fc.record({ at: fc.constant('watching' as const), version, streams: fc.boolean(), failures }),
);
const inputs: fc.Arbitrary<WatchInput> = fc.oneof(
  fc.constantFrom<WatchInput>(
    { got: 'item' },
    { got: 'frozen' },
    { got: 'unsupported' },
    { got: 'failed' },
    { got: 'expired' },
  ),
  fc.record({ got: fc.constant('failed' as const), retryAfterMs: fc.integer({ min: 0, max: 9000 }) }),
  fc.record({ got: fc.constant('page' as const), next: fc.constantFrom(undefined, 'token'), version }),
  fc.record({ got: fc.constant('event' as const), version }),
  fc.record({ got: fc.constant('bookmark' as const), version, initialEnd: fc.boolean() }),
  fc.record({ got: fc.constant('closed' as const), quick: fc.boolean() }),
);

/** Inputs after which the next request is not part of the answer that is being read. */
const ENDS = new Set(['closed', 'failed', 'frozen', 'expired', 'unsupported', 'page']);

test('every state answers every input with a state that can be asked for', () => {
  fc.assert(
    fc.property(states, inputs, (state, input) => {
      const step = advance(state, input);
      const wanted = { streaming: 'stream', listing: 'page', watching: 'watch' }[step.state.at];
      assert.equal(requestFor(step.state).kind, wanted);
    }),
    { numRuns: 2000 },
  );
});

test('watching begins only with a commit, and a commit comes only from the end of a full read', () => {
  fc.assert(
    fc.property(states, inputs, (state, input) => {
      const { state: next, effect } = advance(state, input);
      assert.equal(state.at !== 'watching' && next.at === 'watching', effect === 'commit');
      if (effect === 'commit')
        assert.ok(input.got === 'bookmark' ? input.initialEnd : input.got === 'page' && input.next === undefined);
    }),
    { numRuns: 2000 },
  );
});

test('what was put aside never mixes two reads: starting over, or leaving, drops it', () => {
  fc.assert(
    fc.property(states, inputs, (state, input) => {
      const { state: next, effect } = advance(state, input);
      const startsOver = next.at === 'streaming' || (next.at === 'listing' && next.next === undefined);
      if (ENDS.has(input.got) && startsOver && effect !== 'nothing') assert.equal(effect, 'discard');
      if (state.at === 'streaming' && ['closed', 'failed', 'frozen', 'expired', 'unsupported'].includes(input.got))
        assert.equal(effect, 'discard');
    }),
    { numRuns: 2000 },
  );
});

test('the version that is watched from never goes back', () => {
  fc.assert(
    fc.property(states, inputs, (state, input) => {
      const { state: next } = advance(state, input);
      if (state.at === 'watching' && next.at === 'watching') assert.ok(Number(next.version) >= Number(state.version));
    }),
    { numRuns: 2000 },
  );
});

test('every failure waits, longer each time; nothing else does', () => {
  fc.assert(
    fc.property(states, inputs, (state, input) => {
      const { state: next, wait } = advance(state, input);
      const unanswerable = input.got === 'unsupported' && state.at === 'streaming';
      const failed = ['failed', 'frozen', 'expired', 'unsupported'].includes(input.got) && !unanswerable;
      const endedEarly = input.got === 'closed' && (state.at !== 'watching' || input.quick);
      assert.equal(wait !== undefined, failed || endedEarly);
      if (wait) assert.deepEqual([next.failures, wait.failures], [state.failures + 1, state.failures + 1]);
    }),
    { numRuns: 2000 },
  );
});

test('a bookmark in the middle of the initial events is no place to resume from', () => {
  const step = advance(initialState(true), { got: 'bookmark', version: '9', initialEnd: false });
  assert.deepEqual(step, { state: { at: 'streaming', failures: 0 }, effect: 'nothing' });
});

test('a server that does not know streaming lists is asked for pages, at once and from then on', () => {
  const step = advance(initialState(true), { got: 'unsupported' });
  assert.deepEqual(step, { state: { at: 'listing', next: undefined, streams: false, failures: 0 }, effect: 'discard' });
  const watching = advance(step.state, { got: 'page', next: undefined, version: '7' }).state;
  assert.equal(advance(watching, { got: 'expired' }).state.at, 'listing');
});

test('a stream that falls silent before its end is not tried again: pages work everywhere', () => {
  assert.equal(advance(initialState(true), { got: 'frozen' }).state.at, 'listing');
});

test('a page that fails is asked for again with its token, three times at most, then the list begins anew', () => {
  let state: WatchState = { at: 'listing', next: 'token', streams: false, failures: 0 };
  const effects: string[] = [];
  for (let i = 0; i < 3; i++) {
    const step = advance(state, { got: 'failed' });
    effects.push(step.effect);
    state = step.state;
  }
  assert.deepEqual(effects, ['nothing', 'nothing', 'discard']);
  assert.deepEqual(requestFor(state), { kind: 'page', next: undefined });
});

test('an expired token starts the list again; an expired watch reads everything again', () => {
  const listing: WatchState = { at: 'listing', next: 'token', streams: true, failures: 0 };
  assert.deepEqual(requestFor(advance(listing, { got: 'expired' }).state), { kind: 'page', next: undefined });
  const watching: WatchState = { at: 'watching', version: '5', streams: true, failures: 0 };
  assert.deepEqual(requestFor(advance(watching, { got: 'expired' }).state), { kind: 'stream' });
});

test('a replayed old event changes nothing', () => {
  const watching: WatchState = { at: 'watching', version: '100', streams: true, failures: 2 };
  assert.deepEqual(advance(watching, { got: 'event', version: '99' }), { state: watching, effect: 'nothing' });
});

test('waits double up to a cap, differ between clients, and respect what the server asked for', () => {
  const backoff = { baseMs: 800, capMs: 30_000 };
  assert.deepEqual(
    [1, 2, 3, 20, 2000].map((count) => delayOf(backoff, count, 0)),
    [400, 800, 1600, 15_000, 15_000],
  );
  assert.ok(delayOf(backoff, 1, 0.999) < 800 && delayOf(backoff, 1, 0.999) > 799);
  assert.equal(delayOf(backoff, 1, 0, 5000), 5000);
});
