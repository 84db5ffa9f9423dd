import assert from 'node:assert/strict';
import { test } from 'node:test';
import { violations } from './rooms.ts';

const judge = (file: string, line: string) => violations(new Map([[file, line]]));

test('a room imports only the rooms below it, and only by their door', () => {
  assert.deepEqual(judge('src/graph/a.ts', "import { x } from '../api/index.ts';"), []);
  assert.deepEqual(judge('src/graph/a.ts', "import { x } from '../api/service.ts';"), [
    'src/graph/a.ts: import src/api/index.ts, not src/api/service.ts',
  ]);
  assert.deepEqual(judge('src/api/a.ts', "import { x } from '../graph/index.ts';"), [
    'src/api/a.ts: api may not import graph',
  ]);
  assert.deepEqual(judge('src/api/a.ts', "import { x } from './b.ts';"), []);
});

test('an evaluator may not call a compiler, proof and explain may', () => {
  const line = "import { compile } from '../../policy/index.ts';";
  assert.equal(judge('src/verify/cilium/judge.ts', line).length, 1);
  assert.deepEqual(judge('src/verify/prove/prove.ts', line), []);
});

test('a new folder under src is refused until it is a declared room', () => {
  assert.equal(judge('src/util/a.ts', '').length, 1);
});
