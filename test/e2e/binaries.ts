// Finds or builds the programs of a real control plane.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, findGo, goBuild, hashOf } from '../../conformance/go.ts';

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
  const folder = join(cacheFolder(env), `kubernetes-${hashOf(MODULE, ['go.mod', 'go.sum'])}`);
  if (existsSync(folder)) return { kind: 'ready', folder };
  const go = findGo('kube-apiserver');
  if (go.kind === 'skipped') return go;
  say(`building kube-apiserver and etcd into ${folder} (${go.version}; the first build takes minutes)`);
  build(folder);
  return { kind: 'ready', folder };
}

const MODULE = join(import.meta.dirname, '../../conformance/kubernetes');

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
    const flags = ['-trimpath', '-ldflags', `-s -w ${versionFlags()}`];
    goBuild(MODULE, [...flags, '-o', `${partial}/`, ...PROGRAMS], { CGO_ENABLED: '0' });
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
