// Finds the way to a cluster as kubectl does: explicit file, KUBECONFIG list, ~/.kube/config, then in-cluster.
import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join, resolve } from 'node:path';
import { KubeError } from '../errors.ts';
import { accessOf, type ClusterAccess } from './access.ts';
import { parseKubeconfig, type KubeconfigFile } from './kubeconfig.ts';

export interface AccessOptions {
  /** A kubeconfig file that must exist; overrides the environment. */
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where a pod finds its service account. */
  readonly serviceAccountFolder?: string;
}

/** Throws KubeError `config` that lists where it looked. */
export async function loadAccess(options: AccessOptions): Promise<ClusterAccess> {
  const paths = options.kubeconfig === undefined ? pathsFromEnvironment(options.env) : [options.kubeconfig];
  const files = (await Promise.all(paths.map(readIfPresent))).filter((file) => file !== undefined);
  if (options.kubeconfig !== undefined && files.length === 0)
    throw new KubeError('config', `${options.kubeconfig}: no such file`);
  if (files.length > 0) {
    const config = parseKubeconfig(files);
    if (config.contexts.size > 0 || options.kubeconfig !== undefined || options.context !== undefined)
      return accessOf(config, options.context);
  }
  const inCluster = await inClusterAccess(options);
  if (inCluster && options.context === undefined) return inCluster;
  throw new KubeError('config', `no cluster: none of ${paths.join(', ')} describes one, and this is not a pod`);
}

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

function pathsFromEnvironment(env: AccessOptions['env']): readonly string[] {
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  return listed.length > 0 ? [...new Set(listed)] : [join(env.HOME ?? '.', '.kube', 'config')];
}

async function readIfPresent(path: string): Promise<KubeconfigFile | undefined> {
  const text = await readOptional(path);
  return text === undefined ? undefined : { folder: dirname(resolve(path)), path, text };
}

async function inClusterAccess(options: AccessOptions): Promise<ClusterAccess | undefined> {
  const folder = options.serviceAccountFolder ?? SERVICE_ACCOUNT;
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = options.env;
  const tokenFile = join(folder, 'token');
  if (!host || !port || (await readOptional(tokenFile)) === undefined) return undefined;
  const namespace = (await readOptional(join(folder, 'namespace')))?.trim();
  return {
    server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    namespace: namespace || 'default',
    ca: { file: join(folder, 'ca.crt') },
    serverName: undefined,
    insecure: false,
    proxyUrl: undefined,
    certificate: undefined,
    bearer: { kind: 'tokenFile', file: tokenFile },
    impersonate: undefined,
  };
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new KubeError('config', `${path}: cannot be read (${String(code ?? error)})`, { cause: error });
  }
}
