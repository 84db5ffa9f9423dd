// Finds or builds the programs of a real control plane.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

export type Binaries =
  | { readonly kind: 'ready'; readonly folder: string }
  | { readonly kind: 'skipped'; readonly reason: string };

/**
 * The folder with etcd, kube-apiserver, kube-controller-manager and kubectl: KUBEBUILDER_ASSETS, else what was built
 * from conformance/kubernetes (first time: some minutes). Without Go the answer is `skipped`.
 */
export function findBinaries(env: NodeJS.ProcessEnv, say: (line: string) => void): Binaries {
  const assets = env.KUBEBUILDER_ASSETS;
  if (assets) {
    const missing = ['etcd', 'kube-apiserver'].filter((name) => !existsSync(join(assets, name)));
    if (missing.length > 0) throw new Error(`KUBEBUILDER_ASSETS=${assets} has no ${missing.join(', ')}`);
    return { kind: 'ready', folder: assets };
  }
  const folder = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lattice', `kubernetes-${hashOfModule()}`);
  if (existsSync(folder)) return { kind: 'ready', folder };
  const version = spawnSync('go', ['version'], { encoding: 'utf8' });
  if (version.error || version.status !== 0)
    return { kind: 'skipped', reason: 'Go (1.26 or later) is not installed, so kube-apiserver cannot be built' };
  say(`building kube-apiserver and etcd into ${folder} (${version.stdout.trim()}; the first build takes minutes)`);
  build(folder);
  return { kind: 'ready', folder };
}

const MODULE = join(import.meta.dirname, '../../conformance/kubernetes');

/** Binaries are named by the exact modules they were built from. */
function hashOfModule(): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(MODULE, file))).update('\0');
  return hash.digest('hex').slice(0, 16);
}

const PROGRAMS = [
  'go.etcd.io/etcd/server/v3',
  'k8s.io/kubernetes/cmd/kube-apiserver',
  'k8s.io/kubernetes/cmd/kube-controller-manager',
  'k8s.io/kubernetes/cmd/kubectl',
];

function build(folder: string): void {
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  try {
    const flags = ['-mod=readonly', '-trimpath', '-ldflags', `-s -w ${versionFlags()}`];
    const go = spawnSync('go', ['build', ...flags, '-o', `${partial}/`, ...PROGRAMS], {
      cwd: MODULE,
      encoding: 'utf8',
      env: { ...process.env, CGO_ENABLED: '0' },
    });
    if (go.status !== 0)
      throw new Error(`go build failed: ${go.error?.message ?? ''}\n${go.stderr.slice(-4000)}`, { cause: go.error });
    // Go names a program by its folder.
    renameSync(join(partial, 'server'), join(partial, 'etcd'));
    // Two runs may build at once; the first wins.
    if (!existsSync(folder)) renameSync(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Without them the server calls itself v0.0.0-master, and clients refuse to believe in its features. */
function versionFlags(): string {
  const version = /k8s\.io\/kubernetes (v(\d+)\.(\d+)\.\d+)/.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'));
  if (!version) throw new Error('conformance/kubernetes/go.mod does not require k8s.io/kubernetes');
  const [, full = '', major = '', minor = ''] = version;
  return Object.entries({ gitVersion: full, gitMajor: major, gitMinor: minor })
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
}
