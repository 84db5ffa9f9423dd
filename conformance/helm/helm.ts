// Finds or builds helm. Run by itself it builds it and prints where it is.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Helm =
  | { readonly kind: 'ready'; readonly program: string }
  | { readonly kind: 'skipped'; readonly reason: string };

const MODULE = import.meta.dirname;

/** LATTICE_HELM, else what was built from this folder's go.mod; never built by this function. */
export function findHelm(env: NodeJS.ProcessEnv): Helm {
  const given = env['LATTICE_HELM'];
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Error(`LATTICE_HELM=${given} is not there`);
    return { kind: 'ready', program: given };
  }
  const program = builtProgram(env);
  if (existsSync(program)) return { kind: 'ready', program };
  return { kind: 'skipped', reason: 'helm is not built: run "node conformance/helm/helm.ts", which needs Go' };
}

/** Like {@link findHelm}, and builds it first where it is missing and Go is there: about a minute on two cores. */
export function buildHelm(env: NodeJS.ProcessEnv, say: (line: string) => void): Helm {
  const found = findHelm(env);
  if (found.kind === 'ready') return found;
  const version = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (version.error || version.status !== 0)
    return { kind: 'skipped', reason: 'Go (1.26 or later) is not installed, so helm cannot be built' };
  const program = builtProgram(env);
  say(`building helm into ${program} (${version.stdout.trim()}; the first build takes a minute or more)`);
  mkdirSync(join(program, '..'), { recursive: true });
  const partial = `${program}.${process.pid}`;
  const flags = ['-mod=readonly', '-trimpath', '-ldflags', `-s -w ${versionFlags()}`];
  const args = ['build', ...flags, '-o', partial, 'helm.sh/helm/v3/cmd/helm'];
  const go = spawnSync('go', args, { cwd: MODULE, encoding: 'utf8', env: { ...process.env, CGO_ENABLED: '0' } });
  if (go.status !== 0)
    throw new Error(`go build failed: ${go.error?.message ?? ''}\n${go.stderr.slice(-4000)}`, { cause: go.error });
  // Two may build at once; both make the same.
  renameSync(partial, program);
  return { kind: 'ready', program };
}

/** Without them it renders for Kubernetes 1.20, as its own releases do not: theirs is that of its libraries. */
function versionFlags(): string {
  const minor = /k8s\.io\/client-go v0\.(\d+)\./.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'))?.[1];
  if (minor === undefined) throw new Error('conformance/helm/go.mod does not require k8s.io/client-go');
  const places = ['pkg/chartutil', 'pkg/lint/rules'].map((place) => `-X helm.sh/helm/v3/${place}.k8sVersion`);
  return places.map((place) => `${place}Major=1 ${place}Minor=${minor}`).join(' ');
}

/** Named by the exact modules it is built from. */
function builtProgram(env: NodeJS.ProcessEnv): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(MODULE, file))).update('\0');
  const cache = join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lattice');
  return join(cache, `helm-${hash.digest('hex').slice(0, 16)}`);
}

if (import.meta.main) {
  const helm = buildHelm(process.env, (line) => process.stdout.write(`${line}\n`));
  process.stdout.write(helm.kind === 'ready' ? `${helm.program}\n` : `SKIPPED: ${helm.reason}\n`);
}
