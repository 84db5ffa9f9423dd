// Runs a client-go credential plugin: client.authentication.k8s.io/v1 and v1beta1.
import { execFile } from 'node:child_process';
import { KubeError } from '../errors.ts';
import { parseJson, stringAt } from '../json.ts';
import type { ExecPlugin } from './access.ts';

export interface ExecCredential {
  readonly token: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  /** Milliseconds since the epoch; undefined means until the server says 401. */
  readonly expiresAt: number | undefined;
}

export interface ExecCluster {
  readonly server: string;
  readonly ca: string | undefined;
  readonly serverName: string | undefined;
  readonly insecure: boolean;
}

/** A plugin that asks a person, or hangs, is given up. */
const TIMEOUT_MS = 60_000;

/** Throws KubeError `config` with the plugin's own words when it fails. Never gives it a terminal. */
export async function runExecPlugin(
  plugin: ExecPlugin,
  cluster: ExecCluster,
  signal: AbortSignal,
): Promise<ExecCredential> {
  const info = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, ...(plugin.provideClusterInfo ? { cluster: clusterInfo(cluster) } : {}) },
  };
  const env = { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = execFile(
    plugin.command,
    [...plugin.args],
    { env, signal, timeout: TIMEOUT_MS, maxBuffer: 1 << 20 },
    (error, stdout, stderr) => {
      if (error) reject(explain(plugin, error, stderr, signal));
      else resolve(stdout);
    },
  );
  child.stdin?.end();
  return parseExecCredential(plugin, await promise);
}

/** Exported for tests: reads what a plugin printed. */
function parseExecCredential(plugin: ExecPlugin, stdout: string): ExecCredential {
  let answer: unknown;
  try {
    answer = parseJson(stdout);
  } catch (error) {
    throw new KubeError('config', `${plugin.command}: printed no ExecCredential`, { cause: error });
  }
  const apiVersion = stringAt(answer, 'apiVersion');
  if (apiVersion !== plugin.apiVersion)
    throw new KubeError('config', `${plugin.command}: answered ${apiVersion ?? 'nothing'}, not ${plugin.apiVersion}`);
  const token = stringAt(answer, 'status', 'token');
  const cert = stringAt(answer, 'status', 'clientCertificateData');
  const key = stringAt(answer, 'status', 'clientKeyData');
  if (!token && !(cert && key))
    throw new KubeError('config', `${plugin.command}: gave neither a token nor a certificate`);
  const expires = stringAt(answer, 'status', 'expirationTimestamp');
  const expiresAt = expires === undefined ? undefined : Date.parse(expires);
  if (expiresAt !== undefined && Number.isNaN(expiresAt))
    throw new KubeError('config', `${plugin.command}: expirationTimestamp "${expires ?? ''}" is not a time`);
  return { token, cert, key, expiresAt };
}

function clusterInfo(cluster: ExecCluster): unknown {
  return {
    server: cluster.server,
    ...(cluster.serverName === undefined ? {} : { 'tls-server-name': cluster.serverName }),
    ...(cluster.insecure ? { 'insecure-skip-tls-verify': true } : {}),
    ...(cluster.ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(cluster.ca).toString('base64') }),
  };
}

function explain(plugin: ExecPlugin, error: Error, stderr: string, signal: AbortSignal): KubeError {
  if (signal.aborted) return new KubeError('aborted', `${plugin.command}: stopped`, { cause: signal.reason });
  const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
  const hint = missing && plugin.installHint ? `: ${plugin.installHint.trim()}` : '';
  const said = missing ? 'not found' : stderr.trim().slice(0, 500) || error.message;
  return new KubeError('config', `${plugin.command}: ${said}${hint}`, { cause: error });
}
