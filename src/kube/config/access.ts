// What it takes to reach one cluster as one user, and how a kubeconfig context says it.
import { KubeError } from '../errors.ts';
import { at, isRecord, stringAt } from '../json.ts';
import type { Kubeconfig } from './kubeconfig.ts';

/** PEM text, or the file that holds it (read again when credentials are renewed). */
export type Pem = { readonly text: string } | { readonly file: string };

export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly installHint: string | undefined;
  readonly provideClusterInfo: boolean;
}

export type Bearer =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'tokenFile'; readonly file: string }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'exec'; readonly plugin: ExecPlugin };

export interface Impersonation {
  readonly user: string;
  readonly uid: string | undefined;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface ClusterAccess {
  /** Base URL, without a trailing slash. */
  readonly server: string;
  /** Where objects without a namespace are meant to be. */
  readonly namespace: string;
  readonly ca: Pem | undefined;
  readonly serverName: string | undefined;
  readonly insecure: boolean;
  /** An HTTP proxy that the connections are tunnelled through. */
  readonly proxyUrl: string | undefined;
  readonly certificate: { readonly cert: Pem; readonly key: Pem } | undefined;
  readonly bearer: Bearer;
  readonly impersonate: Impersonation | undefined;
}

/** The access that `context` (default: the current one) describes. Throws KubeError `config` saying what is missing. */
export function accessOf(config: Kubeconfig, context: string | undefined = config.currentContext): ClusterAccess {
  if (context === undefined) throw new KubeError('config', 'kubeconfig: no current-context; name one with --context');
  const chosen = config.contexts.get(context);
  if (!chosen)
    throw new KubeError('config', `kubeconfig: no context ${context}; there are: ${namesOf(config.contexts)}`);
  const clusterName = stringAt(chosen, 'cluster') ?? '';
  const cluster = config.clusters.get(clusterName);
  if (!cluster) throw new KubeError('config', `kubeconfig: context ${context} names no known cluster (${clusterName})`);
  const userName = stringAt(chosen, 'user') ?? '';
  const user = userName === '' ? {} : config.users.get(userName);
  if (!user) throw new KubeError('config', `kubeconfig: context ${context} names no known user (${userName})`);
  const server = stringAt(cluster, 'server') ?? '';
  if (!/^https?:\/\//.test(server))
    throw new KubeError('config', `kubeconfig: cluster ${clusterName}: server must be a URL`);
  return {
    server: server.replace(/\/+$/, ''),
    namespace: stringAt(chosen, 'namespace') || 'default',
    ca: pemAt(cluster, 'certificate-authority'),
    serverName: stringAt(cluster, 'tls-server-name'),
    insecure: at(cluster, 'insecure-skip-tls-verify') === true,
    proxyUrl: proxyOf(cluster, clusterName),
    certificate: certificateOf(user, userName),
    bearer: bearerOf(user, userName),
    impersonate: impersonationOf(user),
  };
}

/** The way to the server leads through this HTTP proxy (CONNECT). */
function proxyOf(cluster: unknown, name: string): string | undefined {
  const url = stringAt(cluster, 'proxy-url');
  if (!url) return undefined;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new KubeError(
    'config',
    `kubeconfig: cluster ${name}: proxy-url "${url}" is not supported: only http and https are`,
  );
}

function namesOf(map: ReadonlyMap<string, unknown>): string {
  return [...map.keys()].sort().join(', ') || 'none';
}

function pemAt(fields: unknown, name: string): Pem | undefined {
  const data = stringAt(fields, `${name}-data`);
  if (data) return { text: Buffer.from(data, 'base64').toString('utf8') };
  const file = stringAt(fields, name);
  return file ? { file } : undefined;
}

function certificateOf(user: unknown, name: string): ClusterAccess['certificate'] {
  const cert = pemAt(user, 'client-certificate');
  const key = pemAt(user, 'client-key');
  if (cert && key) return { cert, key };
  if (cert || key)
    throw new KubeError('config', `kubeconfig: user ${name}: a client certificate needs its key, and the reverse`);
  return undefined;
}

function bearerOf(user: unknown, name: string): Bearer {
  const exec = at(user, 'exec');
  const tokenFile = stringAt(user, 'tokenFile');
  const token = stringAt(user, 'token');
  const username = stringAt(user, 'username');
  if (isRecord(at(user, 'auth-provider')))
    throw new KubeError('config', `kubeconfig: user ${name}: auth-provider was removed from Kubernetes; use exec`);
  if (isRecord(exec)) return { kind: 'exec', plugin: execPlugin(exec, name) };
  if (tokenFile) return { kind: 'tokenFile', file: tokenFile };
  if (token) return { kind: 'token', token };
  if (username) return { kind: 'basic', username, password: stringAt(user, 'password') ?? '' };
  return { kind: 'none' };
}

function execPlugin(exec: Readonly<Record<string, unknown>>, name: string): ExecPlugin {
  const command = stringAt(exec, 'command');
  const apiVersion = stringAt(exec, 'apiVersion') ?? '';
  if (!command) throw new KubeError('config', `kubeconfig: user ${name}: exec needs a command`);
  if (!/^client\.authentication\.k8s\.io\/v1(beta1)?$/.test(apiVersion))
    throw new KubeError('config', `kubeconfig: user ${name}: exec apiVersion "${apiVersion}" is not supported`);
  if (stringAt(exec, 'interactiveMode') === 'Always')
    throw new KubeError('config', `kubeconfig: user ${name}: ${command} wants a terminal (interactiveMode: Always)`);
  const env = Array.isArray(exec.env) ? (exec.env as readonly unknown[]) : [];
  return {
    apiVersion,
    command,
    args: strings(exec.args),
    env: Object.fromEntries(env.map((entry) => [stringAt(entry, 'name') ?? '', stringAt(entry, 'value') ?? ''])),
    installHint: stringAt(exec, 'installHint'),
    provideClusterInfo: exec.provideClusterInfo === true,
  };
}

function impersonationOf(user: unknown): Impersonation | undefined {
  const name = stringAt(user, 'as');
  if (!name) return undefined;
  const extra = at(user, 'as-user-extra');
  return {
    user: name,
    uid: stringAt(user, 'as-uid'),
    groups: strings(at(user, 'as-groups')),
    extra: isRecord(extra)
      ? Object.fromEntries(Object.entries(extra).map(([key, value]) => [key, strings(value)]))
      : {},
  };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
