// What failed, in short, out of the logs of test runs: `node scripts/failures.ts LOG...`. The last lines of a long run say
// so which test it was, and why.
import { readFileSync } from 'node:fs';
import { stripVTControlCharacters } from 'node:util';

const MAX_LINES = 16;
const MAX_COLUMNS = 240;
const LAST_WORDS = 20;

if (import.meta.main)
  for (const file of process.argv.slice(2))
    process.stdout.write(`${failuresIn(readFileSync(file, 'utf8')).join('\n')}\n`);

/**
 * Each failed test as node:test lists it at the end, with its place and the first lines of its error. Of a log without
 * such a list: the tests that failed before it broke off, and its last lines.
 */
export function failuresIn(log: string): readonly string[] {
  const lines = stripVTControlCharacters(log).trimEnd().split('\n');
  const listed = testsIn(lines).flatMap((test) => shortened(test));
  if (listed.length > 0) return listed;
  const failed = lines.slice(0, -LAST_WORDS).filter((line) => line.trimStart().startsWith('✖'));
  return shortened([...failed.slice(0, LAST_WORDS), ...lines.slice(-LAST_WORDS)], 2 * LAST_WORDS);
}

/** The blocks of `✖ failing tests:`, of which a log of several runs has several; each begins with the place of its test. */
function testsIn(lines: readonly string[]): readonly (readonly string[])[] {
  const tests: string[][] = [];
  let isList = false;
  for (const line of lines) {
    // What comes after a list is another run, or what its caller says of it.
    if (line === '✖ failing tests:') isList = true;
    else if (/^(=== |▶ |✔ |﹣ |\w+: \d+ tests, )/.test(line)) isList = false;
    else if (isList && line.startsWith('test at ')) tests.push([line]);
    else if (isList) tests.at(-1)?.push(line);
  }
  return tests;
}

/** The first lines that say something. */
function shortened(lines: readonly string[], most = MAX_LINES): readonly string[] {
  const said = lines.filter((line) => line.trim() !== '' && !/^\s+at .*(\(node:|node_modules)/.test(line));
  return said.slice(0, most).map((line) => (line.length > MAX_COLUMNS ? `${line.slice(0, MAX_COLUMNS)}...` : line));
}
