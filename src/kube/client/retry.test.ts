import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../errors.ts';
import { decideRetry, type Attempt } from './retry.ts';

function after(error: KubeError, more: Partial<Attempt> = {}) {
  return decideRetry({ error, repeatable: false, made: 1, maxAttempts: 3, renewed: false, random: 0, ...more });
}

test('a throttled request is sent again after the time that the server asked for, whatever its method', () => {
  assert.deepEqual(after(new KubeError('throttled', 'x', { status: 429, retryAfterMs: 2000 })), {
    kind: 'wait',
    ms: 2000,
  });
  assert.deepEqual(after(new KubeError('throttled', 'x', { status: 429 })), { kind: 'wait', ms: 1000 });
});

test('a server that is shutting down and says when to return is believed; other server errors are not repeated', () => {
  assert.deepEqual(after(new KubeError('unavailable', 'x', { status: 503, retryAfterMs: 500 })), {
    kind: 'wait',
    ms: 500,
  });
  assert.deepEqual(after(new KubeError('unavailable', 'x', { status: 503 })), { kind: 'give up' });
  assert.deepEqual(after(new KubeError('serverError', 'x', { status: 500 }), { repeatable: true }), {
    kind: 'give up',
  });
});

test('a broken connection repeats only what may be done twice', () => {
  const broken = new KubeError('unreachable', 'x');
  assert.equal(after(broken).kind, 'give up');
  assert.equal(after(broken, { repeatable: true }).kind, 'wait');
});

test('a 401 is answered once with fresh credentials, even when the attempts are used up', () => {
  const refused = new KubeError('unauthorized', 'x', { status: 401 });
  assert.equal(after(refused, { made: 3 }).kind, 'renew credentials');
  assert.equal(after(refused, { renewed: true }).kind, 'give up');
});

test('attempts end, waits are bounded, and those refused together do not return together', () => {
  const throttled = new KubeError('throttled', 'x', { retryAfterMs: 1e9 });
  assert.equal(after(throttled, { made: 3 }).kind, 'give up');
  assert.deepEqual(after(throttled), { kind: 'wait', ms: 60_000 });
  assert.deepEqual(after(throttled, { random: 0.5 }), { kind: 'wait', ms: 67_500 });
});

test('what is wrong stays wrong: no retry for conflicts, missing or invalid objects', () => {
  for (const meaning of ['conflict', 'notFound', 'invalid', 'forbidden', 'aborted', 'fenced', 'timeout'] as const)
    assert.deepEqual(after(new KubeError(meaning, 'x'), { repeatable: true }), { kind: 'give up' });
});
