// The whole engine against a real kube-apiserver: what a single pod event costs and how long it takes, by each enforcer.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { condition, KINDS, openScene, type Scene, skip } from '../../test/peering/scene.ts';
import { until } from '../../test/e2e/until.ts';
import { whyNot } from '../../test/kernel/network.ts';
import { bundled } from '../operator/bundle.ts';
import { type MeasuredProcess, startProcess } from '../operator/process.ts';
import { openServer, type Server } from '../operator/server.ts';
import { type BenchAgent, startAgent } from './agent.ts';
import { declarePeering, eventPod, membersOf, prepare, writeStatus } from './cluster.ts';
import { countedRequests, requestsSince } from './requests.ts';
import { type Seen, seenInFirewall } from './seen.ts';

export interface RealOptions {
  readonly pods: number;
  /** At two a second; twice as many at fifty a second. */
  readonly events: number;
  readonly enforcers: readonly ('liqo' | 'nft')[];
  /** Of V8, for operator and agent; without any, those that the launcher sets. */
  readonly flags: readonly string[];
}

/** How the programs that are measured are started. */
interface Start {
  readonly server: Server;
  /** Node, its flags, and the bundle. */
  readonly node: readonly [string, ...string[]];
  readonly folder: string;
}

const signal = new AbortController().signal;
/** What is waited for after the last write to say that there is none. */
const REST_MS = 5000;
/** The number of members alone is told at most every ten seconds: the last one is still to come. */
const MEMBERS_MS = 12_000;

export async function measureReal(options: RealOptions): Promise<void> {
  if (skip !== false) {
    process.stderr.write(`SKIPPED: the real API server: ${skip}\n`);
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'lattice-bench-'));
  const server = await openServer('real');
  if (!server) return;
  try {
    const bundle = bundled(folder);
    const scene = await openScene(server.access, 'liqo-sets');
    await prepare(scene, options.pods);
    await declarePeering(scene);
    const start: Start = { server, folder, node: [process.execPath, ...options.flags, bundle] };
    if (options.enforcers.includes('liqo')) await measureLiqo(scene, start, options);
    const reason = options.enforcers.includes('nft') ? whyNot() : 'not asked for';
    if (reason === undefined) await measureNft(scene, start, options);
    else process.stderr.write(`SKIPPED: the node agent: ${reason}\n`);
    await scene.close();
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureLiqo(scene: Scene, start: Start, options: RealOptions): Promise<void> {
  const seen = seenInFirewall(scene);
  const began = performance.now();
  const operator = startOperator(start, 'liqo');
  await until(
    'the FirewallConfiguration is whole',
    () => (seen.size() === membersOf(options.pods) ? true : undefined),
    120_000,
  );
  say('liqo', 'start to converged', {
    seconds: (performance.now() - began) / 1000,
    cpuMs: operator.cpuMs(),
    ...operator.memoryMB(),
  });
  await measureEvents('liqo', scene, start.server, seen, [operator], options.events);
  await seen.stop();
  await rest(MEMBERS_MS);
  await operator.stop();
  await measureRestart('liqo', scene, start);
}

async function measureNft(scene: Scene, start: Start, options: RealOptions): Promise<void> {
  const agent: BenchAgent = await startAgent(start.node, start.server.access, start.folder);
  try {
    const began = performance.now();
    const operator = startOperator(start, 'nft');
    await until(
      'every node enforces it',
      async () => {
        const stored = await scene.get('PeeringConnectivity', 'liqo-tenant-rome', 'rome');
        return condition(stored, 'Ready') === 'True FabricSynced' ? true : undefined;
      },
      120_000,
    );
    say('nft', 'start to Ready', {
      seconds: (performance.now() - began) / 1000,
      cpuMs: operator.cpuMs(),
      ...operator.memoryMB(),
      agent: { cpuMs: agent.process.cpuMs(), ...agent.process.memoryMB() },
    });
    await measureEvents('nft', scene, start.server, agent.seen, [operator, agent.process], options.events);
    await rest(MEMBERS_MS);
    await operator.stop();
    await measureRestart('nft', scene, start);
  } finally {
    await agent.stop();
  }
}

function startOperator({ node: [node, ...before], server }: Start, enforcer: string): MeasuredProcess {
  const args = ['operator', '--controllers', 'peering', '--enforcer', enforcer, '--kubeconfig', server.kubeconfig];
  return startProcess(node, [...before, ...args]);
}

async function measureEvents(
  enforcer: string,
  scene: Scene,
  server: Server,
  seen: Seen,
  processes: readonly MeasuredProcess[],
  events: number,
): Promise<void> {
  for (const [name, count, perBurst, everyMs] of [
    ['2/s', events, 1, 500],
    ['50/s', events * 2, 10, 200],
  ] as const) {
    // The first ones compile the code that the others run.
    await churn(scene, seen, 20, perBurst, everyMs);
    const before = await countedRequests(server.access);
    const start = processes.map((each) => ({ cpu: each.cpuMs(), bytes: each.writtenBytes() }));
    const { adds, deletes } = await churn(scene, seen, count, perBurst, everyMs);
    const requests = requestsSince(before, await countedRequests(server.access));
    const [operator, agent] = processes.map((each, index) => ({
      cpuMsPerEvent: (each.cpuMs() - (start[index]?.cpu ?? 0)) / count,
      bytesPerEvent: (each.writtenBytes() - (start[index]?.bytes ?? 0)) / count,
      ...each.memoryMB(),
    }));
    const total = Object.values(requests).reduce((sum, each) => sum + each, 0);
    const all = [...adds, ...deletes];
    say(enforcer, `events at ${name}`, {
      events: count,
      ...operator,
      requestsPerEvent: total / count,
      requests,
      p50: percentile(all, 50),
      p90: percentile(all, 90),
      p99: percentile(all, 99),
      p99Add: percentile(adds, 99),
      p99Delete: percentile(deletes, 99),
      ...(agent ? { agent } : {}),
    });
  }
}

/**
 * Pods that come (created, then given an address) and go, in bursts that begin every so many milliseconds: a burst of
 * additions, then one of their deletions. Answers the milliseconds from the write until it was seen.
 */
async function churn(
  scene: Scene,
  seen: Seen,
  events: number,
  perBurst: number,
  everyMs: number,
): Promise<{ readonly adds: readonly number[]; readonly deletes: readonly number[] }> {
  const adds: number[] = [];
  const deletes: number[] = [];
  const pending: Promise<unknown>[] = [];
  const began = performance.now();
  for (let burst = 0; burst * perBurst < events; burst++) {
    await rest(began + burst * everyMs - performance.now());
    const isAdd = burst % 2 === 0;
    const pair = Math.floor(burst / 2) * perBurst;
    const started = Array.from({ length: perBurst }, async (_, index) => {
      const number = pair + index;
      const address = `10.250.${Math.floor(number / 250)}.${(number % 250) + 1}`;
      const pod = eventPod(number, address);
      if (isAdd) {
        await scene.client.create(KINDS.Pod, pod.object, { signal });
        const at = performance.now();
        const came = seen.comes(address);
        await writeStatus(scene, pod);
        adds.push((await came) - at);
      } else {
        const at = performance.now();
        const went = seen.goes(address);
        await scene.client.delete(KINDS.Pod, pod.object.metadata, { signal, gracePeriodSeconds: 0 });
        deletes.push((await went) - at);
      }
    });
    // What comes late may not be asked to go before it is there.
    pending.push(Promise.all(started));
    if (isAdd) await pending.at(-1);
  }
  await Promise.all(pending);
  return { adds, deletes };
}

/** A new process over what is there must write nothing. */
async function measureRestart(enforcer: string, scene: Scene, start: Start): Promise<void> {
  const before = await versions(scene);
  const requestsBefore = await countedRequests(start.server.access);
  const operator = startOperator(start, enforcer);
  const seconds = await operator.until('synced');
  await rest(REST_MS);
  const requests = requestsSince(requestsBefore, await countedRequests(start.server.access));
  const changed = [...(await versions(scene))]
    .filter(([key, version]) => before.get(key) !== version)
    .map(([key]) => key);
  say(enforcer, 'warm restart', { seconds, cpuMs: operator.cpuMs(), ...operator.memoryMB(), changed, requests });
  await operator.stop();
}

async function versions(scene: Scene): Promise<ReadonlyMap<string, string>> {
  const kinds = ['PeeringConnectivity', 'FirewallConfiguration', 'FabricProgram', 'FabricMemberSlice'] as const;
  const lists = await Promise.all(kinds.map((kind) => scene.list(kind)));
  return new Map(
    lists.flat().map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion ?? '']),
  );
}

function say(enforcer: string, name: string, figures: object): void {
  const rounded: unknown = JSON.parse(JSON.stringify(figures), (_key, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  );
  const load = Number((loadavg()[0] ?? 0).toFixed(1));
  process.stdout.write(`${JSON.stringify({ enforcer, case: name, ...Object(rounded), load, cores: cpus().length })}\n`);
}

function percentile(figures: readonly number[], percent: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0);
}

async function rest(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms));
  });
}
