// Finds what may select an identity without asking every selector.
import type { Identity } from './identity.ts';
import type { Selector } from './selector.ts';

/** Items filed under label values that their selectors require. */
export interface LabelIndex<T> {
  /** A superset of the items with a selector that selects the identity, each once, in their order. */
  candidates(identity: Identity): readonly T[];
}

/** Files each item under the rarest required label of each of its selectors; an item with none is always a candidate. */
export function buildLabelIndex<T>(items: readonly T[], selectorsOf: (item: T) => readonly Selector[]): LabelIndex<T> {
  if (items.length <= FEW) return { candidates: () => items };
  const popularity = new Map<string, number>();
  for (const item of items)
    for (const selector of selectorsOf(item))
      for (const { key, value } of labelsOf(selector)) count(popularity, `${key.key}=${value}`);
  const filed = new Map<string, Map<string, number[]>>();
  const always: number[] = [];
  for (const [position, item] of items.entries()) {
    const anchors = selectorsOf(item).map((selector) => rarestOf(selector, popularity));
    if (anchors.includes(undefined)) always.push(position);
    else for (const anchor of anchors) if (anchor) file(filed, anchor.key.key, anchor.value, position);
  }
  const pick = (positions: readonly number[]): readonly T[] =>
    positions.map((position) => items[position]).filter((item) => item !== undefined);
  const unfiled = pick(always);
  const drawers = [...filed].map(([key, byValue]) => ({
    key,
    byValue: new Map([...byValue].map(([value, positions]) => [value, { positions, items: pick(positions) }])),
  }));
  return {
    candidates(identity) {
      // This is asked for every pair of peers: most often one drawer has what there is.
      let only: Drawer<T> | undefined;
      let more: Drawer<T>[] | undefined;
      for (const { key, byValue } of drawers) {
        const label = identity.byKey.get(key);
        const drawer = label && byValue.get(label.value);
        if (!drawer) continue;
        if (only) (more ??= []).push(drawer);
        else only = drawer;
      }
      if (!only) return unfiled;
      if (!more && always.length === 0) return only.items;
      const found = [always, only.positions, ...(more ?? []).map((drawer) => drawer.positions)].flat();
      return pick([...new Set(found)].sort((one, other) => one - other));
    },
  };
}

interface Drawer<T> {
  readonly positions: readonly number[];
  readonly items: readonly T[];
}

/** Up to here asking every item is cheaper than looking it up. */
const FEW = 4;

type Required = Selector['required'][number];

/** Address keys match by containment, not by text, so nothing is filed under them. */
function labelsOf(selector: Selector): readonly Required[] {
  return selector.required.filter(({ key }) => key.source !== 'cidr');
}

function rarestOf(selector: Selector, popularity: ReadonlyMap<string, number>): Required | undefined {
  let rarest: Required | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const label of labelsOf(selector)) {
    const times = popularity.get(`${label.key.key}=${label.value}`) ?? 0;
    if (times < least) [rarest, least] = [label, times];
  }
  return rarest;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The source is left out: `any:` keys match labels of every source. */
function file(filed: Map<string, Map<string, number[]>>, key: string, value: string, position: number): void {
  const byValue = filed.get(key) ?? new Map<string, number[]>();
  const positions = byValue.get(value) ?? [];
  if (positions.at(-1) !== position) positions.push(position);
  byValue.set(value, positions);
  filed.set(key, byValue);
}
