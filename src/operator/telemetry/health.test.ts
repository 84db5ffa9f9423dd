import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deadly, unready, type Vitals } from './health.ts';

const MINUTE = 60_000;
const collection = (more: Partial<Vitals['collections'][number]> = {}): Vitals['collections'][number] => ({
  path: '/api/v1/pods',
  lastSign: 100 * MINUTE,
  failures: 0,
  failingSince: undefined,
  ...more,
});
const vitals = (more: Partial<Vitals> = {}): Vitals => ({
  state: { leading: true, controllers: [{ name: 'service', synced: true, idle: true }] },
  collections: [collection()],
  admission: true,
  ending: false,
  loopDelayMs: 20,
  now: 100 * MINUTE,
  ...more,
});

test('a process that works is alive and ready', () => {
  assert.deepEqual(deadly(vitals()), []);
  assert.deepEqual(unready(vitals()), []);
});

test('it is not ready before every cache has synced, unless another replica leads', () => {
  const controllers = [{ name: 'service', synced: false, idle: false }];
  assert.deepEqual(unready(vitals({ state: { leading: true, controllers } })), [
    'controller service: its caches have not synced',
  ]);
  assert.deepEqual(unready(vitals({ state: { leading: false, controllers }, collections: [] })), []);
});

test('it is not ready while its webhook has no certificate, nor while it ends', () => {
  assert.deepEqual(unready(vitals({ admission: false })), ['webhook: there is no certificate yet']);
  assert.deepEqual(unready(vitals({ admission: undefined })), []);
  assert.deepEqual(unready(vitals({ ending: true })), ['ending']);
});

test('an API server that is away makes it unready after a minute, and never kills it', () => {
  const since = (ms: number): Vitals =>
    vitals({ collections: [collection({ failures: 9, failingSince: 100 * MINUTE - ms })] });
  assert.deepEqual(unready(since(MINUTE)), []);
  assert.deepEqual(unready(since(MINUTE + 1)), ['watch /api/v1/pods: failed 9 times in a row']);
  assert.deepEqual(deadly(since(50 * MINUTE)), []);
});

test('a watch that is silent for longer than any watch may last, and a clogged event loop, end it', () => {
  const silent = vitals({ collections: [collection({ lastSign: 84 * MINUTE })] });
  assert.deepEqual(deadly(silent), ['watch /api/v1/pods: silent for 960 s']);
  assert.deepEqual(deadly(vitals({ collections: [collection({ lastSign: 86 * MINUTE })] })), []);
  assert.deepEqual(deadly(vitals({ loopDelayMs: 3000 })), ['the event loop is late by 3000 ms']);
  assert.deepEqual(unready(silent), deadly(silent));
});
