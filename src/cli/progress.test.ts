import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressOn } from './progress.ts';

function said(interactive: boolean, size: number): string {
  const parts: string[] = [];
  const progress = progressOn({
    stdin: async () => Promise.resolve(Buffer.alloc(0)),
    stdout: () => assert.fail('progress is no answer'),
    stderr: (text) => {
      parts.push(text);
    },
    colour: { stdout: false, stderr: false },
    interactive,
  });
  progress.begin('reading', size);
  progress.begin('compiling', 0);
  progress.done();
  return parts.join('');
}

test('long work is named on a terminal, and the line is gone at the end', () => {
  assert.equal(said(true, 5000), 'reading ...\r\u001b[K');
});

test('short work, and output that goes to a file, is silent', () => {
  assert.equal(said(true, 10), '');
  assert.equal(said(false, 5000), '');
});
