/** Adds a key to those that an index lists under a name. */
export function listUnder(index: Map<string, Set<string>>, under: string, key: string): void {
  const listed = index.get(under);
  if (listed) listed.add(key);
  else index.set(under, new Set([key]));
}
