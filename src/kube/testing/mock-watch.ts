// Watches of the mock API server, with handles by which a test breaks them.
import type { ServerResponse } from 'node:http';
import { isRecord } from '../json.ts';
import type { Fields } from './mock-apply.ts';
import type { HistoryEvent, MockStore } from './mock-store.ts';

export interface MockWatch {
  readonly collection: string;
  readonly query: URLSearchParams;
  readonly open: boolean;
  /** Ends the answer as a server does when the time is up. */
  close(): void;
  /** Breaks the connection. */
  reset(): void;
  /** Keeps the connection open and says nothing any more. */
  freeze(): void;
  /** Sends a bookmark of the store's present version. */
  bookmark(): void;
  /** Sends these bytes as they are. */
  send(text: string): void;
  /** Sends an ERROR event. */
  fail(code: number, reason: string): void;
}

export interface WatchRequest {
  readonly collection: string;
  readonly query: URLSearchParams;
  readonly kind: string;
  readonly selects: (object: Fields) => boolean;
}

/** Answers one watch: initial events or history first, then what happens. */
export function serveWatch(store: MockStore, request: WatchRequest, response: ServerResponse): MockWatch {
  const { collection, query, selects } = request;
  let silent = false;
  const write = (text: string): void => {
    // Ended, and not yet closed: nobody listens any more.
    if (!silent && !response.writableEnded) response.write(text);
  };
  const send = (type: string, object: unknown): void => write(`${JSON.stringify({ type, object })}\n`);
  const tell = (event: HistoryEvent): void => {
    if (event.collection !== collection) return;
    const [was, is] = [event.before !== undefined && selects(event.before), selects(event.object)];
    if (event.type === 'DELETED' ? was : was && !is) send('DELETED', event.object);
    else if (event.type !== 'DELETED' && is) send(was ? 'MODIFIED' : 'ADDED', event.object);
  };
  const bookmark = (annotations: Fields = {}): void =>
    send('BOOKMARK', {
      kind: request.kind,
      apiVersion: 'v1',
      metadata: {
        resourceVersion: String(store.version),
        ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
      },
    });
  const fail = (code: number, reason: string): void => {
    send('ERROR', { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason });
    response.end();
  };

  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const from = query.get('resourceVersion') ?? '';
  if (query.get('sendInitialEvents') === 'true') {
    for (const [, object] of store.all(collection)) if (selects(object)) send('ADDED', object);
    bookmark({ 'k8s.io/initial-events-end': 'true' });
  } else {
    const missed = store.since(Number(from));
    if (missed === undefined) fail(410, 'Expired');
    else for (const event of missed) tell(event);
  }
  const stop = store.onEvent(tell);
  response.on('close', stop);
  return {
    collection,
    query,
    get open() {
      return !response.writableEnded && !response.destroyed;
    },
    close: () => response.end(),
    reset: () => response.socket?.resetAndDestroy(),
    freeze() {
      silent = true;
    },
    bookmark: () => bookmark(),
    send: write,
    fail,
  };
}

/** Equality label selectors: `a=b,c=d`, `a`, `!a`. */
export function labelSelector(selector: string): (object: Fields) => boolean {
  const terms = selector.split(',').filter((term) => term !== '');
  return (object) => {
    const metadata = isRecord(object.metadata) ? object.metadata : {};
    const labels = isRecord(metadata.labels) ? metadata.labels : {};
    return terms.every((term) => {
      const [name = '', value] = term.split('=');
      if (name.startsWith('!')) return !(name.slice(1) in labels);
      return value === undefined ? name in labels : labels[name] === value;
    });
  };
}
