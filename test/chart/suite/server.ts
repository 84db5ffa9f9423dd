// A real API server that writes down what is asked of it, and the chart installed on it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from '../../../src/kube/index.ts';
import type { Cluster } from '../../e2e/cluster/index.ts';
import { realCluster } from '../../e2e/cluster/real.ts';
import { until } from '../../e2e/until.ts';
import { at } from '../../at.ts';
import { lacksHelm, type Ran } from '../rendered.ts';

const binaries = process.env['LATTICE_CHART_BINARIES'];

/** Words for a skipped suite; false when there is all that it takes. */
export const lacksServer =
  lacksHelm !== false
    ? lacksHelm
    : binaries === undefined
      ? 'no kube-apiserver: run "npm run chart", which builds it'
      : false;

/** One request, as the server wrote it down. */
export interface Asked {
  readonly user: string;
  readonly verb: string;
  readonly group: string;
  /** With its subresource. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
  readonly path: string;
}

export interface Server {
  readonly cluster: Cluster;
  readonly client: Client;
  readonly folder: string;
  readonly kubeconfig: string;
  readonly kubectl: (args: readonly string[], input?: string) => Ran;
  /** Throws with what kubectl said when it fails. */
  readonly must: (args: readonly string[], input?: string) => string;
  /** Resolves when every definition on it is served. */
  readonly established: () => Promise<void>;
  /** What a user asked so far. */
  readonly asked: (user: string) => readonly Asked[];
  readonly close: () => Promise<void>;
}

const ESTABLISHED =
  'jsonpath={range .items[*]}{.metadata.name}={.status.conditions[?(@.type=="Established")].status}{"\\n"}{end}';

const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
};

/** Started afresh; `more` are flags of kube-apiserver. */
export async function startServer(more: readonly string[] = []): Promise<Server> {
  if (binaries === undefined) throw new Error('LATTICE_CHART_BINARIES is not set');
  const folder = mkdtempSync(join(tmpdir(), 'lattice-chart-'));
  const [kubeconfig, policy, log] = ['kubeconfig', 'audit-policy.json', 'audit.log'].map((name) => join(folder, name));
  if (kubeconfig === undefined || policy === undefined || log === undefined) throw new Error('three files');
  writeFileSync(policy, JSON.stringify(AUDIT_POLICY));
  const audit = [`--audit-policy-file=${policy}`, `--audit-log-path=${log}`, '--audit-log-mode=blocking'];
  const cluster = await realCluster(binaries, { folder, kubeconfig }, [...audit, ...more]);
  const client = createClient(cluster.access);
  const kubectl = (args: readonly string[], input = ''): Ran => {
    const { status, stdout, stderr } = spawnSync(join(binaries, 'kubectl'), ['--kubeconfig', kubeconfig, ...args], {
      encoding: 'utf8',
      input,
      maxBuffer: 64 * 1024 * 1024,
      // Nothing else runs meanwhile, so that no other limit ends it.
      timeout: 180_000,
    });
    return { code: status, stdout, stderr };
  };
  const must = (args: readonly string[], input?: string): string => {
    const { code, stdout, stderr } = kubectl(args, input);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return {
    cluster,
    client,
    folder,
    kubeconfig,
    kubectl,
    must,
    // `kubectl wait` fails on a definition that has no conditions yet.
    established: () =>
      until('every definition is established', () => {
        const served = must(['get', 'crd', '-o', ESTABLISHED]).trim().split('\n');
        return served.every((line) => line.endsWith('=True')) ? true : undefined;
      }).then(() => undefined),
    asked: (user) => (existsSync(log) ? askedIn(readFileSync(log, 'utf8')) : []).filter((each) => each.user === user),
    async close() {
      await client.close();
      await cluster.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function askedIn(log: string): readonly Asked[] {
  const whole = log.slice(0, log.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Asked => {
      const entry: unknown = JSON.parse(line);
      const text = (...path: readonly string[]): string => {
        const value = at(entry, ...path);
        return typeof value === 'string' ? value : '';
      };
      const part = text('objectRef', 'subresource');
      return {
        user: text('user', 'username'),
        verb: text('verb'),
        group: text('objectRef', 'apiGroup'),
        resource: `${text('objectRef', 'resource')}${part === '' ? '' : `/${part}`}`,
        namespace: text('objectRef', 'namespace'),
        name: text('objectRef', 'name'),
        code: Number(at(entry, 'responseStatus', 'code') ?? 0),
        path: text('requestURI'),
      };
    });
}
