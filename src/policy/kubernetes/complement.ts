import type { Labels } from '../../graph/index.ts';
import { withoutCovered } from './label-match.ts';

/** More ways to be none of a namespace's shadow services than this are refused. */
export const MAX_EXCLUSIONS = 64;

/** Pods that have none of the values for each key (or not the key at all), by key. */
export type Exclusion = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Exclusions whose union is exactly the pods that have all labels of none of `alternatives` (De Morgan: one way out of
 * each alternative). None at all when there are no alternatives to leave out. Undefined when more than `limit` are needed.
 */
export function complementOf(alternatives: readonly Labels[], limit: number): readonly Exclusion[] | undefined {
  let ways: readonly Exclusion[] = [new Map()];
  for (const labels of withoutCovered(alternatives)) {
    ways = withoutNarrower(ways.flatMap((way) => waysOut(way, labels)));
    if (ways.length > limit) return undefined;
  }
  return alternatives.length === 0 ? [] : ways;
}

function waysOut(way: Exclusion, labels: Labels): readonly Exclusion[] {
  const entries = Object.entries(labels);
  if (entries.some(([key, value]) => way.get(key)?.has(value))) return [way];
  return entries.map(([key, value]) => new Map(way).set(key, new Set(way.get(key)).add(value)));
}

/** Leaves out each exclusion whose pods another one has already: the one that excludes less. */
function withoutNarrower(ways: readonly Exclusion[]): readonly Exclusion[] {
  return ways.filter(
    (way, index) =>
      !ways.some(
        (other, position) =>
          position !== index && excludesAll(way, other) && (position < index || !excludesAll(other, way)),
      ),
  );
}

function excludesAll(strict: Exclusion, lax: Exclusion): boolean {
  return [...lax].every(([key, values]) => values.isSubsetOf(strict.get(key) ?? new Set()));
}
