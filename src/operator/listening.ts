import type { Server } from 'node:net';

/** Resolves to the port once `server` listens, of which 0 takes a free one. Rejects when the port cannot be had. */
export async function listening(server: Server, port: number, host: string): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(port, host, () => {
    server.off('error', reject);
    resolve();
  });
  await promise;
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a socket without a port');
  return address.port;
}
