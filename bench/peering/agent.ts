// The node agent in a network namespace of its own, and what its kernel tells of sets.
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterAccess } from '../../src/kube/index.ts';
import { writeKubeconfig } from '../../test/e2e/operator-process.ts';
import { run } from '../../test/kernel/network.ts';
import { type MeasuredProcess, startProcess } from '../operator/process.ts';
import { AGENT_NODE } from './cluster.ts';
import { type Seen, waiting } from './seen.ts';

export interface BenchAgent {
  readonly process: MeasuredProcess;
  readonly seen: Seen;
  readonly stop: () => Promise<void>;
}

/** Every address of the benchmark's events; others are not followed. */
const EVENTS = /\b10\.250\.\d+\.\d+\b/g;

export async function startAgent(node: readonly string[], access: ClusterAccess, folder: string): Promise<BenchAgent> {
  const id = process.pid % 100_000;
  const space = `lbp${id}`;
  const net = `198.19.${id % 250}`;
  const remove = (): void =>
    void run(`ip netns del ${space} 2>/dev/null || true; ip link del ${space}h 2>/dev/null || true`);
  process.once('exit', remove);
  run(
    [
      `ip netns add ${space} && ip -n ${space} link set lo up`,
      `ip link add ${space}h type veth peer name eth0 netns ${space}`,
      `ip addr add ${net}.1/30 dev ${space}h && ip link set ${space}h up`,
      `ip -n ${space} addr add ${net}.2/30 dev eth0 && ip -n ${space} link set eth0 up`,
    ].join('\n'),
  );
  const door = await openDoor(`${net}.1`, access.server);
  // The certificate of the server is for this name whatever address it is reached by.
  const reached = { ...access, server: door.url, serverName: 'kubernetes' };
  const kubeconfig = writeKubeconfig(join(folder, 'agent-kubeconfig'), reached);
  const cni = join(folder, 'cni');
  mkdirSync(cni, { recursive: true });
  writeFileSync(join(cni, '10-ptp.conflist'), JSON.stringify({ name: 'routed', plugins: [{ type: 'ptp' }] }));
  const args = ['fabric-agent', '--node', AGENT_NODE, '--kubeconfig', kubeconfig, '--cni-dir', cni];
  const agent = startProcess('ip', ['netns', 'exec', space, ...node, ...args]);
  const monitor = spawn('ip', ['netns', 'exec', space, 'nft', 'monitor'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const { seen, tell } = waiting(async () => void monitor.kill());
  createInterface({ input: monitor.stdout }).on('line', (line) => {
    const isIn = line.startsWith('add element');
    if (isIn || line.startsWith('delete element')) for (const [address] of line.matchAll(EVENTS)) tell(address, isIn);
  });
  return {
    process: agent,
    seen,
    async stop() {
      await agent.stop();
      await seen.stop();
      door.close();
      remove();
    },
  };
}

/** Forwards an address that the namespace reaches to the server, which listens on loopback alone. */
async function openDoor(host: string, server: string): Promise<{ readonly url: string; readonly close: () => void }> {
  const { hostname, port } = new URL(server);
  const forwarder = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  forwarder.once('error', reject).listen(0, host, resolve);
  await promise;
  const address = forwarder.address();
  if (address === null || typeof address === 'string') throw new Error('a socket without a port');
  return { url: `https://${host}:${address.port}`, close: () => void forwarder.close() };
}
