import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandError, openCommands } from './command.ts';

const options = { signal: new AbortController().signal, timeoutMs: 30_000 };

test('a program gets its arguments and its input as they are, and what it prints comes back as it is', async () => {
  const commands = openCommands();
  const words = ["it's", '$HOME `id` \\', 'two\nlines', '', 'ä', '*'];
  assert.equal(await commands.run('printf', ['%s|', ...words], options), words.map((word) => `${word}|`).join(''));
  const input = 'a $b `c` \\d\n\n"e"\n';
  assert.equal(await commands.run('cat', [], { ...options, input }), input);
  assert.equal(await commands.run('cat', [], options), '');
  const much = `${'0123456789'.repeat(200_000)}\n`;
  assert.equal(await commands.run('cat', [], { ...options, input: much }), much);
});

test('a program that fails says why, and the next one runs', async () => {
  const commands = openCommands();
  const failed = (exitCode: number, words: RegExp) => (error: unknown) => {
    assert.ok(error instanceof CommandError);
    assert.equal(error.exitCode, exitCode);
    assert.match(error.stderr, words);
    return true;
  };
  await assert.rejects(commands.run('sh', ['-c', 'echo half; echo why >&2; exit 3'], options), failed(3, /^why\n$/));
  await assert.rejects(commands.run('lattice-has-no-such-program', [], options), failed(127, /not found/));
  assert.equal(await commands.run('echo', ['on'], options), 'on\n');
});

test('an answer comes line by line, also its last line without an end', async () => {
  const lines: string[] = [];
  await openCommands().lines('printf', ['a\\n\\nb\\nc'], options, (line) => lines.push(line));
  assert.deepEqual(lines, ['a', '', 'b', 'c']);
});

test('programs that are asked for at the same time run side by side', { timeout: 30_000 }, async () => {
  const commands = openCommands();
  const stop = new AbortController();
  const endless = commands.run('sleep', ['1000'], { ...options, signal: stop.signal });
  assert.equal(await commands.run('echo', ['meanwhile'], options), 'meanwhile\n');
  stop.abort();
  await assert.rejects(endless, { name: 'AbortError' });
});

test('a program that does not end is ended, with all that it started', { timeout: 30_000 }, async () => {
  const commands = openCommands();
  // Whatever is left of it would hold the pipe that is waited for.
  const limited = { ...options, timeoutMs: 200 };
  await assert.rejects(
    commands.run('sh', ['-c', 'sleep 1000 & sleep 1000'], limited),
    (error) =>
      error instanceof CommandError && error.exitCode === undefined && /no answer within 200 ms/.test(error.stderr),
  );
  assert.equal(await commands.run('echo', ['on'], options), 'on\n');
});
