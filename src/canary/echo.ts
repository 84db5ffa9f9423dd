import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { type Datagram, datagramOf } from './wire.ts';

export interface Echo {
  close(): void;
}

export interface EchoOptions {
  readonly addresses: readonly string[];
  readonly port: number;
  /** Whether a datagram of the other direction is sent when one is asked for. */
  readonly mayReturn: boolean;
  readonly onBack?: (datagram: Datagram, source: string, sourcePort: number) => void;
  readonly onTrouble: (error: Error) => void;
}

/**
 * Answers probes from the address and port that they came to; nothing else, and nothing longer than what came. Each
 * address has a socket of its own, so that it is the source of its answers. Rejects when one cannot be bound.
 */
export async function openEcho(options: EchoOptions): Promise<Echo> {
  const { addresses, port } = options;
  const sockets: Socket[] = [];
  const close = (): void => {
    for (const socket of sockets) socket.close();
  };
  try {
    for (const address of addresses) {
      const socket = await bound(address, port);
      sockets.push(socket);
      socket.on('error', options.onTrouble);
      socket.on('message', (data, { address: source, port: sourcePort }) => {
        const datagram = datagramOf(data.toString('utf8', 0, 512));
        if (datagram?.kind === 'back') options.onBack?.(datagram, source, sourcePort);
        if (datagram?.kind !== 'probe') return;
        const { trial, id, backPort } = datagram;
        say(socket, { kind: 'answer', trial, id }, source, sourcePort, options.onTrouble);
        if (options.mayReturn && backPort !== undefined) {
          const back: Datagram = { kind: 'back', trial, id };
          sendFrom(address, backPort, back, source, port, options.onTrouble).catch(options.onTrouble);
        }
      });
    }
  } catch (error) {
    close();
    throw error;
  }
  return { close };
}

/** A socket of its own for one datagram. */
async function sendFrom(
  source: string,
  sourcePort: number,
  datagram: Datagram,
  to: string,
  port: number,
  onTrouble: (error: Error) => void,
): Promise<void> {
  const socket = await bound(source, sourcePort);
  socket.on('error', onTrouble);
  socket.send(JSON.stringify(datagram), port, to, (error) => {
    if (error) onTrouble(error);
    socket.close();
  });
}

/** A datagram socket at an address. Rejects when the address or the port cannot be had. */
export async function bound(address: string, port: number): Promise<Socket> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.bind({ address, port });
  try {
    await once(socket, 'listening');
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** Sends one datagram; what the kernel says against it is told. */
export function say(
  socket: Socket,
  datagram: Datagram,
  to: string,
  port: number,
  onTrouble: (error: Error) => void,
): void {
  socket.send(JSON.stringify(datagram), port, to, (error) => {
    if (error) onTrouble(error);
  });
}
