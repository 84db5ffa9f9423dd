// A small Kubernetes API over node:http for tests of the runtime: list, watch, apply, and faults on demand.
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import type { ClusterAccess } from '../config/index.ts';
import { collectionPath, type KindName } from '../kind.ts';
import { updated, type Fields } from './mock-apply.ts';
import { keyIn, respond, status, type MockOptions, type SeenRequest } from './mock-respond.ts';
import { mockStore, type MockStore } from './mock-store.ts';
import { serveWatch, type MockWatch } from './mock-watch.ts';

/** What happens to a request instead of, or before, its answer. */
export type Fault =
  | { readonly kind: 'reset' }
  /** No answer, ever. */
  | { readonly kind: 'freeze' }
  | {
      readonly kind: 'status';
      readonly code: number;
      readonly reason?: string;
      readonly retryAfter?: string;
      readonly body?: string;
    }
  /** Headers and half of the body, then a reset. */
  | { readonly kind: 'truncate' }
  /** The server does the work, and the connection breaks before the answer. */
  | { readonly kind: 'lose answer' }
  /** The server does the work, and answers once the promise resolves. */
  | { readonly kind: 'hold answer'; readonly until: Promise<void> }
  /** Answered once the promise resolves. */
  | { readonly kind: 'hold'; readonly until: Promise<void> };

/** After these nothing is served. */
const ANSWERLESS: ReadonlySet<Fault['kind']> = new Set(['reset', 'freeze', 'status']);

export interface MockServer {
  readonly store: MockStore;
  readonly requests: readonly SeenRequest[];
  readonly watches: readonly MockWatch[];
  /** Connections accepted so far. */
  readonly connections: number;
  readonly url: string;
  access(more?: Partial<ClusterAccess>): ClusterAccess;
  /** Asked for every request, before it is served; the first fault given is used. */
  onRequest(decide: (request: SeenRequest) => Fault | undefined): void;
  /** Resolves when a request matches, now or later; each request satisfies one call of the same matcher. */
  until(matches: (request: SeenRequest) => boolean): Promise<SeenRequest>;
  /** Resolves with the n-th watch of a collection (1 is the first) once it is served. */
  watch(collection: string, nth: number): Promise<MockWatch>;
  put(kind: KindName, object: Fields, manager?: string): Fields;
  remove(kind: KindName, key: string): void;
  get(kind: KindName, key: string): Fields | undefined;
  close(): Promise<void>;
}

export async function mockServer(options: MockOptions = {}): Promise<MockServer> {
  const store = mockStore();
  const requests: SeenRequest[] = [];
  const watches: MockWatch[] = [];
  const deciders: ((request: SeenRequest) => Fault | undefined)[] = [];
  const waiting = new Set<() => void>();
  let connections = 0;
  const notify = (): void => {
    for (const check of waiting) check();
  };
  const until = <T>(find: () => T | undefined): Promise<T> =>
    new Promise((resolve) => {
      const check = (): void => {
        const found = find();
        if (found === undefined) return;
        waiting.delete(check);
        resolve(found);
      };
      waiting.add(check);
      check();
    });

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(message.url ?? '/', 'http://mock');
    const body = await bodyOf(message);
    const { method = 'GET', headers } = message;
    const request: SeenRequest = { method, path: url.pathname, query: url.searchParams, headers, body };
    requests.push(request);
    const fault = deciders.map((decide) => decide(request)).find((found) => found !== undefined);
    notify();
    if (fault?.kind === 'hold') await fault.until;
    else if (fault?.kind === 'freeze') return;
    else if (fault?.kind === 'reset') message.socket.resetAndDestroy();
    else if (fault?.kind === 'status') {
      if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter);
      if (fault.body === undefined) answerStatus(response, fault.code, fault.reason ?? '');
      else response.writeHead(fault.code, { 'content-type': 'text/plain' }).end(fault.body);
    }
    if (fault && ANSWERLESS.has(fault.kind)) return;
    const answer = respond(store, request, options);
    if (answer.kind === 'watch') {
      watches.push(serveWatch(store, answer.request, response));
      notify();
      return;
    }
    const text = JSON.stringify(answer.body);
    if (fault?.kind === 'hold answer') await fault.until;
    if (fault?.kind === 'lose answer') message.socket.resetAndDestroy();
    else if (fault?.kind === 'truncate') {
      response.writeHead(answer.code, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
      });
      response.write(text.slice(0, text.length / 2), () => message.socket.resetAndDestroy());
    } else response.writeHead(answer.code, { 'content-type': 'application/json' }).end(text);
  };
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    handle(message, response).catch((error: unknown) => answerStatus(response, 500, String(error)));
  };
  const server: Server = options.tls
    ? createTls({ ...options.tls, rejectUnauthorized: options.tls.requestCert === true }, listener)
    : createPlain(listener);
  server.on('connection', () => (connections += 1));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  return {
    store,
    requests,
    watches,
    get connections() {
      return connections;
    },
    url,
    access: (more) => ({ ...plainAccess(url), ...more }),
    onRequest: (decide) => deciders.push(decide),
    until: (matches) => until(() => requests.find(matches)),
    watch: (collection, nth) => until(() => watches.filter((each) => each.collection === collection)[nth - 1]),
    put(kind, object, manager = 'test') {
      const key = keyIn(object);
      const live = store.get(collectionPath(kind), key);
      return store.put(collectionPath(kind), key, updated(live, object, manager));
    },
    remove: (kind, key) => store.remove(collectionPath(kind), key),
    get: (kind, key) => store.get(collectionPath(kind), key),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answerStatus(response: ServerResponse, code: number, reason: string): void {
  const answer = status(code, reason);
  if (answer.kind === 'body')
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
}

async function bodyOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function plainAccess(server: string): ClusterAccess {
  return {
    server,
    namespace: 'default',
    ca: undefined,
    serverName: undefined,
    insecure: false,
    proxyUrl: undefined,
    certificate: undefined,
    bearer: { kind: 'none' },
    impersonate: undefined,
  };
}
