import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { scanJson } from './scan-json.ts';

suite('JSON is read as the server reads it', () => {
  test('what JSON.parse takes is taken and has no member twice, and what it refuses is refused', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.string({ maxLength: 2 }), (text, place, odd) => {
        assert.deepEqual(scanJson(text), { error: undefined, duplicates: [] });
        const spoiled = text.slice(0, place % (text.length + 1)) + odd + text.slice((place % (text.length + 1)) + 1);
        assert.equal(scanJson(spoiled).error !== undefined, !isJson(spoiled), spoiled);
      }),
      { numRuns: 500 },
    );
  });

  for (const [text, error] of [
    ['', 'unexpected end of JSON input'],
    ['{x', "invalid character 'x' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"', `invalid character '"' after object key:value pair`],
    ['[1 2]', "invalid character '2' after array element"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['trux', "invalid character 'x' in literal true (expecting 'e')"],
    ["'x'", String.raw`invalid character '\'' looking for beginning of value`],
  ] as const)
    test(`${JSON.stringify(text)}: ${error}`, () => assert.equal(scanJson(text).error, error));

  test('a member that is given twice is named with its place', () => {
    const text = '{"a":{"b":1,"b":2},"c":[{"d":1,"d":1}],"a":{}}';
    assert.deepEqual(scanJson(text).duplicates, ['a.b', 'c[0].d', 'a']);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
