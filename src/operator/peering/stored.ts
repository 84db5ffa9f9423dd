import {
  at,
  createWatch,
  isOlder,
  type JsonObject,
  type Kind,
  type KubeError,
  only,
  type Store,
  type Watch,
} from '../../kube/index.ts';
import { serveWatch } from '../service/served-watch.ts';
import type { Scope } from '../tasks.ts';

/** An object as it is stored, as far as it is read. */
export interface StoredObject<T> {
  readonly value: T;
  readonly version: string;
}

/** The objects of one kind that are stored, with our own writes before the watch has told of them. */
export interface Cache<T> {
  readonly synced: Promise<void>;
  /** Whether the kind is served and the cache complete. */
  ready(): boolean;
  get(key: string): StoredObject<T> | undefined;
  keys(): readonly string[];
  /**
   * What a write of ours was answered; undefined: it deleted the object. `onChange` does not hear of it when the watch
   * brings it.
   */
  wrote(key: string, answer: { readonly value: T; readonly version: string } | undefined): void;
  /**
   * Reads everything anew. When a definition changes, watches that are open go on for a while as the old one says: they
   * leave out fields that only the new one has.
   */
  renew(): void;
}

export interface CacheOptions<T> extends Scope {
  readonly kind: Kind;
  readonly labelSelector?: string;
  readonly fields: readonly string[];
  /** Undefined: not one that is looked at. */
  readonly of: (object: JsonObject) => T | undefined;
  readonly onChange: (key: string, before: T | undefined, after: T | undefined) => void;
  /** The kind began or ceased to be served. */
  readonly onReady: () => void;
}

/** Follows a kind that may come and go. */
export function openCache<T>(options: CacheOptions<T>): Cache<T> {
  const { kind, context, onChange } = options;
  let store: Store<T | undefined> | undefined;
  const own = new Map<string, StoredObject<T> | 'deleted'>();
  const stored = (key: string): StoredObject<T> | undefined => {
    const value = store?.get(key);
    const version = store?.versionOf(key);
    return value === undefined || version === undefined ? undefined : { value, version };
  };
  /** Our own write as it comes back: its value is known, and nobody need look at it again. */
  const echoOf = (key: string, version: unknown): T | undefined => {
    const written = own.get(key);
    return written === undefined || written === 'deleted' || written.version !== version ? undefined : written.value;
  };
  const open = (onTrouble: (error: KubeError) => void): Watch<T | undefined> =>
    createWatch<T | undefined>(context.client, {
      kind,
      ...(options.labelSelector === undefined ? {} : { labelSelector: options.labelSelector }),
      projection: {
        mask: only('metadata.name', ...options.fields),
        of: (object, key) => echoOf(key, at(object, 'metadata', 'resourceVersion')) ?? options.of(object),
      },
      onChange: (change) => {
        const before = change.kind === 'added' ? undefined : change.before;
        const after = change.kind === 'deleted' ? undefined : change.after;
        const isEcho = after !== undefined && after === echoOf(change.key, store?.versionOf(change.key));
        if (after === undefined || change.kind === 'added') own.delete(change.key);
        if (!isEcho) onChange(change.key, before, after);
      },
      onTrouble,
      clock: context.clock,
      random: context.random,
    });
  let renewal = new AbortController();
  const runAnew = async (first: Watch<T | undefined>, onTrouble: (error: KubeError) => void, signal: AbortSignal) => {
    for (let watch = first; ; watch = open(onTrouble)) {
      const { store: next } = watch;
      // What is known stays until the new one knows as much.
      watch.synced.then(
        () => {
          store = next;
        },
        () => undefined,
      );
      await watch.run(AbortSignal.any([signal, renewal.signal]));
      if (signal.aborted) return;
      renewal = new AbortController();
    }
  };
  const served = serveWatch({
    kind,
    context,
    tasks: options.tasks,
    signal: options.signal,
    watch: (onTrouble) => {
      const first = open(onTrouble);
      store = first.store;
      return { ...first, run: async (signal) => await runAnew(first, onTrouble, signal) };
    },
    onReady: (ready) => {
      if (!ready) {
        store = undefined;
        own.clear();
      }
      options.onReady();
    },
  });
  return {
    synced: served.synced,
    ready: () => served.ready(),
    get(key) {
      const seen = stored(key);
      const written = own.get(key);
      if (written === undefined) return seen;
      // Until the watch has seen our write, the write is what is stored.
      if (written === 'deleted') return undefined;
      if (!seen || seen.version === written.version || isOlder(seen.version, written.version)) return written;
      own.delete(key);
      return seen;
    },
    keys: () =>
      [...new Set([...(store?.keys() ?? []), ...own.keys()])].filter((key) => own.get(key) !== 'deleted').sort(),
    renew() {
      // At the same version the server may answer with less than was written.
      for (const [key, written] of own) if (written !== 'deleted') own.delete(key);
      renewal.abort(new Error('the definition changed'));
    },
    wrote: (key, answer) => {
      own.set(key, answer ?? 'deleted');
    },
  };
}
