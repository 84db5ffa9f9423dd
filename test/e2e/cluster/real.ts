// etcd, kube-apiserver and the two controllers that an API server is not whole without.
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Agent, request } from 'undici';
import { loadAccess } from '../../../src/kube/index.ts';
import { until } from '../until.ts';
import type { Cluster, Place } from './cluster.ts';
import { type Program, startProgram } from './program.ts';

/**
 * Starts a control plane of the programs in `binaries` on free ports of loopback; answers when it is ready. `more` are
 * flags of kube-apiserver beside those that every test needs.
 */
export async function realCluster(
  binaries: string,
  { folder, kubeconfig }: Place,
  more: readonly string[] = [],
): Promise<Cluster> {
  const [client, peer, secure] = await freePorts(3);
  const token = randomBytes(24).toString('base64url');
  const etcdUrl = `http://127.0.0.1:${client}`;
  const url = `https://127.0.0.1:${secure}`;
  const log = (name: string): string => join(folder, `${name}.log`);
  writeSecrets(folder, token);
  writeFileSync(kubeconfig, kubeconfigText(url, join(folder, 'certs/apiserver.crt'), token));

  const started: Program[] = [];
  const start = (name: string, args: readonly string[]): Program => {
    const program = startProgram(join(binaries, name), args, log(name));
    started.unshift(program);
    return program;
  };
  const close = async (): Promise<void> => {
    await Promise.all(started.map((program) => program.kill()));
  };
  const startServer = async (): Promise<Program> => {
    const server = start('kube-apiserver', [...serverFlags(folder, etcdUrl, secure ?? 0), ...more]);
    await whenReady(url, server);
    return server;
  };
  try {
    start('etcd', etcdFlags(folder, etcdUrl, `http://127.0.0.1:${peer}`));
    let server = await startServer();
    const controllers = existsSync(join(binaries, 'kube-controller-manager'));
    if (controllers) start('kube-controller-manager', controllerFlags(folder, kubeconfig));
    const restart = async (): Promise<void> => {
      await server.stop();
      server = await startServer();
    };
    return {
      access: await loadAccess({ kubeconfig, env: {} }),
      power: {
        restart,
        // The server answers from its own memory until it has to ask etcd again.
        async forget() {
          await compact(etcdUrl);
          await restart();
        },
      },
      lacksControllers: controllers ? undefined : `no kube-controller-manager in ${binaries}`,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function writeSecrets(folder: string, token: string): void {
  mkdirSync(join(folder, 'certs'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(join(folder, 'sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(join(folder, 'tokens.csv'), `${token},lattice-e2e,lattice-e2e,"system:masters"\n`);
}

const kubeconfigText = (server: string, ca: string, token: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'e2e', cluster: { server, 'certificate-authority': ca } }],
    users: [{ name: 'e2e', user: { token } }],
    contexts: [{ name: 'e2e', context: { cluster: 'e2e', user: 'e2e' } }],
    'current-context': 'e2e',
  });

const etcdFlags = (folder: string, client: string, peer: string): readonly string[] => [
  `--data-dir=${join(folder, 'etcd')}`,
  `--listen-client-urls=${client}`,
  `--advertise-client-urls=${client}`,
  `--listen-peer-urls=${peer}`,
  `--initial-advertise-peer-urls=${peer}`,
  `--initial-cluster=default=${peer}`,
  '--log-level=error',
  '--unsafe-no-fsync',
];

const serverFlags = (folder: string, etcd: string, port: number): readonly string[] => [
  `--etcd-servers=${etcd}`,
  `--cert-dir=${join(folder, 'certs')}`,
  `--secure-port=${port}`,
  '--bind-address=127.0.0.1',
  `--service-account-key-file=${join(folder, 'sa.key')}`,
  `--service-account-signing-key-file=${join(folder, 'sa.key')}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  '--authorization-mode=RBAC',
  `--token-auth-file=${join(folder, 'tokens.csv')}`,
  '--disable-admission-plugins=ServiceAccount',
  '--service-cluster-ip-range=10.0.0.0/24',
  // Else it waits a minute for its watches to end by themselves.
  '--shutdown-watch-termination-grace-period=1s',
];

const controllerFlags = (folder: string, kubeconfig: string): readonly string[] => [
  `--kubeconfig=${kubeconfig}`,
  '--controllers=garbage-collector-controller,namespace-controller,deployment-controller,replicaset-controller,statefulset-controller,persistentvolumeclaim-protection-controller',
  '--leader-elect=false',
  `--service-account-private-key-file=${join(folder, 'sa.key')}`,
  '--secure-port=0',
];

/** It needs half a minute of a processor that it may have to share. */
const START_MS = 300_000;

async function whenReady(url: string, server: Program): Promise<void> {
  // What is asked is no secret, and the certificate is written only while the server starts.
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  try {
    const ready = await until(
      'kube-apiserver is ready',
      async () => {
        if (!server.running()) return false;
        const { statusCode, body } = await request(`${url}/readyz`, {
          dispatcher: agent,
          signal: AbortSignal.timeout(10_000),
        });
        await body.dump();
        return statusCode === 200 ? true : undefined;
      },
      START_MS,
    );
    if (!ready) throw new Error(`kube-apiserver ended:\n${server.lastWords()}`);
  } finally {
    await agent.destroy();
  }
}

async function compact(etcd: string): Promise<void> {
  const post = async (path: string, body: object): Promise<unknown> => {
    const answer = await request(`${etcd}${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`etcd ${path}: ${text}`);
    return JSON.parse(text);
  };
  const status = JSON.stringify(await post('/v3/maintenance/status', {}));
  const revision = /"revision":"(\d+)"/.exec(status)?.[1];
  if (revision === undefined) throw new Error(`etcd did not say its revision: ${status}`);
  await post('/v3/kv/compaction', { revision, physical: true });
}

async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.once('error', reject).listen(0, '127.0.0.1', resolve);
      await promise;
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      await promise;
      if (address === null || typeof address === 'string') throw new Error('a socket without a port');
      return address.port;
    }),
  );
}
