import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monitorReader, type MonitorEvent } from './monitor-lines.ts';

const TABLE = 'lattice_a_b_c14cddc033f64b9d';

function eventsOf(...lines: readonly string[]): MonitorEvent[] {
  const events: MonitorEvent[] = [];
  const read = monitorReader((event) => events.push(event));
  for (const line of lines) read(line);
  return events;
}

test('a transaction names the tables of ours that it changed, and the marks that it set', () => {
  const events = eventsOf(
    `add element inet ${TABLE} s_ip4 { 10.0.0.1 }`,
    'add element inet lattice_agent marks { 0x0000004d timeout 1m expires 1m }',
    '# new generation 7 by process 12 (nft)',
    `delete rule inet ${TABLE} rules handle 9`,
    '# new generation 8 by process 13 (nft)',
  );
  assert.deepEqual(events, [
    { kind: 'transaction', transaction: { tables: new Set([TABLE]), marks: [0x4d] } },
    { kind: 'transaction', transaction: { tables: new Set([TABLE]), marks: [] } },
  ]);
});

test("others' tables are none of our business", () => {
  assert.deepEqual(
    eventsOf(
      'add table ip kube-proxy',
      `add table ip ${TABLE}`,
      'add table inet lattice_x',
      '# new generation 2 by process 1 (nft)',
    ),
    [],
  );
});

test('a generation that was not told is lost events, whatever marks came before it', () => {
  const events = eventsOf(
    '# new generation 6 by process 11 (nft)',
    'add element inet lattice_agent marks { 0x0000004d timeout 1m expires 1m }',
    `delete table inet ${TABLE}`,
    '# new generation 8 by process 13 (nft)',
    '# new generation 9 by process 13 (nft)',
  );
  assert.deepEqual(events, [
    { kind: 'lost' },
    { kind: 'transaction', transaction: { tables: new Set([TABLE]), marks: [0x4d] } },
  ]);
});

test('lost events are told', () => {
  assert.deepEqual(eventsOf('# ERROR: Buffer overflow'), [{ kind: 'lost' }]);
});
