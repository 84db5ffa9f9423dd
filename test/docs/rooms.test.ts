import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAY_IMPORT } from '../../scripts/rooms.ts';
import { readPage } from './page.ts';

test('ARCHITECTURE lists the rooms that scripts/rooms.ts checks, in its order, with what each may import', () => {
  const checked = Object.entries(MAY_IMPORT).map(([room, may]) => ({ room, may }));
  const rooms = checked.map(({ room }) => room);
  const written = [...readPage('ARCHITECTURE.md').matchAll(/^\| `(\w+)` \| .* \| (.*) \|$/gm)].map(
    ([, room = '', list = '']) => ({ room, may: mayOf(room, list, rooms) }),
  );
  assert.deepEqual(written, checked);
});

function mayOf(room: string, list: string, rooms: readonly string[]): string[] {
  const others = rooms.filter((each) => each !== room);
  const named = [...(list.split(';')[0] ?? '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name);
  if (list === 'all') return others;
  return list.startsWith('all but ') ? others.filter((each) => !named.includes(each)) : named;
}
