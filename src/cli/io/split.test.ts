import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { loadAll } from 'js-yaml';
import { splitDocuments } from './split.ts';

const parts = (text: string) => splitDocuments(text).map(({ start, end }) => text.slice(start, end));

test('a line that begins with three dashes starts a document, wherever it stands', () => {
  assert.deepEqual(parts('a: 1\n---\nb: 2\n'), ['a: 1\n', '---\nb: 2\n']);
  assert.deepEqual(parts('a: |\n  text\n---\nb: 2'), ['a: |\n  text\n', '---\nb: 2']);
  assert.deepEqual(parts('a: 1\r---\rb: 2'), ['a: 1\r', '---\rb: 2']);
  assert.deepEqual(parts('--- {a: 1}\n--- # c\n'), ['--- {a: 1}\n', '--- # c\n']);
});

test('dashes inside of a line, indented, or followed by text start none', () => {
  for (const text of ['a: ---\n', ' ---\n', '---x: 1\n', 'a: "x ---"\n', '----\n'])
    assert.deepEqual(parts(text), [text]);
});

test('comments and directives before the first marker belong to the document behind it', () => {
  assert.deepEqual(parts('# licence\n\n%YAML 1.1\n---\na: 1\n'), ['# licence\n\n%YAML 1.1\n---\na: 1\n']);
  assert.deepEqual(parts('a: 1\n...\n# next\n---\nb: 2\n'), ['a: 1\n...\n', '# next\n---\nb: 2\n']);
});

test('slices cover the text without gaps, and read one by one give what the whole stream gives', () => {
  const piece = fc.constantFrom(
    'a: 1\n',
    '---\n',
    '--- x\n',
    '...\n',
    '# c\n',
    '\n',
    'b: |\n  t\n',
    '- 1\n',
    '---\r\n',
    '---',
    '"q',
    '{}\n',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      assert.equal(parts(text).join(''), text);
      assert.deepEqual(
        all(() => parts(text).flatMap((part) => loadAll(part))),
        all(() => loadAll(text)),
      );
    }),
    { numRuns: 2000 },
  );
});

function all(read: () => unknown[]): unknown {
  try {
    return read();
  } catch {
    return 'refused';
  }
}
