// A client that tells how its requests and watches go: for metrics, and to know whether the watches are alive.
import { type Client, KubeError } from '../../kube/index.ts';
import type { Metrics } from '../context.ts';

/** One collection that is listed and watched. */
export interface WatchedCollection {
  /** Path of the collection, with the field selector if there is one. */
  readonly path: string;
  /** Monotonic milliseconds: the last byte, answer or failure. A watch that is alive is never silent for long. */
  readonly lastSign: number;
  /** Failures since the last answer that came. */
  readonly failures: number;
  /** Monotonic milliseconds of the first of these failures. */
  readonly failingSince: number | undefined;
}

export interface WatchedClient {
  readonly client: Client;
  /** Sorted by path. */
  readonly collections: () => readonly WatchedCollection[];
}

interface Mutable {
  path: string;
  lastSign: number;
  failures: number;
  failingSince: number | undefined;
}

/** Wraps `client`; `monotonic` is the clock of the health checks, in milliseconds. */
export function watchedClient(client: Client, metrics: Metrics, monotonic: () => number): WatchedClient {
  const collections = new Map<string, Mutable>();
  const seconds = metrics.histogram({
    name: 'lattice_kube_request_duration_seconds',
    help: 'Requests to the API server, without watches, by verb and by what came of them.',
    labels: ['verb', 'result'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  });
  const troubles = metrics.counter({
    name: 'lattice_watch_failures_total',
    help: 'Watches and lists that broke, by resource.',
    labels: ['resource'],
  });
  const measured = async <T>(verb: string, run: () => Promise<T>): Promise<T> => {
    const begin = monotonic();
    const done = (result: string): void => seconds.observe((monotonic() - begin) / 1000, { verb, result });
    try {
      const answer = await run();
      done('ok');
      return answer;
    } catch (error) {
      done(error instanceof KubeError ? error.meaning : 'defect');
      throw error;
    }
  };
  const collectionOf = (path: string): Mutable => {
    const key = collectionKey(path);
    const known = collections.get(key);
    if (known) return known;
    const fresh: Mutable = { path: key, lastSign: monotonic(), failures: 0, failingSince: undefined };
    collections.set(key, fresh);
    return fresh;
  };
  const failed = (collection: Mutable): void => {
    collection.lastSign = monotonic();
    collection.failures += 1;
    collection.failingSince ??= monotonic();
    troubles.add({ resource: collection.path.split('?')[0]?.split('/').at(-1) ?? '' });
  };
  const came = (collection: Mutable): void => {
    collection.lastSign = monotonic();
    collection.failures = 0;
    collection.failingSince = undefined;
  };
  async function* heard(
    chunks: AsyncIterable<Buffer>,
    collection: Mutable,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of chunks) {
        came(collection);
        yield chunk;
      }
      came(collection);
    } catch (error) {
      if (signal.aborted) collections.delete(collection.path);
      else failed(collection);
      throw error;
    }
  }
  return {
    collections: () => [...collections.values()].sort((a, b) => (a.path < b.path ? -1 : 1)),
    client: {
      read: (kind, ref, call) => measured('get', () => client.read(kind, ref, call)),
      find: (kind, ref, call) => measured('get', () => client.find(kind, ref, call)),
      pages: (kind, call) => client.pages(kind, call),
      list: (kind, call) => measured('list', () => client.list(kind, call)),
      create: (kind, object, call) => measured('create', () => client.create(kind, object, call)),
      replace: (kind, object, call) => measured('update', () => client.replace(kind, object, call)),
      apply: (kind, object, call) => measured('apply', () => client.apply(kind, object, call)),
      mergePatch: (kind, ref, patch, call) => measured('patch', () => client.mergePatch(kind, ref, patch, call)),
      jsonPatch: (kind, ref, patch, call) => measured('patch', () => client.jsonPatch(kind, ref, patch, call)),
      delete: (kind, ref, call) => measured('delete', () => client.delete(kind, ref, call)),
      readScale: (kind, ref, call) => measured('get', () => client.readScale(kind, ref, call)),
      scale: (kind, ref, replicas, call) => measured('patch', () => client.scale(kind, ref, replicas, call)),
      raw: (path, call) => measured('get', () => client.raw(path, call)),
      async stream(path, call) {
        const collection = collectionOf(path);
        try {
          const answer = await client.stream(path, call);
          came(collection);
          return { ...answer, chunks: heard(answer.chunks, collection, call.signal) };
        } catch (error) {
          if (call.signal.aborted) collections.delete(collection.path);
          else failed(collection);
          throw error;
        }
      },
      close: () => client.close(),
    },
  };
}

/** What tells two watches apart, without what changes from request to request. */
function collectionKey(path: string): string {
  const url = new URL(path, 'http://api');
  const selector = url.searchParams.get('fieldSelector');
  return selector === null ? url.pathname : `${url.pathname}?fieldSelector=${selector}`;
}
