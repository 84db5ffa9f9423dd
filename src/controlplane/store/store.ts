import { byText, type JsonObject } from '../json.ts';
import { withMeta } from '../meta.ts';

export type Change = 'ADDED' | 'MODIFIED' | 'DELETED';

/** One write. `previous` is what was stored before it; for DELETED, `object` is the last state with the new version. */
export interface StoreEvent {
  readonly type: Change;
  readonly version: number;
  readonly key: string;
  readonly object: JsonObject;
  readonly previous: JsonObject | undefined;
}

export type Listener = (event: StoreEvent) => void;

/**
 * All objects, in memory, by collection (`group/plural`) and key (`namespace/name`, or `name`).
 * One counter numbers every write of the whole store, as etcd's revision does. Writes are synchronous: a reader never
 * sees half of one, and listeners hear of it before the writer goes on.
 */
export interface Store {
  readonly version: () => number;
  readonly get: (collection: string, key: string) => JsonObject | undefined;
  /** Keys in order, with the object of each; `from` starts after a key. */
  readonly list: (collection: string) => readonly Entry[];
  /** Stores `object` with a new resourceVersion and returns it as stored. */
  readonly put: (collection: string, key: string, object: JsonObject) => JsonObject;
  readonly remove: (collection: string, key: string) => JsonObject | undefined;
  /** Events of a collection after `version`; undefined if they are no longer all remembered. */
  readonly since: (collection: string, version: number) => readonly StoreEvent[] | undefined;
  /** The collection as it was at `version`; undefined if that is no longer known. */
  readonly snapshot: (collection: string, version: number) => readonly Entry[] | undefined;
  readonly oldest: (collection: string) => number;
  /** Hears every write of one collection until the returned function is called. */
  readonly listen: (collection: string, listener: Listener) => () => void;
  /** Hears every write of the store; it is called after the collection's own listeners. */
  readonly listenToAll: (listener: (collection: string, event: StoreEvent) => void) => () => void;
  /** Forgets history up to now: resuming from an older version answers 410. */
  readonly compact: () => void;
  readonly collections: () => readonly string[];
}

export interface Entry {
  readonly key: string;
  readonly object: JsonObject;
}

interface Collection {
  readonly objects: Map<string, JsonObject>;
  readonly listeners: Set<Listener>;
  /** The objects in key order, until the next write. */
  sorted: readonly Entry[] | undefined;
  /** Recent events, oldest first; those before `start` are forgotten. */
  history: StoreEvent[];
  start: number;
  /** Events after this version are all remembered. */
  oldest: number;
}

/** @param remembered how many events each collection keeps for watches that resume. */
export function createStore(remembered: number): Store {
  const collections = new Map<string, Collection>();
  const everyone = new Set<(collection: string, event: StoreEvent) => void>();
  let version = 1;

  const collectionOf = (name: string): Collection => {
    const known = collections.get(name);
    if (known) return known;
    const made: Collection = {
      objects: new Map(),
      listeners: new Set(),
      sorted: undefined,
      history: [],
      start: 0,
      oldest: 0,
    };
    collections.set(name, made);
    return made;
  };

  const record = (name: string, collection: Collection, event: StoreEvent): void => {
    collection.sorted = undefined;
    remember(collection, event, remembered);
    for (const listener of collection.listeners) listener(event);
    for (const listener of everyone) listener(name, event);
  };

  return {
    version: () => version,
    get: (name, key) => collections.get(name)?.objects.get(key),
    list: (name) => sortedEntries(collectionOf(name)),
    put(name, key, object) {
      const collection = collectionOf(name);
      const previous = collection.objects.get(key);
      version += 1;
      const stored = withMeta(object, 'resourceVersion', String(version));
      collection.objects.set(key, stored);
      record(name, collection, { type: previous ? 'MODIFIED' : 'ADDED', version, key, object: stored, previous });
      return stored;
    },
    remove(name, key) {
      const collection = collectionOf(name);
      const previous = collection.objects.get(key);
      if (!previous) return undefined;
      version += 1;
      collection.objects.delete(key);
      const last = withMeta(previous, 'resourceVersion', String(version));
      record(name, collection, { type: 'DELETED', version, key, object: last, previous });
      return last;
    },
    since: (name, after) => eventsAfter(collectionOf(name), after),
    snapshot: (name, wanted) => snapshotAt(collectionOf(name), wanted),
    oldest: (name) => collectionOf(name).oldest,
    listen(name, listener) {
      const { listeners } = collectionOf(name);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    listenToAll(listener) {
      everyone.add(listener);
      return () => everyone.delete(listener);
    },
    compact() {
      for (const collection of collections.values()) {
        collection.history = [];
        collection.start = 0;
        collection.oldest = version;
      }
    },
    collections: () => [...collections.keys()],
  };
}

function remember(collection: Collection, event: StoreEvent, limit: number): void {
  collection.history.push(event);
  if (collection.history.length - collection.start <= limit) return;
  collection.oldest = collection.history[collection.start]?.version ?? collection.oldest;
  collection.start += 1;
  if (collection.start < limit) return;
  collection.history = collection.history.slice(collection.start); // once per `limit` writes: amortised constant
  collection.start = 0;
}

function sortedEntries(collection: Collection): readonly Entry[] {
  collection.sorted ??= sortEntries(collection.objects);
  return collection.sorted;
}

const sortEntries = (objects: ReadonlyMap<string, JsonObject>): readonly Entry[] =>
  [...objects].map(([key, object]) => ({ key, object })).sort((left, right) => byText(left.key, right.key));

function eventsAfter(collection: Collection, after: number): readonly StoreEvent[] | undefined {
  if (after < collection.oldest) return undefined;
  let first = collection.history.length;
  while (first > collection.start && (collection.history[first - 1]?.version ?? 0) > after) first -= 1;
  return collection.history.slice(first);
}

/** Undoes what happened after `wanted`: objects never change in place, so the events hold every former state. */
function snapshotAt(collection: Collection, wanted: number): readonly Entry[] | undefined {
  const later = eventsAfter(collection, wanted);
  if (!later) return undefined;
  if (later.length === 0) return sortedEntries(collection);
  const objects = new Map(collection.objects);
  for (const event of later.toReversed()) {
    if (event.previous) objects.set(event.key, event.previous);
    else objects.delete(event.key);
  }
  return sortEntries(objects);
}
