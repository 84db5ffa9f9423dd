// What every program that is built with Go has in common: where it is kept, what it is named by, how it is built.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where built programs are kept: outside of the clone. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  return join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lattice');
}

/** What programs are named by: exactly what they are built from, so that an edit is never judged by an old build. */
export function hashOf(module: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(module, file))).update('\0');
  return hash.digest('hex').slice(0, 16);
}

/** What Go calls itself, or why `what` cannot be built. */
export function findGo(
  what: string,
): { readonly kind: 'ready'; readonly version: string } | { readonly kind: 'skipped'; readonly reason: string } {
  const { error, status, stdout } = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (error || status !== 0)
    return { kind: 'skipped', reason: `Go (1.26 or later) is not installed, so ${what} cannot be built` };
  return { kind: 'ready', version: stdout.trim() };
}

/** `go build` in the folder of a module, whose versions it never changes. Throws with the end of what Go says. */
export function goBuild(module: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): void {
  const go = spawnSync('go', ['build', '-mod=readonly', ...args], {
    cwd: module,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (go.status !== 0)
    throw new Error(`go build failed: ${go.error?.message ?? ''}\n${go.stderr.slice(-4000)}`, { cause: go.error });
}
