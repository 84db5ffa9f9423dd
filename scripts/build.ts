// Bundles the command line: `node scripts/build.ts` for the package, which npm runs before packing, and
// `node scripts/build.ts --image [DIR]` with every dependency in it, for the container image.
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build, type BuildOptions } from 'esbuild';

const root = join(import.meta.dirname, '..');
const { values, positionals } = parseArgs({ options: { image: { type: 'boolean' } }, allowPositionals: true });

if (values.image) await buildImage(resolve(positionals[0] ?? join(root, 'build/image')));
else await bundle(join(root, 'build'), { packages: 'external' });

/** Everything that the image holds beside Node.js. */
async function buildImage(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'bin'), { recursive: true });
  // Where the launcher looks for the bundle, and the bundle for its version.
  cpSync(join(root, 'bin/lattice.js'), join(folder, 'bin/lattice.js'));
  cpSync(join(root, 'package.json'), join(folder, 'package.json'));
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  await bundle(join(folder, 'build'), {
    // Some packages are CommonJS, and ask for Node's own modules at run time.
    banner: {
      js: "import { createRequire as lattice$createRequire } from 'node:module'; const require = lattice$createRequire(import.meta.url);",
    },
    legalComments: 'linked',
  });
}

async function bundle(outdir: string, more: BuildOptions): Promise<void> {
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
    metafile: true,
    logLevel: 'warning',
    ...more,
  });
  const bytes = Object.values(metafile?.outputs ?? {}).reduce((sum, output) => sum + output.bytes, 0);
  const count = Object.keys(metafile?.outputs ?? {}).length;
  process.stdout.write(`build: ${count} files, ${Math.round(bytes / 1024)} KiB\n`);
}
