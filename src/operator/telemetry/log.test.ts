import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KubeError } from '../../kube/index.ts';
import type { Log, LogFields, LogLevel } from '../context.ts';
import { createLog } from './log.ts';

function logTo(lines: string[], level: LogLevel = 'debug', terminal = false): Log {
  return createLog({ level, write: (line) => lines.push(line), terminal, wall: () => 1_800_000_000_123 });
}

function messageOf(line: string): unknown {
  const entry: unknown = JSON.parse(line);
  return typeof entry === 'object' && entry !== null && 'message' in entry ? entry.message : undefined;
}

function logged(fields: LogFields): unknown {
  const lines: string[] = [];
  logTo(lines).info('done', fields);
  assert.equal(lines.length, 1);
  return JSON.parse(lines[0] ?? '');
}

const HEAD = { level: 'info', time: '2027-01-15T08:00:00.123Z', message: 'done' };

test('each message is one line of JSON, with what its log carries and what it says itself', () => {
  const lines: string[] = [];
  logTo(lines).with({ controller: 'service' }).info('done', { owner: 'a', writes: 2, ok: true, gone: undefined });
  assert.deepEqual(
    lines.map((line): unknown => JSON.parse(line)),
    [{ ...HEAD, controller: 'service', owner: 'a', writes: 2, ok: true }],
  );
  assert.match(lines[0] ?? '', /\}\n$/);
});

test('what is below the level is not written, and its fields need not be made', () => {
  const lines: string[] = [];
  const log = logTo(lines, 'warn');
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  assert.deepEqual(
    lines.map((line) => messageOf(line)),
    ['c', 'd'],
  );
  assert.deepEqual([log.enabled('info'), log.enabled('warn')], [false, true]);
});

test('an error is its message, its causes and its meaning, without a stack', () => {
  const error = new KubeError('forbidden', 'GET /x: 403', { cause: new Error('no rule') });
  assert.deepEqual(logged({ error }), { ...HEAD, error: 'GET /x: 403: no rule', errorMeaning: 'forbidden' });
});

test('no secret is written, whatever the name of its field', () => {
  const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlIn0.c2lnbmF0dXJl';
  const key = '-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n';
  const line = JSON.stringify(
    logged({
      token: 'hunter2',
      'client-password': 'hunter2',
      header: 'Authorization: Bearer abcdefgh12345678',
      list: ['fine', jwt],
      error: new Error(`cannot read ${key}`, { cause: new Error(`sent ${jwt}`) }),
    }),
  );
  for (const secret of ['hunter2', 'abcdefgh12345678', 'eyJ', 'MIGH']) assert.ok(!line.includes(secret), line);
  assert.match(line, /fine/);
  assert.deepEqual(logged({ tokens: 3, secret: 'lattice-system/lattice-webhook' }), {
    ...HEAD,
    tokens: 3,
    secret: 'lattice-system/lattice-webhook',
  });
});

test('a line stays bounded, whatever is put into it', () => {
  const text = JSON.stringify(logged({ text: 'x'.repeat(1e6), list: Array.from({ length: 1e4 }, () => 'x') }));
  assert.ok(text.length < 6000, `${text.length}`);
  assert.match(text, /1000000 characters/);
  assert.match(text, /and 9936 more/);
});

test('at a terminal a line is words, and text of others cannot move the cursor', () => {
  const lines: string[] = [];
  logTo(lines, 'debug', true).warn('watch: trouble', { kind: 'Pod', error: new Error('a b\u001b[2J') });
  assert.deepEqual(lines, [
    '08:00:00.123 WARN  watch: trouble kind=Pod error="a b\\\\u001b[2J"\n'.replace('\\\\', '\\'),
  ]);
});
