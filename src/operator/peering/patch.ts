import { isDeepStrictEqual } from 'node:util';
import type { JsonPatchOperation } from '../../kube/index.ts';
import type { FirewallTable } from '../../peering/index.ts';

/**
 * The change of members from one table to another as a JSON patch that holds only for the version it was made for.
 * Undefined when more than members differ. Elements are sorted, so that each operation knows its index.
 */
export function membersPatch(
  now: FirewallTable,
  next: FirewallTable,
  version: string,
): readonly JsonPatchOperation[] | undefined {
  const before = now.sets ?? [];
  const after = next.sets ?? [];
  const named = (table: readonly { readonly name: string }[]): string => table.map(({ name }) => name).join();
  if (named(before) !== named(after) || !isDeepStrictEqual(now.chains, next.chains)) return undefined;
  const operations = after.flatMap(({ elements }, set) =>
    elementOperations(
      (before[set]?.elements ?? []).map(({ key }) => key),
      elements.map(({ key }) => key),
      `/spec/table/sets/${set}/elements`,
    ),
  );
  return [{ op: 'test', path: '/metadata/resourceVersion', value: version }, ...operations];
}

/** One operation per change; many at once are cheaper as the whole list. */
function elementOperations(now: readonly string[], next: readonly string[], path: string): JsonPatchOperation[] {
  const had = new Set(now);
  const wants = new Set(next);
  const removed = now.flatMap((key, index) => (wants.has(key) ? [] : [index]));
  const added = next.flatMap((key, index) => (had.has(key) ? [] : [{ key, index }]));
  const kept = now.filter((key) => wants.has(key));
  const sorted = isDeepStrictEqual(
    kept,
    next.filter((key) => had.has(key)),
  );
  if (!sorted || had.size < now.length || removed.length + added.length > 100)
    return [{ op: 'replace', path, value: next.map((key) => ({ key })) }];
  return [
    ...removed.toReversed().map((index): JsonPatchOperation => ({ op: 'remove', path: `${path}/${index}` })),
    ...added.map(({ key, index }): JsonPatchOperation => ({ op: 'add', path: `${path}/${index}`, value: { key } })),
  ];
}
