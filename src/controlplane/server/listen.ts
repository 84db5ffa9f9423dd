import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Credentials } from './certificate.ts';
import type { ApiRequest, ApiResponse, Sink } from './message.ts';

export interface Listening {
  readonly host: string;
  readonly port: number;
  /** Ends every connection and frees the port. */
  readonly close: () => Promise<void>;
}

/** A body larger than this is refused, as etcd would refuse the object. */
const LARGEST_BODY = 3 * 1024 * 1024;

/** Serves `respond` over TLS. */
export async function listen(
  host: string,
  port: number,
  { certificate, key }: Credentials,
  respond: (request: ApiRequest) => Promise<ApiResponse>,
): Promise<Listening> {
  const server = createServer({ cert: certificate, key, keepAlive: true, requestTimeout: 0 }, (message, reply) => {
    serve(message, reply, respond).catch(() => reply.destroy());
  });
  server.keepAliveTimeout = 60_000;
  // The server itself knows of a connection only when its handshake is over, and waits for it when it closes.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await opened(server, host, port);
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no address');
  return {
    host: address.address,
    port: address.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function opened(server: HttpsServer, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function serve(
  message: IncomingMessage,
  reply: ServerResponse,
  respond: (request: ApiRequest) => Promise<ApiResponse>,
): Promise<void> {
  const body = await readBody(message);
  if (body === undefined) {
    reply.writeHead(413).end();
    return;
  }
  send(
    reply,
    await respond({ method: message.method ?? 'GET', url: message.url ?? '/', headers: headersOf(message), body }),
  );
}

async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > LARGEST_BODY) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

const headersOf = (message: IncomingMessage): Readonly<Record<string, string | undefined>> =>
  Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]),
  );

function send(reply: ServerResponse, { status, headers, body }: ApiResponse): void {
  switch (body.kind) {
    case 'reset':
      reply.socket?.resetAndDestroy();
      return;
    case 'silence':
      return;
    case 'whole':
      reply.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body.text) });
      reply.end(body.text);
      return;
    case 'stream': {
      reply.writeHead(status, headers);
      reply.flushHeaders();
      const stop = body.open(sinkOf(reply));
      reply.once('close', stop);
    }
  }
}

const sinkOf = (reply: ServerResponse): Sink => ({
  write: (chunk) => reply.write(chunk),
  end: () => reply.end(),
  // What was written goes out first: a truncated line is seen as such.
  reset: () => reply.write('', () => reply.socket?.resetAndDestroy()),
});
