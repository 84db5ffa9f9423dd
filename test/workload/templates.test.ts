import assert from 'node:assert/strict';
import { test } from 'node:test';
import { soakTemplates } from '../soak/templates.ts';

test('damaged templates are rendered or refused with a reason, and no secret gets into a file or into metadata', (t) => {
  const seed = Math.floor(Math.random() * 1e9);
  t.diagnostic(`seed ${seed}`);
  const { rendered, broken } = soakTemplates(1500, seed, () => performance.now());
  assert.deepEqual(broken, []);
  assert.ok(rendered > 50, `${rendered} were rendered`);
});
