// The definitions of the engines that Lattice writes for, as their authors publish them.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export type Definitions =
  /** YAML texts. */
  { readonly kind: 'found'; readonly texts: readonly string[] } | { readonly kind: 'skipped'; readonly reason: string };

interface Engine {
  /** A folder of LATTICE_DATA/crds. */
  readonly name: string;
  /** The Go module that carries the same files, and where in it. */
  readonly module: string;
  readonly files: string;
}

const ENGINES: readonly Engine[] = [
  {
    name: 'cilium',
    module: 'github.com/cilium/cilium@v1.20.1',
    files: 'pkg/k8s/apis/cilium.io/client/crds/v2/cilium{networkpolicies,clusterwidenetworkpolicies}.yaml',
  },
  {
    name: 'istio',
    module: 'istio.io/api@v1.31.1',
    files: 'kubernetes/customresourcedefinitions.gen.yaml',
  },
  {
    name: 'gateway-api',
    module: 'sigs.k8s.io/gateway-api@v1.6.1',
    files: 'config/crd/standard/*_{gateways,gatewayclasses,httproutes,grpcroutes,referencegrants}.yaml',
  },
  {
    name: 'network-policy-api',
    module: 'sigs.k8s.io/network-policy-api@v0.2.0',
    files: 'config/crd/standard/*_clusternetworkpolicies.yaml',
  },
];

/** From the folder `data`, else out of the engines' Go modules; `say` hears what takes time. */
export function findDefinitions(data: string, say: (line: string) => void): Definitions {
  const texts: string[] = [];
  for (const { name, module, files } of ENGINES) {
    const own = read(join(data, 'crds', name), '*.yaml');
    const found = own.length > 0 ? own : fromModule(module, files, say);
    if (found.length === 0) {
      return {
        kind: 'skipped',
        reason: `the definitions of ${name} are not in ${join(data, 'crds')}, nor can ${module} be had`,
      };
    }
    texts.push(...found);
  }
  return { kind: 'found', texts };
}

function read(folder: string, files: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const paths = globSync(files, { cwd: folder }).sort();
  return paths.map((file) => readFileSync(join(folder, file), 'utf8'));
}

/** Go keeps and checks what it downloads; without Go there is nothing. */
function fromModule(module: string, files: string, say: (line: string) => void): readonly string[] {
  say(`reading definitions out of the Go module ${module}`);
  const go = spawnSync('go', ['mod', 'download', '-json', module], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    env: { ...process.env, GOFLAGS: '', GOWORK: 'off' },
  });
  const answer: unknown = go.status === 0 ? JSON.parse(go.stdout) : undefined;
  const folder: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'Dir') : undefined;
  if (typeof folder === 'string') return read(folder, files);
  say(`${module}: ${go.error?.message ?? go.stderr.slice(-300)}`);
  return [];
}
