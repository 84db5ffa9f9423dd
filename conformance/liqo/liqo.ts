// Finds or builds the program around Liqo's own firewall controller. Run by itself it builds it and prints where it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type LiqoProgram =
  | { readonly kind: 'ready'; readonly program: string }
  | { readonly kind: 'skipped'; readonly reason: string };

const MODULE = import.meta.dirname;
const SOURCES = ['go.mod', 'go.sum', 'main.go', 'store.go'];

/** LATTICE_LIQO_NODE, else what was built from this folder; never built by this function. */
export function findLiqo(env: NodeJS.ProcessEnv): LiqoProgram {
  const given = env['LATTICE_LIQO_NODE'];
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`LATTICE_LIQO_NODE=${given} is not there`);
    return { kind: 'ready', program: given };
  }
  const program = builtProgram(env);
  if (existsSync(program)) return { kind: 'ready', program };
  return {
    kind: 'skipped',
    reason: `${versionOf()} is not built: run "node conformance/liqo/liqo.ts", which needs Go`,
  };
}

/** Like {@link findLiqo}, and builds it first where it is missing and Go is there: two minutes of processor time. */
function buildLiqo(env: NodeJS.ProcessEnv, say: (line: string) => void): LiqoProgram {
  const found = findLiqo(env);
  if (found.kind === 'ready') return found;
  const version = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (version.error || version.status !== 0)
    return { kind: 'skipped', reason: `Go is not installed, so ${versionOf()} cannot be built` };
  const program = builtProgram(env);
  say(`building ${versionOf()} into ${program} (${version.stdout.trim()}; the first build takes minutes)`);
  mkdirSync(join(program, '..'), { recursive: true });
  const partial = `${program}.${process.pid}`;
  const args = ['build', '-mod=readonly', '-trimpath', '-ldflags', '-s -w', '-o', partial, '.'];
  const go = spawnSync('go', args, { cwd: MODULE, encoding: 'utf8', env: { ...process.env, CGO_ENABLED: '0' } });
  if (go.status !== 0)
    throw new Error(`go build failed: ${go.error?.message ?? ''}\n${go.stderr.slice(-4000)}`, { cause: go.error });
  // Two may build at once; both make the same.
  renameSync(partial, program);
  return { kind: 'ready', program };
}

/** Named by the exact sources and modules that it is built from. */
function builtProgram(env: NodeJS.ProcessEnv): string {
  const hash = createHash('sha256');
  for (const file of SOURCES) hash.update(readFileSync(join(MODULE, file))).update('\0');
  const cache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lattice');
  return join(cache, `liqo-node-${hash.digest('hex').slice(0, 16)}`);
}

function versionOf(): string {
  const version = /github\.com\/liqotech\/liqo (v\S+)/.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'))?.[1];
  if (version === undefined) throw new Error('conformance/liqo/go.mod does not require github.com/liqotech/liqo');
  return `Liqo ${version}'s firewall controller`;
}

if (import.meta.main) {
  const liqo = buildLiqo(process.env, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write(liqo.kind === 'ready' ? `${liqo.program}\n` : `SKIPPED: ${liqo.reason}\n`);
}
