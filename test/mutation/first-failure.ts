// Loaded before the tests of a broken rule: the first counterexample of the first test that fails is enough, and the
// same ones are tried each time. What failed is written to the pipe that the runner was given.
import { writeSync } from 'node:fs';
import { relative } from 'node:path';
import { afterEach } from 'node:test';
import fc from 'fast-check';

const PIPE = 3;

fc.configureGlobal({ endOnFailure: true, seed: 1 });

afterEach((context) => {
  if (!('passed' in context) || context.passed) return;
  writeSync(PIPE, JSON.stringify({ file: relative(process.cwd(), context.filePath ?? ''), title: context.name }));
  process.exit(1);
});
