import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** As the container image has it: a bundle with every dependency in it. */
export function bundled(folder: string): string {
  const image = join(folder, 'image');
  const built = spawnSync(process.execPath, [join(import.meta.dirname, '../../scripts/build.ts'), '--image', image], {
    encoding: 'utf8',
  });
  if (built.status !== 0) throw new Error(`the bundle could not be built: ${built.stderr}`);
  return join(image, 'bin/lattice.js');
}
