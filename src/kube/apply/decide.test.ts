import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decideObject, hasDrifted, type Applied } from './decide.ts';
import type { Observed } from './observed.ts';

const SEEN: Observed = { uid: 'u', version: '5', owner: 'me', owned: 'd', deleting: false };
const DONE: Applied = { owner: 'me', desired: 'd', uid: 'u', owned: 'd' };

const digest = fc.constantFrom('d', 'e', 'f');
const observed = fc.record({
  uid: fc.constantFrom('u', 'v'),
  version: fc.constant('5'),
  owner: fc.constantFrom(undefined, 'me', 'you'),
  owned: fc.option(digest, { nil: undefined }),
  deleting: fc.boolean(),
});
const applied = fc.option(
  fc.record({
    owner: fc.constant('me'),
    desired: digest,
    uid: fc.constantFrom('u', 'v'),
    owned: fc.option(digest, { nil: undefined }),
  }),
  { nil: undefined },
);

test("what is foreign, or another owner's, is never written", () => {
  fc.assert(
    fc.property(observed, applied, digest, (seen, done, desired) => {
      const { kind } = decideObject('me', desired, seen, done);
      const foreign = seen.owner === undefined && seen.owned === undefined && done?.uid !== seen.uid;
      if (foreign || seen.owner === 'you') assert.equal(kind, 'refuse');
      else assert.notEqual(kind, 'refuse');
    }),
  );
});

test('nothing is written only where an apply would change nothing: then owner and fields are ours', () => {
  fc.assert(
    fc.property(observed, applied, digest, (seen, done, desired) => {
      if (decideObject('me', desired, seen, done).kind !== 'nothing') return;
      assert.equal(seen.owner, 'me');
      assert.ok(
        seen.owned === desired || (done?.desired === desired && done.owned === seen.owned && done.uid === seen.uid),
      );
    }),
  );
});

test('after a restart an object that stands as desired is left alone', () => {
  assert.deepEqual(decideObject('me', 'd', SEEN, undefined), { kind: 'nothing' });
});

test('where the server rewrites what we send, its last answer is the measure', () => {
  const seen = { ...SEEN, owned: 'rewritten' };
  assert.equal(decideObject('me', 'd', seen, { ...DONE, owned: 'rewritten' }).kind, 'nothing');
  assert.equal(decideObject('me', 'd', seen, undefined).kind, 'update');
  assert.equal(decideObject('me', 'd', { ...seen, uid: 'other' }, { ...DONE, owned: 'rewritten' }).kind, 'update');
});

test('an object whose owner label was taken off is still ours, and repaired', () => {
  assert.deepEqual(decideObject('me', 'd', { ...SEEN, owner: undefined }, DONE), { kind: 'update', uid: 'u' });
  assert.deepEqual(decideObject('me', 'd', { ...SEEN, owner: undefined, owned: undefined }, DONE), {
    kind: 'update',
    uid: 'u',
  });
});

test('an object that is going away is waited for', () => {
  assert.deepEqual(decideObject('me', 'd', { ...SEEN, deleting: true }, DONE), { kind: 'wait' });
});

test('drift is an edit, a theft, a replacement, a lost label, a deletion; a new version alone is none', () => {
  assert.equal(hasDrifted({ ...SEEN, version: '99' }, DONE), false);
  assert.equal(hasDrifted(undefined, DONE), true);
  for (const change of [
    { uid: 'v' },
    { owned: 'e' },
    { owned: undefined },
    { owner: undefined },
    { owner: 'you' },
    { deleting: true },
  ])
    assert.equal(hasDrifted({ ...SEEN, ...change }, DONE), true, JSON.stringify(change));
});
