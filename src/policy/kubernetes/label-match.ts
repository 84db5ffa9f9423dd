import type { Labels } from '../../graph/index.ts';

/** Pods that have all `labels` and, where `oneOf` is given, one of its values. */
export interface LabelMatch {
  readonly labels: Labels;
  readonly oneOf?: { readonly key: string; readonly values: readonly string[] };
}

/** The same pods as "all labels of one of `alternatives`", in as few matches as can be said exactly. */
export function matchesOf(alternatives: readonly Labels[]): readonly LabelMatch[] {
  const [only, ...more] = alternatives;
  if (only && more.length === 0) return [{ labels: only }];
  const distinct = withoutCovered(alternatives);
  const merged = mergedByOneKey(distinct);
  return merged ? [merged] : distinct.map((labels) => ({ labels }));
}

/** Leaves out each alternative whose pods another one has already: the one with fewer of the same labels. */
export function withoutCovered(alternatives: readonly Labels[]): readonly Labels[] {
  return alternatives.filter(
    (labels, index) =>
      !alternatives.some(
        (other, position) =>
          position !== index && covers(other, labels) && (position < index || !covers(labels, other)),
      ),
  );
}

/** Whether every pod with the labels `narrow` has the labels `wide`. */
export function covers(wide: Labels, narrow: Labels): boolean {
  return Object.entries(wide).every(([key, value]) => narrow[key] === value);
}

function mergedByOneKey(alternatives: readonly Labels[]): LabelMatch | undefined {
  const [first, ...rest] = alternatives;
  if (!first) return undefined;
  if (rest.length === 0) return { labels: first };
  const keys = Object.keys(first);
  if (rest.some((labels) => Object.keys(labels).join('\0') !== keys.join('\0'))) return undefined;
  const differing = keys.filter((key) => rest.some((labels) => labels[key] !== first[key]));
  const [key] = differing;
  if (key === undefined || differing.length > 1) return undefined;
  const values = alternatives.flatMap((labels) => labels[key] ?? []).sort();
  const labels = Object.fromEntries(Object.entries(first).filter(([name]) => name !== key));
  return { labels, oneOf: { key, values } };
}
