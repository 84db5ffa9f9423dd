// Bundles the command line for the package: `node scripts/build.ts`, which npm runs before packing.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const outdir = join(root, 'build');

rmSync(outdir, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: { lattice: join(root, 'src/cli/main.ts') },
  outdir,
  absWorkingDir: root,
  bundle: true,
  // Each command in a piece of its own, so that a small one does not load the compilers.
  splitting: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  packages: 'external',
  metafile: true,
  logLevel: 'warning',
});
const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
process.stdout.write(`build: ${Object.keys(metafile.outputs).length} files, ${Math.round(bytes / 1024)} KiB\n`);
