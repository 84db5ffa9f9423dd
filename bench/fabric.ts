// The node agent on the real kernel: `npm run bench -- fabric [--events N]`. From before the write of a slice at the API
// server until the kernel tells of the element, by the number of members; CPU of the agent and of what it runs; memory.
// With --canary what the canary costs: fabric-canary.ts.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { FABRIC_API_VERSION } from '../src/api/index.ts';
import { type Cluster, SLICE, startCluster } from '../test/kernel/cluster.ts';
import { createNetwork, type Network, run, whyNot } from '../test/kernel/network.ts';
import { cpuOf } from './cpu.ts';
import { measureCanary } from './fabric-canary.ts';

/** Comes and goes. */
const NEW = '10.99.99.99';
const SIZES = [100, 2500, 10_000] as const;
const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200' },
    canary: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '120' },
  },
});
// Ends with what it has built removed, also when it is told to.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1));
const reason = whyNot();
if (reason === undefined) await (values.canary ? measureCanary(Number(values.seconds)) : main(Number(values.events)));
else process.stdout.write(`SKIPPED: the real kernel: ${reason}\n`);

async function main(events: number): Promise<void> {
  const network = createNetwork();
  const cluster = await startCluster(network);
  try {
    // One node is measured; the other would only take processor time from it.
    await cluster.stopAgent('n2');
    process.stdout.write(`members    p50 ms    p90 ms    p99 ms    CPU ms/event    RSS MB   (${events} events each)\n`);
    for (const size of SIZES) {
      const { sorted, cpu, rss } = await measure(network, cluster, size, events);
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      const figures = [at(0.5), at(0.9), at(0.99), cpu / events, rss].map((value) => value.toFixed(1).padStart(10));
      process.stdout.write(`${String(size).padStart(7)}${figures.join('')}\n`);
    }
  } finally {
    await cluster.stop();
    network.remove();
  }
}

async function measure(network: Network, cluster: Cluster, size: number, events: number) {
  const members = Array.from({ length: size }, (_, index) => `10.100.${index >> 8}.${index & 255}`);
  const name = `bench-${size}`;
  await cluster.load(name, {
    peering: `bench/${size}`,
    generation: 0,
    disarmed: false,
    sets: [{ name: 'members', members }],
    rules: [{ name: 'deny', source: { set: 'members' }, action: 'deny' }],
  });
  const { signal } = new AbortController();
  const slices = await cluster.client.list(SLICE, { signal });
  const slice = slices.find(({ metadata }) => metadata.name.startsWith(`${name}.`) && metadata.name.endsWith('.0'));
  if (!slice) throw new Error('no slice to write');
  const addresses = members.slice(0, 99);
  const seen = watchElements(network);
  await seen.listening(() =>
    run(`ip netns exec ${network.space('n1')} nft 'add table ip knock; delete table ip knock'`),
  );
  const pid = agentOf(network);
  const before = cpuOf(pid);
  const times: number[] = [];
  for (let event = 0; event < events; event++) {
    const isAdd = event % 2 === 0;
    const began = performance.now();
    const told = seen.next(isAdd ? 'add' : 'delete');
    const spec = { program: name, set: 'members', index: 0, generation: 1 };
    const list = isAdd ? [...addresses, NEW] : addresses;
    await cluster.client.apply(SLICE, objectOf(slice.metadata.name, { ...spec, addresses: list }), {
      signal,
      force: true,
    });
    times.push((await told) - began);
  }
  const cpu = cpuOf(pid) - before;
  seen.stop();
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1000;
  await cluster.unload(name);
  return { sorted: times.toSorted((a, b) => a - b), cpu, rss };
}

function objectOf(name: string, spec: object) {
  return { apiVersion: FABRIC_API_VERSION, kind: 'FabricMemberSlice', metadata: { name }, spec };
}

/** When the kernel tells of the element, on the clock of this process. */
function watchElements(network: Network) {
  const child = spawn('ip', ['netns', 'exec', network.space('n1'), 'nft', 'monitor'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let waiting: { readonly verb: string; readonly resolve: (at: number) => void } | undefined;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!waiting || !line.startsWith(`${waiting.verb} element`) || !line.includes(NEW)) return;
    waiting.resolve(performance.now());
    waiting = undefined;
  });
  const heard = new AbortController();
  child.stdout.once('data', () => heard.abort());
  return {
    /** It does not say when it listens: it is knocked at until it answers. */
    async listening(knock: () => void) {
      while (!heard.signal.aborted) {
        knock();
        await new Promise((resolve) => {
          setTimeout(resolve, 50);
        });
      }
    },
    next: (verb: 'add' | 'delete') =>
      new Promise<number>((resolve) => {
        waiting = { verb, resolve };
      }),
    stop: () => void child.kill(),
  };
}

function agentOf(network: Network): number {
  const pids = run(`ip netns pids ${network.space('n1')}`)
    .split('\n')
    .filter(Boolean);
  const found = pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('fabric-agent'));
  if (found === undefined) throw new Error('no agent runs');
  return Number(found);
}
