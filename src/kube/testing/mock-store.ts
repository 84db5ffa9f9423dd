// The state of the mock API server: objects, versions, and the history that watches replay.
import { at, isRecord } from '../json.ts';
import type { Fields } from './mock-apply.ts';

export interface HistoryEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly collection: string;
  readonly version: number;
  readonly object: Fields;
  /** The object as it was before, for selectors. */
  readonly before: Fields | undefined;
}

export interface MockStore {
  /** The version of the last write. */
  readonly version: number;
  get(collection: string, key: string): Fields | undefined;
  /** Sorted by key. */
  all(collection: string): readonly (readonly [string, Fields])[];
  /** Stores the object under a new version; an equal object is no write. */
  put(collection: string, key: string, object: Fields): Fields;
  remove(collection: string, key: string): Fields | undefined;
  /** Events after `version`, or undefined when they are compacted away. */
  since(version: number): readonly HistoryEvent[] | undefined;
  /** Forgets the history: older versions are answered with 410. */
  compact(): void;
  onEvent(listen: (event: HistoryEvent) => void): () => void;
}

export function mockStore(): MockStore {
  const collections = new Map<string, Map<string, Fields>>();
  const listeners = new Set<(event: HistoryEvent) => void>();
  let history: HistoryEvent[] = [];
  let compacted = 0;
  let version = 100;
  let uids = 0;

  const record = (event: HistoryEvent): void => {
    history.push(event);
    for (const listen of listeners) listen(event);
  };
  const stamped = (object: Fields, before: Fields | undefined): Fields => {
    const metadata = isRecord(object.metadata) ? object.metadata : {};
    const uid = at(before, 'metadata', 'uid') ?? metadata.uid ?? `uid-${++uids}`;
    return { ...object, metadata: { ...metadata, uid, resourceVersion: String(version) } };
  };
  return {
    get version() {
      return version;
    },
    get: (collection, key) => collections.get(collection)?.get(key),
    all: (collection) => [...(collections.get(collection) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1)),
    put(collection, key, object) {
      const objects = collections.get(collection) ?? new Map<string, Fields>();
      collections.set(collection, objects);
      const before = objects.get(key);
      version += 1;
      const after = stamped(object, before);
      objects.set(key, after);
      record({ type: before ? 'MODIFIED' : 'ADDED', collection, version, object: after, before });
      return after;
    },
    remove(collection, key) {
      const before = collections.get(collection)?.get(key);
      if (!before) return undefined;
      collections.get(collection)?.delete(key);
      version += 1;
      const object = stamped(before, before);
      record({ type: 'DELETED', collection, version, object, before });
      return object;
    },
    since: (from) => (from < compacted ? undefined : history.filter((event) => event.version > from)),
    compact() {
      compacted = version;
      history = [];
    },
    onEvent(listen) {
      listeners.add(listen);
      return () => listeners.delete(listen);
    },
  };
}
