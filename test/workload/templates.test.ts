import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { soakTemplates } from '../soak/templates.ts';

test('damaged templates are rendered or refused with a reason, and no secret gets into a file or into metadata', (t) => {
  const { seed = Date.now() % 1_000_000_000 } = fc.readConfigureGlobal() ?? {};
  t.diagnostic(`seed ${seed}`);
  const { rendered, broken } = soakTemplates(1500, seed, () => performance.now());
  assert.deepEqual(broken, []);
  assert.ok(rendered > 50, `${rendered} were rendered`);
});
