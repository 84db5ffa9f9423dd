// The way to a server, as a relay that can be disturbed: the same for every server, and below TLS.
import { connect, createServer, isIP, type Socket } from 'node:net';
import type { ClusterAccess } from '../../src/kube/index.ts';

export interface Way {
  /** The same cluster, over this way. */
  readonly access: ClusterAccess;
  /** Breaks every open connection. */
  readonly cut: () => void;
  /** While true, new connections break at once. */
  readonly refuse: (refusing: boolean) => void;
  /** Open connections fall silent and stay open; new ones work. */
  readonly freeze: () => void;
  /** Each piece of an answer waits this long, and the next one behind it. */
  readonly slow: (millis: number) => void;
  readonly close: () => Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  frozen: boolean;
}

export async function openWay(access: ClusterAccess): Promise<Way> {
  const goal = new URL(access.server);
  const pairs = new Set<Pair>();
  let refusing = false;
  let delay = 0;

  const server = createServer((near) => {
    if (refusing) {
      near.destroy();
      return;
    }
    const far = connect(Number(goal.port || 443), goal.hostname.replaceAll(/[[\]]/g, ''));
    const pair: Pair = { near, far, frozen: false };
    pairs.add(pair);
    const end = (): void => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    near.on('close', end).on('error', end);
    far.on('close', end).on('error', end);
    near.on('data', (chunk) => {
      if (!pair.frozen) pass(near, far, chunk, 0);
    });
    far.on('data', (chunk) => {
      if (!pair.frozen) pass(far, near, chunk, delay);
    });
  });
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(0, '127.0.0.1', resolve);
  await listening;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a socket without a port');

  const cut = (): void => {
    for (const { near, far } of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  return {
    access: {
      ...access,
      server: `https://127.0.0.1:${address.port}`,
      serverName: access.serverName ?? (isIP(goal.hostname) === 0 ? goal.hostname : undefined),
    },
    cut,
    refuse(next) {
      refusing = next;
    },
    freeze() {
      for (const pair of pairs) pair.frozen = true;
    },
    slow(millis) {
      delay = millis;
    },
    async close() {
      cut();
      const { promise, resolve: closed } = Promise.withResolvers<void>();
      server.close(() => closed());
      await promise;
    },
  };
}

function pass(from: Socket, to: Socket, chunk: Buffer, delay: number): void {
  from.pause();
  const go = (): void => {
    if (to.destroyed) return;
    to.write(chunk, () => from.resume());
  };
  if (delay === 0) go();
  else setTimeout(go, delay);
}
