// Finds or builds kwok. Run by itself it builds it and prints where it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Kwok =
  | { readonly kind: 'ready'; readonly program: string }
  | { readonly kind: 'skipped'; readonly reason: string };

const MODULE = import.meta.dirname;

/** What kwok does with nodes and pods, as its `--config` takes it. */
export const STAGES = join(MODULE, 'stages.yaml');

/** LATTICE_KWOK, else what was built from this folder's go.mod; never built by this function. */
export function findKwok(env: NodeJS.ProcessEnv): Kwok {
  const given = env['LATTICE_KWOK'];
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`LATTICE_KWOK=${given} is not there`);
    return { kind: 'ready', program: given };
  }
  const program = builtProgram(env);
  if (existsSync(program)) return { kind: 'ready', program };
  return { kind: 'skipped', reason: 'kwok is not built: run "node conformance/kwok/kwok.ts", which needs Go' };
}

/** Like {@link findKwok}, and builds it first where it is missing and Go is there: about 80 seconds on two cores. */
export function buildKwok(env: NodeJS.ProcessEnv, say: (line: string) => void): Kwok {
  const found = findKwok(env);
  if (found.kind === 'ready') return found;
  const version = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (version.error || version.status !== 0)
    return { kind: 'skipped', reason: 'Go (1.26 or later) is not installed, so kwok cannot be built' };
  const program = builtProgram(env);
  say(`building kwok into ${program} (${version.stdout.trim()}; the first build takes a minute or more)`);
  mkdirSync(join(program, '..'), { recursive: true });
  const partial = `${program}.${process.pid}`;
  const args = ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', partial, 'sigs.k8s.io/kwok/cmd/kwok'];
  const go = spawnSync('go', args, { cwd: MODULE, encoding: 'utf8', env: { ...process.env, CGO_ENABLED: '0' } });
  if (go.status !== 0)
    throw new Error(`go build failed: ${go.error?.message ?? ''}\n${go.stderr.slice(-4000)}`, { cause: go.error });
  // Two may build at once; both make the same.
  renameSync(partial, program);
  return { kind: 'ready', program };
}

/** Named by the exact modules it is built from. */
function builtProgram(env: NodeJS.ProcessEnv): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(MODULE, file))).update('\0');
  const cache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lattice');
  return join(cache, `kwok-${hash.digest('hex').slice(0, 16)}`);
}

if (import.meta.main) {
  const kwok = buildKwok(process.env, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write(kwok.kind === 'ready' ? `${kwok.program}\n` : `SKIPPED: ${kwok.reason}\n`);
}
