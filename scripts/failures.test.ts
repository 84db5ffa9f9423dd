import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failuresIn } from './failures.ts';

const LOG = `
▶ outer
  ✖ breaks (1.2ms)
✖ outer (3ms)
ℹ tests 2
ℹ fail 1

✖ failing tests:

test at src/a.test.ts:3:1
✖ breaks (1.2ms)
  AssertionError [ERR_ASSERTION]: one and two differ

      at TestContext.<anonymous> (file:///a/src/a.test.ts:4:5)
      at Test.run (node:internal/test_runner/test:1:2)

test at src/b.test.ts:9:1
\u001b[31m✖ hangs (2000ms)\u001b[39m
  'test timed out after 2000ms'
embedded: 2 tests, 0 pass, 2 fail, 0 skipped; 1 s

=== real
✔ fine (1ms)
`;

test('each failed test is told with its place and its error, and nothing of what passed', () => {
  assert.deepEqual(failuresIn(LOG), [
    'test at src/a.test.ts:3:1',
    '✖ breaks (1.2ms)',
    '  AssertionError [ERR_ASSERTION]: one and two differ',
    '      at TestContext.<anonymous> (file:///a/src/a.test.ts:4:5)',
    'test at src/b.test.ts:9:1',
    '✖ hangs (2000ms)',
    "  'test timed out after 2000ms'",
  ]);
});

test('of a long error the beginning is told, of a long line too', () => {
  const long = `✖ failing tests:\n\ntest at a:1:1\n✖ a\n${'x'.repeat(1000)}\n${'more\n'.repeat(100)}`;
  const told = failuresIn(long);
  assert.equal(told.length, 16);
  assert.ok(told.every((line) => line.length < 250));
});

test('of a run that broke off: the tests that had failed by then, and its last words', () => {
  const told = failuresIn(`✔ a\n  ✖ b (1ms)\n${'✔ c\n'.repeat(30)}Terminated\n`);
  assert.equal(told[0], '  ✖ b (1ms)');
  assert.equal(told.at(-1), 'Terminated');
});
