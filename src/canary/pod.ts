import { connect, isIPv6, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { bound, openEcho, say } from './echo.ts';
import { type Datagram, datagramOf, type Errand, errandOf, type Order, type Outcome } from './wire.ts';

export interface CanaryPodOptions {
  /** The addresses of this pod. */
  readonly addresses: readonly string[];
  /** An address of the node that it runs on. */
  readonly node: string;
  readonly port: number;
  readonly onTrouble: (what: string, error: Error) => void;
}

const RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

/**
 * A pod that does nothing but send and answer datagrams: the packets of other pods take the way that its own do. It
 * keeps one connection to the agent of its node and waits to be sent on an errand; it holds no rights and knows nothing.
 */
export async function runCanaryPod(options: CanaryPodOptions, signal: AbortSignal): Promise<void> {
  const { addresses, node, port } = options;
  const waiting = new Set<(datagram: Datagram, source: string, sourcePort: number) => void>();
  const echo = await openEcho({
    addresses,
    port,
    mayReturn: true,
    onBack: (datagram, source, sourcePort) => {
      for (const each of waiting) each(datagram, source, sourcePort);
    },
    onTrouble: (error) => options.onTrouble('a datagram could not be sent', error),
  });
  const run = async (errand: Errand, socket: Socket): Promise<void> => {
    const returned: Outcome['returned'][number][] = [];
    const onBack = (datagram: Datagram, source: string, sourcePort: number): void => {
      if (datagram.trial === errand.trial) returned.push({ id: datagram.id, source, sourcePort });
    };
    waiting.add(onBack);
    try {
      const answered = await carryOutErrand(errand, options, signal);
      const outcome: Outcome = { kind: 'outcome', trial: errand.trial, answered, returned };
      socket.write(`${JSON.stringify(outcome)}\n`);
    } finally {
      waiting.delete(onBack);
    }
  };
  try {
    let wait = RETRY_MS;
    while (!signal.aborted) {
      // By its address the agent knows it.
      const localAddress = addresses.find((address) => isIPv6(address) === isIPv6(node));
      const socket = connect({ host: node, port, ...(localAddress === undefined ? {} : { localAddress }) });
      const stop = (): void => void socket.destroy();
      signal.addEventListener('abort', stop, { once: true });
      socket.on('error', (error) => {
        if (!signal.aborted) options.onTrouble('no way to the agent of this node', error);
      });
      const lines = createInterface({ input: socket });
      // What reading meets is told by the socket.
      lines.on('error', () => undefined);
      lines.on('line', (line) => {
        // Not as soon as it is connected: an agent that does not know this pod yet closes at once.
        wait = RETRY_MS;
        const errand = errandOf(line);
        if (!errand) return;
        run(errand, socket).catch((error: unknown) => {
          if (!signal.aborted) options.onTrouble('an errand failed', asError(error));
        });
      });
      await new Promise<void>((resolve) => {
        socket.on('close', () => resolve());
      });
      signal.removeEventListener('abort', stop);
      await sleep(wait, undefined, { signal }).catch(() => undefined);
      wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    }
  } finally {
    echo.close();
  }
}

/** Sends every datagram, waits, and answers the ids of those that were answered. */
async function carryOutErrand(
  errand: Errand,
  { addresses, onTrouble }: CanaryPodOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const answered = new Set<string>();
  const sockets: Awaited<ReturnType<typeof bound>>[] = [];
  const trouble = (error: Error): void => onTrouble('a datagram could not be sent', error);
  const send = async ({ id, source, sourcePort, destination, backPort }: Order): Promise<void> => {
    const socket = await bound(source, sourcePort);
    sockets.push(socket);
    socket.on('error', trouble);
    socket.on('message', (data) => {
      const datagram = datagramOf(data.toString('utf8', 0, 512));
      if (datagram?.kind === 'answer' && datagram.trial === errand.trial && datagram.id === id) answered.add(id);
    });
    const back = backPort === undefined ? {} : { backPort };
    say(socket, { kind: 'probe', trial: errand.trial, id, ...back }, destination, errand.port, trouble);
  };
  try {
    for (const order of errand.orders) {
      // An agent asks its own canaries; one that were told to speak as another would be no canary.
      if (addresses.includes(order.source)) await send(order).catch((error: unknown) => trouble(asError(error)));
    }
    await sleep(errand.waitMs, undefined, { signal });
  } finally {
    for (const socket of sockets) socket.close();
  }
  return [...answered];
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
