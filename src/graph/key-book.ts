import { keyOf } from './key.ts';

/** Makes the key of a namespace and a name. */
export type MakeKey = (namespace: string, name: string) => string;

/** Keys that are remembered at most: names that are gone must not pile up in a process that runs for months. */
const MAX_KEYS = 1_000_000;

/**
 * Makes keys, the same string for the same service: a lookup then finds its key by identity and reads no text, and
 * 600,000 halves hold 50,000 strings.
 */
export function openKeyBook(): MakeKey {
  const books = new Map<string, Map<string, string>>();
  let made = 0;
  return (namespace, name) => {
    const known = books.get(namespace)?.get(name);
    if (known !== undefined) return known;
    made += 1;
    if (made % MAX_KEYS === 0) books.clear();
    const book = books.get(namespace) ?? new Map<string, string>();
    books.set(namespace, book);
    const key = keyOf(namespace, name);
    book.set(name, key);
    return key;
  };
}
