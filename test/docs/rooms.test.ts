import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readPage, root } from './page.ts';

test('ARCHITECTURE lists the rooms that scripts/rooms.ts checks, in its order, with what each may import', () => {
  const script = readFileSync(join(root, 'scripts/rooms.ts'), 'utf8');
  const table = /MAY_IMPORT[^{]*= \{([\s\S]*?)\n\};/.exec(script)?.[1] ?? '';
  const checked = [...table.matchAll(/(\w+): \[([^\]]*)\]/g)].map(([, room = '', list = '']) => ({
    room,
    may: [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name),
  }));
  assert.ok(checked.length >= 15);
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
