import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { normalizePath } from './normalize-path.ts';

test('BASE resolves dot segments and unreserved escapes, and keeps doubled and escaped slashes', () => {
  const expected: Readonly<Record<string, string>> = {
    '/a/../b': '/b',
    '/a/%2e%2E/b': '/b',
    '/a/./b/.': '/a/b/',
    '/..': '/',
    '/a/..': '/',
    '/a//../b': '/a/b',
    '/..a/b..': '/..a/b..',
    '//a': '//a',
    '/a%2Fb%5c': '/a%2Fb%5c',
    '/%61%7e%41': '/a~A',
    '/a\\b': '/a/b',
    '/a b"{}': '/a%20b%22%7B%7D',
    '/é': '/%C3%A9',
    '/%zz%2': '/%zz%2',
    a: '/a',
    '/a/../b?c=/../d': '/b?c=/../d',
  };
  for (const [sent, seen] of Object.entries(expected)) assert.equal(normalizePath(sent, 'BASE'), seen, sent);
});

test('the other modes add to BASE or leave the path alone', () => {
  assert.equal(normalizePath('/a/../b//c', 'NONE'), '/a/../b//c');
  assert.equal(normalizePath('//a/..///b', 'MERGE_SLASHES'), '/b');
  assert.equal(normalizePath('/a%2Fb%5C..%2f%2Fc', 'MERGE_SLASHES'), '/a%2Fb%5C..%2f%2Fc');
  assert.equal(normalizePath('/a%2Fb%5C..%2f%2Fc', 'DECODE_AND_MERGE_SLASHES'), '/a/c');
});

test('what is normalized stays as it is', () => {
  const path = fc.stringMatching(/^\/[a.%2eE5cF/\\ {é]{0,12}$/);
  fc.assert(
    fc.property(path, (sent) => {
      const once = normalizePath(sent, 'BASE') ?? '';
      assert.equal(normalizePath(once, 'BASE'), once);
    }),
  );
});
