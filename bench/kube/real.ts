// List, watch, ingest and apply against a real kube-apiserver, beside @kubernetes/client-node.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { type Client, type ClusterAccess, createClient, isKubeObject, untyped } from '../../src/kube/index.ts';
import { at, stringAt } from '../../src/kube/json.ts';
import { findBinaries } from '../../test/e2e/binaries.ts';
import { openCluster } from '../../test/e2e/cluster/index.ts';
import { findDefinitions } from '../../test/e2e/engines.ts';
import { until } from '../../test/e2e/until.ts';
import { podJson } from './pods.ts';
import { namespaceOf } from './policies.ts';
import { pool } from './pool.ts';
import { bundle, load, type Measured, run, say } from './process.ts';

export interface RealOptions {
  readonly pods: number;
  readonly updates: number;
  readonly objects: number;
  readonly runs: number;
  /** Of V8, for our client. */
  readonly flags: readonly string[];
}

const CLIENT_NODE = '2.0.1';
const root = join(import.meta.dirname, '../..');

export async function measureReal(options: RealOptions): Promise<void> {
  const binaries = findBinaries(process.env, (line) => process.stderr.write(`${line}\n`));
  if (binaries.kind === 'skipped') {
    process.stderr.write(`SKIPPED: the real API server: ${binaries.reason}\n`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-'));
  const place = { folder, kubeconfig: join(folder, 'kubeconfig') };
  const cluster = await openCluster({ kind: 'real', binaries: binaries.folder }, place);
  const client = createClient(cluster.access);
  try {
    const subjects = clients(cluster.access, folder, options.flags);
    await prepare(client, options.pods);
    for (let i = 0; i < options.runs; i++) for (const subject of subjects) await follow(subject, client, options);
    const version = await lastVersion(client);
    await update(client, options);
    for (let i = 0; i < options.runs; i++)
      for (const subject of subjects) {
        const measured = subject.start(['replay', String(options.updates), version]);
        say({ case: 'ingest', client: subject.name, ...(await measured.next()), load: load() });
        await measured.end();
      }
    if (await defineCilium(client)) {
      for (const subject of subjects) {
        const measured = subject.start(['apply', String(options.objects)]);
        say({ case: 'apply', client: subject.name, ...(await measured.next()), load: load() });
        await measured.end();
        await removePolicies(client);
      }
    }
  } finally {
    await client.close();
    await cluster.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Contender {
  readonly name: string;
  readonly start: (task: readonly string[]) => Measured;
}

function clients(access: ClusterAccess, folder: string, flags: readonly string[]): readonly Contender[] {
  const { ca, bearer, server } = access;
  const text = ca === undefined ? '' : 'text' in ca ? ca.text : readFileSync(ca.file, 'utf8');
  const env = { BENCH_CA: text, BENCH_TOKEN: bearer.kind === 'token' ? bearer.token : '' };
  const starter = (
    entry: string,
    v8: readonly string[],
    more: Readonly<Record<string, string>>,
  ): Contender['start'] => {
    const file = bundle(join(import.meta.dirname, entry), folder);
    return (task) => run(['--expose-gc', ...v8, file, server, ...task], { ...env, ...more });
  };
  const ours = { name: `lattice ${flags.join(' ')}`.trim(), start: starter('lattice-client.ts', flags, {}) };
  const installed = installClientNode();
  if (installed === undefined) return [ours];
  const start = starter('client-node.ts', [], { BENCH_CLIENT_NODE: installed });
  return [ours, { name: `client-node ${CLIENT_NODE}`, start }];
}

/** Where the library is, outside this clone; undefined when it cannot be fetched. */
function installClientNode(): string | undefined {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lattice');
  const folder = join(cache, `client-node-${CLIENT_NODE}`);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const partial = mkdtempSync(join(cache, 'client-node-'));
  writeFileSync(join(partial, 'package.json'), '{"private":true}');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `@kubernetes/client-node@${CLIENT_NODE}`];
  const npm = spawnSync('npm', args, { cwd: partial, encoding: 'utf8' });
  if (npm.status === 0) renameSync(partial, folder);
  else {
    process.stderr.write(`SKIPPED: client-node ${CLIENT_NODE} cannot be installed: ${npm.stderr.slice(-500)}\n`);
    rmSync(partial, { recursive: true, force: true });
    return undefined;
  }
  return folder;
}

const signal = new AbortController().signal;
const POD = untyped({ group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true });
const NAMESPACE = untyped({ group: '', version: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false });

/** 50 namespaces and `count` pods with status, as kubelets would have left them. */
async function prepare(client: Client, count: number): Promise<void> {
  for (let i = 0; i < 50; i++)
    await client.create(
      NAMESPACE,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(i) } },
      { signal },
    );
  await pool(count, 32, async (index) => {
    const pod: unknown = JSON.parse(podJson(index, 1));
    if (!isKubeObject(pod)) throw new Error('a pod that is no object');
    const { name, namespace = '', labels = {}, annotations = {} } = pod.metadata;
    const made = { ...pod, metadata: { name, namespace, labels, annotations } };
    await client.create(POD, made, { signal });
    await client.mergePatch(POD, { name, namespace }, { status: at(pod, 'status') }, { signal, subresource: 'status' });
  });
}

/** Lists, watches, and hears of `updates` changes as they are made. */
async function follow(subject: Contender, client: Client, options: RealOptions): Promise<void> {
  const measured = subject.start(['follow', String(options.updates)]);
  say({ case: 'list', client: subject.name, ...(await measured.next()), load: load() });
  await update(client, options);
  say({ case: 'watch', client: subject.name, ...(await measured.next()), load: load() });
  await measured.end();
}

/** Notes the time in an annotation of pod after pod. */
async function update(client: Client, { pods, updates }: RealOptions): Promise<void> {
  await pool(updates, 32, (index) => {
    const number = index % pods;
    const ref = { name: `p-${String(number).padStart(5, '0')}`, namespace: namespaceOf(number) };
    const note = { metadata: { annotations: { bench: String(Date.now()) } } };
    return client.mergePatch(POD, ref, note, { signal });
  });
}

const lastVersion = async (client: Client): Promise<string> =>
  stringAt(await client.raw('/api/v1/pods?limit=1', { signal }), 'metadata', 'resourceVersion') ?? '';

const POLICIES = '/apis/cilium.io/v2/ciliumnetworkpolicies';
const DEFINITION = untyped({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});
const POLICY = untyped({
  group: 'cilium.io',
  version: 'v2',
  kind: 'CiliumNetworkPolicy',
  plural: 'ciliumnetworkpolicies',
  namespaced: true,
});

/** Installs Cilium's own definition; false, and said, where it cannot be had. */
async function defineCilium(client: Client): Promise<boolean> {
  const warn = (line: string): void => void process.stderr.write(`${line}\n`);
  const found = findDefinitions(process.env.LATTICE_DATA ?? join(root, '../shared/data'), warn);
  if (found.kind === 'skipped') {
    warn(`SKIPPED: apply: ${found.reason}`);
    return false;
  }
  const definitions = found.texts.flatMap((text) => loadAll(text)).filter(isKubeObject);
  for (const definition of definitions)
    if (definition.metadata.name === 'ciliumnetworkpolicies.cilium.io')
      await client.apply(DEFINITION, definition, { signal });
  await until('CiliumNetworkPolicies are served', async () => {
    await client.raw(POLICIES, { signal });
    return true;
  });
  return true;
}

async function removePolicies(client: Client): Promise<void> {
  const all = await client.list(POLICY, { signal });
  await pool(all.length, 32, async (index) => {
    const metadata = all[index]?.metadata;
    if (metadata) await client.delete(POLICY, metadata, { signal });
  });
}
