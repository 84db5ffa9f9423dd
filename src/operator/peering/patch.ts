import { isDeepStrictEqual } from 'node:util';
import type { JsonPatchOperation } from '../../kube/index.ts';
import type { FirewallTable, TableSet } from '../../peering/index.ts';

type SetElement = TableSet['elements'][number];

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
    elementOperations(before[set]?.elements ?? [], elements, `/spec/table/sets/${set}/elements`),
  );
  return [{ op: 'test', path: '/metadata/resourceVersion', value: version }, ...operations];
}

/** One operation per change; many at once, or a list that somebody else has disordered, are cheaper as the whole list. */
function elementOperations(
  now: readonly SetElement[],
  next: readonly SetElement[],
  path: string,
): readonly JsonPatchOperation[] {
  const removed: JsonPatchOperation[] = [];
  const added: JsonPatchOperation[] = [];
  for (let had = 0, wants = 0; had < now.length || wants < next.length; ) {
    const before = now[had]?.key;
    const after = next[wants]?.key;
    if (!isAscending(now, had) || removed.length + added.length > MOST_OPERATIONS)
      return [{ op: 'replace', path, value: next }];
    if (before === after) {
      had++;
      wants++;
    } else if (after === undefined || (before !== undefined && before < after)) {
      removed.push({ op: 'remove', path: `${path}/${had++}` });
    } else {
      added.push({ op: 'add', path: `${path}/${wants++}`, value: { key: after } });
    }
  }
  // From behind: what is removed moves only what has been dealt with.
  return [...removed.reverse(), ...added];
}

const MOST_OPERATIONS = 100;

function isAscending(elements: readonly SetElement[], index: number): boolean {
  const [left, right] = [elements[index - 1]?.key, elements[index]?.key];
  return left === undefined || right === undefined || left < right;
}
