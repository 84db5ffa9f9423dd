// What a watch keeps: per object its version and its user's projection, nothing else.
import { isDeepStrictEqual } from 'node:util';
import { isOlder } from '../object.ts';

/** A change of what is kept, told after the store has it. `initial`: found by a full read, not by a live event. */
export type Change<T> =
  | { readonly kind: 'added'; readonly key: string; readonly after: T; readonly initial: boolean }
  | {
      readonly kind: 'modified';
      readonly key: string;
      readonly before: T;
      readonly after: T;
      readonly initial: boolean;
    }
  | { readonly kind: 'deleted'; readonly key: string; readonly before: T; readonly initial: boolean };

/** The reading side. Keys are `namespace/name`, or `name`. */
export interface Store<T> {
  readonly size: number;
  get(key: string): T | undefined;
  has(key: string): boolean;
  keys(): Iterable<string>;
  entries(): Iterable<readonly [string, T]>;
  /** The resource version of what is kept. */
  versionOf(key: string): string | undefined;
}

export interface Item<T> {
  readonly key: string;
  readonly version: string;
  readonly value: T;
}

export interface StoreWriter<T> {
  readonly store: Store<T>;
  /** One live event. */
  put(item: Item<T>): void;
  remove(key: string, version: string): void;
  /** Puts an object of a full read aside, unseen until commit; undefined takes it out again. */
  collect(key: string, item: Item<T> | undefined): void;
  /** Swaps in what was put aside, and tells the difference. */
  commit(): void;
  discard(): void;
}

interface Entry<T> {
  readonly version: string;
  readonly value: T;
}

/** `tell` hears every change of a projection, and nothing where the projection stayed equal. */
export function storeWriter<T>(
  tell: (change: Change<T>) => void,
  equal: (a: T, b: T) => boolean = isDeepStrictEqual,
): StoreWriter<T> {
  let entries = new Map<string, Entry<T>>();
  let aside = new Map<string, Entry<T>>();

  const settle = (key: string, before: Entry<T> | undefined, item: Entry<T>, initial: boolean): void => {
    if (before && equal(before.value, item.value)) {
      entries.set(key, { version: item.version, value: before.value });
      return;
    }
    entries.set(key, item);
    tell(
      before
        ? { kind: 'modified', key, before: before.value, after: item.value, initial }
        : { kind: 'added', key, after: item.value, initial },
    );
  };
  return {
    store: {
      get size() {
        return entries.size;
      },
      get: (key) => entries.get(key)?.value,
      has: (key) => entries.has(key),
      keys: () => entries.keys(),
      entries: () => entries.entries().map(([key, entry]) => [key, entry.value] as const),
      versionOf: (key) => entries.get(key)?.version,
    },
    put({ key, version, value }) {
      const before = entries.get(key);
      // The same event twice, or one from before what we hold.
      if (before && (before.version === version || isOlder(version, before.version))) return;
      settle(key, before, { version, value }, false);
    },
    remove(key, version) {
      const before = entries.get(key);
      if (!before || isOlder(version, before.version)) return;
      entries.delete(key);
      tell({ kind: 'deleted', key, before: before.value, initial: false });
    },
    collect(key, item) {
      if (item) aside.set(key, { version: item.version, value: item.value });
      else aside.delete(key);
    },
    commit() {
      const old = entries;
      const found = aside;
      entries = new Map();
      aside = new Map();
      for (const [key, entry] of found) settle(key, old.get(key), entry, true);
      for (const [key, entry] of old)
        if (!found.has(key)) tell({ kind: 'deleted', key, before: entry.value, initial: true });
    },
    discard() {
      aside = new Map();
    },
  };
}
