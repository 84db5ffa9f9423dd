import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { type Echo, type Errand, MAX_LINE, openEcho, type Outcome, outcomeOf } from '../../canary/index.ts';
import type { CanaryPod } from './plan.ts';

export interface HubOptions {
  /** The node's, where its canaries find it. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** The canary of this node that has the address; undefined for a stranger, who is not listened to. */
  readonly canaryAt: (address: string) => Promise<CanaryPod | undefined>;
  readonly onJoined: () => void;
  readonly onTrouble: (error: Error) => void;
}

/** Where the canaries of a node are connected to its agent, and where their probes of the node itself arrive. */
export interface Hub {
  connected(): readonly CanaryPod[];
  /** Undefined when no answer came in time. */
  ask(pod: CanaryPod, errand: Errand, limitMs: number): Promise<Outcome | undefined>;
  close(): void;
}

/** Two of one node, each anew after a break, and strangers for as long as it takes to look them up. */
const MAX_CONNECTIONS = 16;

/** Listens. Rejects when an address cannot be had. */
export async function openHub(options: HubOptions): Promise<Hub> {
  const joined = new Map<string, { readonly pod: CanaryPod; readonly socket: Socket }>();
  const waiting = new Map<string, (outcome: Outcome) => void>();
  const all = new Set<Socket>();
  const servers: Server[] = [];
  let echo: Echo | undefined;

  const accept = async (socket: Socket): Promise<void> => {
    const pod = await options.canaryAt(socket.remoteAddress ?? '');
    if (!pod || socket.destroyed) {
      socket.destroy();
      return;
    }
    joined.get(pod.name)?.socket.destroy();
    joined.set(pod.name, { pod, socket });
    socket.on('close', () => {
      if (joined.get(pod.name)?.socket === socket) joined.delete(pod.name);
    });
    let length = 0;
    socket.on('data', (chunk: Buffer) => {
      length = chunk.includes(10) ? 0 : length + chunk.length;
      if (length > MAX_LINE) socket.destroy();
    });
    const lines = createInterface({ input: socket });
    lines.on('error', options.onTrouble);
    lines.on('line', (line) => {
      const outcome = outcomeOf(line);
      if (outcome) waiting.get(keyOf(pod, outcome.trial))?.(outcome);
    });
    socket.write('{"kind":"welcome"}\n');
    options.onJoined();
  };
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of all) socket.destroy();
    echo?.close();
  };
  try {
    for (const address of options.addresses) {
      const server = createServer((socket) => {
        all.add(socket);
        socket.on('close', () => all.delete(socket));
        socket.on('error', options.onTrouble);
        accept(socket).catch((error: unknown) => {
          socket.destroy();
          options.onTrouble(error instanceof Error ? error : new Error(String(error)));
        });
      });
      server.maxConnections = MAX_CONNECTIONS;
      server.listen({ host: address, port: options.port });
      await once(server, 'listening');
      server.on('error', options.onTrouble);
      servers.push(server);
    }
    const { addresses, port, onTrouble } = options;
    echo = await openEcho({ addresses, port, mayReturn: false, onTrouble });
  } catch (error) {
    close();
    throw error;
  }

  return {
    connected: () => [...joined.values()].map(({ pod }) => pod),
    async ask(pod, errand, limitMs) {
      const socket = joined.get(pod.name)?.socket;
      if (!socket) return undefined;
      const { promise, resolve } = Promise.withResolvers<Outcome | undefined>();
      const key = keyOf(pod, errand.trial);
      const timer = setTimeout(() => resolve(undefined), limitMs);
      const onClose = (): void => resolve(undefined);
      socket.once('close', onClose);
      waiting.set(key, resolve);
      socket.write(`${JSON.stringify(errand)}\n`);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        socket.off('close', onClose);
        waiting.delete(key);
      }
    },
    close,
  };
}

function keyOf(pod: CanaryPod, trial: string): string {
  return `${pod.name} ${trial}`;
}
