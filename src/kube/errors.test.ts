import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorOfResponse, parseRetryAfter, type Meaning } from './errors.ts';

test('every status that the API server sends has a meaning', () => {
  const cases: readonly (readonly [number, unknown, Meaning])[] = [
    [400, {}, 'badRequest'],
    [401, {}, 'unauthorized'],
    [403, {}, 'forbidden'],
    [404, {}, 'notFound'],
    [405, {}, 'unsupported'],
    [409, { reason: 'AlreadyExists' }, 'alreadyExists'],
    [409, { reason: 'Conflict' }, 'conflict'],
    [
      409,
      { reason: 'Conflict', details: { causes: [{ reason: 'FieldManagerConflict', field: '.spec' }] } },
      'fieldConflict',
    ],
    [410, {}, 'expired'],
    [413, {}, 'tooLarge'],
    [415, {}, 'unsupported'],
    [422, {}, 'invalid'],
    [429, {}, 'throttled'],
    [500, {}, 'serverError'],
    [502, 'bad gateway', 'unavailable'],
    [503, {}, 'unavailable'],
    [504, {}, 'timeout'],
    [504, { details: { causes: [{ reason: 'ResourceVersionTooLarge' }] } }, 'ahead'],
    [302, '', 'malformed'],
  ];
  for (const [status, body, meaning] of cases) assert.equal(errorOfResponse('GET /x', status, body).meaning, meaning);
});

test('the message says what was asked and what the server said', () => {
  const error = errorOfResponse('PATCH /apis/x', 422, { reason: 'Invalid', message: 'spec.port: too big' });
  assert.equal(error.message, 'PATCH /apis/x: 422 Invalid: spec.port: too big');
});

test('how long to wait comes from the header, else from the body', () => {
  const body = { details: { retryAfterSeconds: 3 } };
  assert.equal(errorOfResponse('x', 429, body, 5000).retryAfterMs, 5000);
  assert.equal(errorOfResponse('x', 429, body).retryAfterMs, 3000);
  assert.equal(errorOfResponse('x', 429, {}).retryAfterMs, undefined);
});

test('Retry-After is read as seconds or as a date, and nonsense as nothing', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  assert.equal(parseRetryAfter('7', now), 7000);
  assert.equal(parseRetryAfter('0', now), 0);
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:10 GMT', now), 10_000);
  assert.equal(parseRetryAfter('Wed, 31 Dec 2025 00:00:10 GMT', now), 0);
  for (const nothing of [undefined, '', 'soon', '-1']) assert.equal(parseRetryAfter(nothing, now), undefined);
});
