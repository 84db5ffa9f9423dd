// How fast loopback is just now, for tests that wind a clock while real bytes are on their way.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export interface Pulse {
  /** Resolves when a byte has gone to another socket of this process and come back. */
  readonly beat: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function startPulse(): Promise<Pulse> {
  const server = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const socket = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  await once(socket, 'connect');
  return {
    async beat() {
      const back = once(socket, 'data');
      socket.write('.');
      await back;
    },
    async close() {
      socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}
