/** `namespace/name`: the key of a service or external service within one cluster. */
export function keyOf(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** The two parts of a key; a key without a slash has an empty namespace. */
export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, Math.max(slash, 0)), name: key.slice(slash + 1) };
}

/** Sorts by code point, the order of everything that is written. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
