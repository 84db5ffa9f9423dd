import assert from 'node:assert/strict';
import { test } from 'node:test';
import { datagramOf, type Errand, errandOf, type Outcome, outcomeOf } from './wire.ts';

const errand: Errand = {
  kind: 'errand',
  trial: 't1',
  port: 9811,
  waitMs: 1000,
  orders: [{ id: '0', source: '10.0.0.2', sourcePort: 20_000, destination: '10.0.0.3', backPort: 20_001 }],
};
const outcome: Outcome = {
  kind: 'outcome',
  trial: 't1',
  answered: ['0'],
  returned: [{ id: '0', source: '10.0.0.3', sourcePort: 20_001 }],
};

test('what one side says is what the other side reads', () => {
  assert.deepEqual(errandOf(JSON.stringify(errand)), errand);
  assert.deepEqual(outcomeOf(JSON.stringify(outcome)), outcome);
  const datagram = { kind: 'probe', trial: 't1', id: '0', backPort: 20_001 } as const;
  assert.deepEqual(datagramOf(JSON.stringify(datagram)), datagram);
});

test('anything else that comes in is left unread', () => {
  const wrong = [
    '',
    '{',
    'null',
    '[]',
    '7',
    '{}',
    '{"kind":"probe"}',
    '{"kind":"welcome"}',
    JSON.stringify(errand).slice(1),
  ];
  for (const text of wrong)
    assert.deepEqual([errandOf(text), outcomeOf(text), datagramOf(text)], [undefined, undefined, undefined]);
  const many = { ...errand, orders: Array.from({ length: 257 }, () => errand.orders[0]) };
  for (const bad of [
    many,
    { ...errand, port: 0 },
    { ...errand, orders: [{ ...errand.orders[0], sourcePort: 65_536 }] },
  ])
    assert.equal(errandOf(JSON.stringify(bad)), undefined);
  assert.equal(outcomeOf(JSON.stringify({ ...outcome, answered: [1] })), undefined);
  assert.equal(datagramOf(JSON.stringify({ kind: 'probe', trial: 't', id: 'x'.repeat(129) })), undefined);
  assert.equal(errandOf(JSON.stringify({ ...errand, waitMs: 1e9 }))?.waitMs, 10_000);
});
