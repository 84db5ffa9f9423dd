import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { lattice } from '../cli/testing.ts';
import { blocksOf } from './page.ts';
import { data } from './shell.ts';

const seeds = join(dirname(data), 'seeds');
const skip = existsSync(seeds) ? false : `no documents in ${seeds}: the folder beside LATTICE_DATA`;

test('every LatticeService, LatticeExternalService and PeeringConnectivity of the founding documents is accepted as printed', {
  skip,
}, async () => {
  let objects = 0;
  for (const file of globSync('*.md', { cwd: seeds }).sort()) {
    for (const { language, text, line } of blocksOf(readFileSync(join(seeds, file), 'utf8'))) {
      if (language !== 'yaml' || !/^kind: (Lattice(External)?Service|PeeringConnectivity)$/m.test(text)) continue;
      objects++;
      const read = await lattice(['graph', '-'], text);
      assert.equal(read.code, 0, `${file}:${line}\n${read.stderr}`);
      const compiled = await lattice(['compile', '-'], text);
      assert.notEqual(compiled.code, 2, `${file}:${line}\n${compiled.stderr}`);
    }
  }
  assert.ok(objects >= 3, `${objects} blocks`);
});
