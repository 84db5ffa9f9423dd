import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isLattice, parseObject } from '../../src/api/index.ts';
import { readInput } from '../../src/cli/io/index.ts';
import { mutate, randomFrom } from '../soak/mutate.ts';

const RUNS = 3000;
const corpus = [
  readFileSync(new URL('corpus/agreement.yaml', import.meta.url), 'utf8'),
  readFileSync(new URL('corpus/external.yaml', import.meta.url), 'utf8'),
  readFileSync(new URL('corpus/manifests.yaml', import.meta.url), 'utf8'),
];

test(`no damaged input of ${RUNS} crashes, hangs, or gives a finding without place and words`, async () => {
  let refused = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    const bytes = mutate(corpus, randomFrom(seed));
    const began = process.hrtime.bigint();
    const { objects, findings, places } = await readInput(['-'], 'default', async () => Promise.resolve(bytes));
    for (const object of objects) {
      if (!isLattice(object.raw)) continue;
      const parsed = parseObject(object.raw);
      if (parsed.ok) continue;
      for (const { path, message } of parsed.issues) {
        assert.ok(places.of(object, path).line > 0 && message !== '', `seed ${seed}`);
      }
    }
    for (const { file, line, column, message, code } of findings) {
      assert.equal(file, '<stdin>', `seed ${seed}`);
      assert.ok(line !== undefined && line > 0 && column !== undefined && column > 0, `seed ${seed}: ${code}`);
      assert.doesNotMatch(message, /\n|\bat [^ ]+:\d+:\d+|undefined|\[object/, `seed ${seed}`);
      refused++;
    }
    const milliseconds = Number(process.hrtime.bigint() - began) / 1e6;
    assert.ok(milliseconds < 5000, `seed ${seed} took ${milliseconds} ms`);
  }
  assert.ok(refused > RUNS / 10, `${refused} refusals`);
});
