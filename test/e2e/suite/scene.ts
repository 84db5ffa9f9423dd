// The whole runtime at work on ConfigMaps of one namespace: watch, queue, apply and prune.
import {
  createApplier,
  createClient,
  createOwnedWatch,
  type Client,
  type ClusterAccess,
  type Desired,
  type Meaning,
  type KubeObject,
  untyped,
  work,
  workQueue,
  systemClock,
} from '../../../src/kube/index.ts';
import { until } from '../until.ts';
import { type Context, forever } from './context.ts';

export const CONFIG_MAP = untyped({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
});
const LABEL = 'lattice.dev/e2e-owner';

export interface Scene {
  /** From now on `owner` shall have one object per value, `owner-0`, `owner-1`, ... */
  readonly desire: (owner: string, values: readonly string[]) => void;
  /** Writes as someone else: applies an object, or deletes it when `value` is undefined. */
  readonly meddle: (name: string, value: string | undefined) => Promise<void>;
  /** Every apply that the server has answered with success, as `name=value`, in order. */
  readonly written: readonly string[];
  /** Whether the server holds something that the cache has not heard of yet. */
  readonly isBehind: () => Promise<boolean>;
  /** What the watch met, in order. */
  readonly troubles: readonly Meaning[];
  /** The server's values by name. */
  readonly stored: () => Promise<Readonly<Record<string, string>>>;
  /** The server's resource versions by name. */
  readonly versions: () => Promise<Readonly<Record<string, string>>>;
  /** Resolves when server, cache and desire agree and no work is left. */
  readonly agreed: () => Promise<void>;
  /** Has every owner looked at again, and resolves when that is done. */
  readonly lookAgain: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** How the runtime reaches the server; what others do, and what is compared with, goes straight to it. */
export interface Ways {
  readonly watch: ClusterAccess;
  readonly write: ClusterAccess;
}

export async function openScene(context: Context, ways: Ways, namespace: string): Promise<Scene> {
  await context.namespace(namespace);
  const [clock, random] = [systemClock, Math.random];
  const written: string[] = [];
  const client = createClient(ways.watch);
  const writer = noting(createClient(ways.write, { maxAttempts: 3 }), written);
  const queue = workQueue({ clock, random });
  const desired = new Map<string, readonly Desired[]>();
  const troubles: Meaning[] = [];
  const applier = createApplier({
    client: writer,
    ownerLabel: LABEL,
    onDrift: (owner, _id, initial) => queue.add(owner, { priority: initial ? 'background' : 'live' }),
  });
  const watch = createOwnedWatch(client, {
    kind: CONFIG_MAP,
    namespace,
    applier,
    ownerLabel: LABEL,
    // Short, so that a frozen connection is noticed while the test waits.
    timing: { watchSeconds: [2, 3], graceMs: 500, quietMs: 3000, quickMs: 10, backoff: { baseMs: 50, capMs: 500 } },
    onTrouble: (error) => troubles.push(error.meaning),
  });
  const ending = new AbortController();
  const running = [
    watch.run(ending.signal),
    work({
      queue,
      workers: 2,
      async reconcile(owner, signal) {
        const limited = AbortSignal.any([signal, AbortSignal.timeout(3000)]);
        const failed = (await applier.settle(owner, desired.get(owner) ?? [], limited)).find(
          ({ did }) => did === 'failed',
        );
        if (failed?.did === 'failed') throw failed.error;
        return undefined;
      },
      onError: () => undefined,
      stopping: ending.signal,
      signal: ending.signal,
    }),
  ];
  await watch.synced;

  const call = { signal: forever() };
  const list = (): Promise<readonly KubeObject[]> => context.client.list(CONFIG_MAP, { ...call, namespace });
  const stored = async (): Promise<Readonly<Record<string, string>>> =>
    Object.fromEntries((await list()).map((object) => [object.metadata.name, valueOf(object)]));
  const idle = (): boolean => {
    const { live, background, running: busy, waiting } = queue.counts();
    return live + background + busy + waiting === 0;
  };
  const differing = (objects: readonly KubeObject[]): KubeObject | undefined =>
    objects.find(({ metadata }) => watch.store.versionOf(`${namespace}/${metadata.name}`) !== metadata.resourceVersion);
  const discord = async (): Promise<string | undefined> => {
    if (!idle()) return 'work is left';
    const objects = await list();
    const different = differing(objects);
    if (different) return `the cache has another ${different.metadata.name}`;
    if (watch.store.size !== objects.length) return 'the cache holds more than the server';
    const wanted = [...desired.values()].flat().map(({ object }) => object);
    const found = new Map(objects.map((object) => [object.metadata.name, object]));
    for (const object of wanted) {
      const there = found.get(object.metadata.name);
      if (!there || valueOf(there) !== valueOf(object)) return `${object.metadata.name} is not as desired`;
    }
    const names = new Set(wanted.map(({ metadata }) => metadata.name));
    return objects.find(({ metadata }) => metadata.labels?.[LABEL] !== undefined && !names.has(metadata.name))?.metadata
      .name;
  };
  return {
    written,
    troubles,
    stored,
    async isBehind() {
      const objects = await list();
      return differing(objects) !== undefined || watch.store.size !== objects.length;
    },
    desire(owner, values) {
      const objects = values.map((value, index) => configMap(namespace, `${owner}-${index}`, value));
      desired.set(
        owner,
        objects.map((object) => ({ kind: CONFIG_MAP, object })),
      );
      queue.add(owner);
    },
    async meddle(name, value) {
      if (value === undefined) await context.client.delete(CONFIG_MAP, { namespace, name }, call);
      else if (await context.client.find(CONFIG_MAP, { namespace, name }, call))
        await context.client.mergePatch(CONFIG_MAP, { namespace, name }, { data: { value } }, call);
      else await context.client.create(CONFIG_MAP, configMap(namespace, name, value), call);
    },
    versions: async () =>
      Object.fromEntries((await list()).map(({ metadata }) => [metadata.name, metadata.resourceVersion ?? ''])),
    async agreed() {
      let last: string | undefined;
      try {
        await until('server, cache and desire agree', async () => {
          last = await discord();
          return last === undefined ? true : undefined;
        });
      } catch (error) {
        throw new Error(`they never agreed: ${last}`, { cause: error });
      }
    },
    async lookAgain() {
      for (const owner of desired.keys()) queue.add(owner);
      await until('every owner was looked at', () => (idle() ? true : undefined));
    },
    async end() {
      ending.abort();
      await Promise.all(running);
      queue.close();
      await Promise.all([client.close(), writer.close()]);
    },
  };
}

/** The client, which also notes what it has applied. */
function noting(client: Client, written: string[]): Client {
  return {
    ...client,
    async apply(kind, object, call) {
      const answer = await client.apply(kind, object, call);
      written.push(`${object.metadata.name}=${valueOf(answer)}`);
      return answer;
    },
  };
}

interface ConfigMap extends KubeObject {
  readonly data: Readonly<Record<string, string>>;
}

export const configMap = (namespace: string, name: string, value: string): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
  data: { value },
});

export function valueOf(object: KubeObject): string {
  const data: unknown = Reflect.get(object, 'data');
  const value: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'value') : undefined;
  return typeof value === 'string' ? value : '';
}
