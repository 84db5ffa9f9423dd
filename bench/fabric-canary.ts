// What the canary of a node costs: `npm run bench -- fabric --canary [--seconds N]`. Processor time of the agent, of what it
// runs, and of both canary pods: while they wait, and for each trial when trials follow each other. Memory of a pod.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { startCanaryNode } from '../test/kernel/canary-node.ts';
import { startCluster } from '../test/kernel/cluster.ts';
import { createNetwork, run } from '../test/kernel/network.ts';
import { cpuOf } from './cpu.ts';

const ALL_PASS = { SameNode: 'Passed', CrossNode: 'Passed', ToNode: 'Passed' } as const;
const WORD = { agent: 'fabric-agent', a: 'fabric-canary', b: 'fabric-canary' } as const;

export async function measureCanary(seconds: number): Promise<void> {
  const network = createNetwork();
  const cluster = await startCluster(network);
  try {
    for (const node of ['n1', 'n2'] as const) await cluster.stopAgent(node);
    const lab = { network, cluster };
    process.stdout.write(`trials      agent CPU ms/min    a pod's CPU ms/min    a pod's RSS MB   (${seconds} s)\n`);
    // Once an hour is never here; with 1 they follow each other.
    for (const [name, host, every] of [
      ['idle', 71, 3600],
      ['busy', 81, 1],
    ] as const) {
      const node = await startCanaryNode(lab, { name, host, pods: 'routed', plugin: 'ptp', seconds: every });
      await node.sees(ALL_PASS);
      const spaces = { agent: node.space, a: `${node.space}a`, b: `${node.space}b` };
      const pids = {
        agent: pidIn(spaces.agent, WORD.agent),
        a: pidIn(spaces.a, WORD.a),
        b: pidIn(spaces.b, WORD.b),
      };
      // What starting left to do is over.
      await pause(10);
      const trials = countTrials(node.space);
      const before = { agent: cpuOf(pids.agent), pods: cpuOf(pids.a) + cpuOf(pids.b) };
      await pause(seconds);
      const spent = {
        agent: cpuOf(pids.agent) - before.agent,
        pods: (cpuOf(pids.a) + cpuOf(pids.b) - before.pods) / 2,
      };
      const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pids.a}/status`, 'utf8'))?.[1]) / 1000;
      const perMinute = [spent.agent, spent.pods].map((each) => ((each * 60) / seconds).toFixed(0).padStart(20));
      process.stdout.write(`${String(trials()).padStart(6)}${perMinute.join('')}${rss.toFixed(0).padStart(18)}\n`);
      await node.remove();
    }
  } finally {
    await cluster.stop();
    network.remove();
  }
}

function countTrials(space: string): () => number {
  const child = spawn('ip', ['netns', 'exec', space, 'nft', 'monitor'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let count = 0;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('add chain inet lattice_canary forward')) count += 1;
  });
  return () => {
    child.kill();
    return count;
  };
}

function pidIn(space: string, word: string): number {
  const pids = run(`ip netns pids ${space}`).split('\n').filter(Boolean);
  const found = pids.find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word));
  if (found === undefined) throw new Error(`no ${word} runs in ${space}`);
  return Number(found);
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, seconds * 1000);
  });
}
