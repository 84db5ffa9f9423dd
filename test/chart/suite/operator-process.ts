// The operator as the chart starts it: the arguments of the Deployment, in a process of this machine, as its account.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { request } from 'undici';
import { until } from '../../e2e/until.ts';
import { at } from '../../at.ts';
import { objectsIn, one, root } from '../rendered.ts';
import type { Server } from './server.ts';

export interface OperatorProcess {
  readonly webhookPort: number;
  /** Its log so far, parsed. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  readonly ready: () => Promise<void>;
  readonly leads: () => boolean;
  /** SIGTERM; resolves to its exit code. */
  readonly stop: () => Promise<number | null>;
}

/** `rendered` is the chart; `webhookPort` 0 takes a free one. */
export async function startOperatorProcess(
  server: Server,
  rendered: string,
  webhookPort: number,
): Promise<OperatorProcess> {
  const deployment = one(objectsIn(rendered), 'Deployment');
  const namespace = String(at(deployment, 'metadata', 'namespace'));
  const pod = at(deployment, 'spec', 'template', 'spec');
  const container = at(pod, 'containers', '0');
  const given = at(container, 'args');
  const args = (Array.isArray(given) ? given.map(String) : [])
    .map((argument) => argument.replace(/^--telemetry=.*/, '--telemetry=127.0.0.1:0'))
    .map((argument) => argument.replace(/^--webhook=.*/, `--webhook=127.0.0.1:${webhookPort}`));
  const options = environmentOf(container)['NODE_OPTIONS'] ?? '';
  const kubeconfig = accountKubeconfig(server, namespace, String(at(pod, 'serviceAccountName')));
  const child = spawn(process.execPath, [join(root, 'bin/lattice.js'), ...args, '--kubeconfig', kubeconfig], {
    cwd: server.folder,
    env: { POD_NAMESPACE: namespace, NODE_OPTIONS: options, PATH: process.env['PATH'] ?? '' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const lines: Readonly<Record<string, unknown>>[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => lines.push(entryOf(line)));
  const ended = once(child, 'close');
  void ended.then(() => process.off('exit', kill));
  const portOf = (message: string): Promise<number> =>
    until(`the operator says: ${message}`, () => {
      if (child.exitCode !== null) throw new Error(`it ended: ${JSON.stringify(lines.at(-1))}`);
      const port = lines.find((line) => line['message'] === message)?.['port'];
      return typeof port === 'number' ? port : undefined;
    });
  const telemetry = await portOf('telemetry: serves /metrics, /healthz and /readyz');
  return {
    webhookPort: args.some((argument) => argument.startsWith('--webhook=')) ? await portOf('admission: listens') : 0,
    lines,
    async ready() {
      let against = '';
      try {
        await until('the operator is ready', async () => {
          const { statusCode, body } = await request(`http://127.0.0.1:${telemetry}/readyz`);
          against = await body.text();
          return statusCode === 200 ? true : undefined;
        });
      } catch (error) {
        throw new Error(`${against}${JSON.stringify(lines.slice(-8), undefined, 1)}`, { cause: error });
      }
    },
    leads: () => lines.some((line) => line['message'] === 'lease: this process leads'),
    stop: () => stopped(child, ended),
  };
}

async function stopped(child: ChildProcess, ended: Promise<unknown>): Promise<number | null> {
  child.kill('SIGTERM');
  await ended;
  return child.exitCode;
}

function environmentOf(container: unknown): Readonly<Record<string, string>> {
  const variables = at(container, 'env');
  return Object.fromEntries(
    (Array.isArray(variables) ? variables : []).map((each) => [String(at(each, 'name')), String(at(each, 'value'))]),
  );
}

/** An account of the chart, by a token as a pod gets one; `more` says of `kubectl create token` what it is bound to. */
export function accountKubeconfig(
  server: Server,
  namespace: string,
  account: string,
  more: readonly string[] = [],
): string {
  const token = server.must(['create', 'token', account, '-n', namespace, '--duration', '1h', ...more]).trim();
  const file = join(server.folder, `kubeconfig-${account}`);
  const text = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'a',
        cluster: {
          server: server.cluster.access.server,
          'certificate-authority': join(server.folder, 'certs/apiserver.crt'),
        },
      },
    ],
    users: [{ name: 'a', user: { token } }],
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    'current-context': 'a',
  };
  writeFileSync(file, JSON.stringify(text), { mode: 0o600 });
  return file;
}

export function entryOf(line: string): Readonly<Record<string, unknown>> {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? { ...entry } : { message: line };
  } catch {
    // Words of Node.js itself.
    return { message: line };
  }
}
