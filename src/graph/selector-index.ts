import type { Labels } from './model.ts';

interface Entry {
  readonly namespace: string;
  readonly labels: Labels;
  /** The label pair that this entry is looked up by: the rarest of its pairs when it was added. */
  readonly pair: string;
}

/** Selectors (non-empty label sets) by namespace: which of them select given labels, in time that does not grow with all of them. */
export class SelectorIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #byChosenPair = new Map<string, Set<string>>();
  readonly #byEveryPair = new Map<string, Set<string>>();

  /** Adds or replaces the selector under `key`. */
  set(key: string, namespace: string, labels: Labels): void {
    this.delete(key);
    const pairs = pairsOf(namespace, labels);
    let pair = pairs[0] ?? '';
    for (const each of pairs) if (this.#size(each) < this.#size(pair)) pair = each;
    this.#entries.set(key, { namespace, labels, pair });
    addTo(this.#byChosenPair, pair, key);
    for (const each of pairs) addTo(this.#byEveryPair, each, key);
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    removeFrom(this.#byChosenPair, entry.pair, key);
    for (const each of pairsOf(entry.namespace, entry.labels)) removeFrom(this.#byEveryPair, each, key);
  }

  /** Keys of the selectors that select an object with these labels: those whose pairs are all among them. */
  selecting(namespace: string, labels: Labels): string[] {
    if (this.#entries.size === 0) return [];
    const found: string[] = [];
    for (const pair of pairsOf(namespace, labels)) {
      for (const key of this.#byChosenPair.get(pair) ?? []) {
        const entry = this.#entries.get(key);
        if (entry && contains(labels, entry.labels)) found.push(key);
      }
    }
    return found;
  }

  /** Keys of the entries whose labels include all of `labels`. */
  including(namespace: string, labels: Labels): string[] {
    if (this.#entries.size === 0) return [];
    let smallest: ReadonlySet<string> | undefined;
    for (const pair of pairsOf(namespace, labels)) {
      const keys = this.#byEveryPair.get(pair);
      if (!keys) return [];
      if (!smallest || keys.size < smallest.size) smallest = keys;
    }
    return [...(smallest ?? [])].filter((key) => {
      const entry = this.#entries.get(key);
      return entry !== undefined && contains(entry.labels, labels);
    });
  }

  #size(pair: string): number {
    return this.#byChosenPair.get(pair)?.size ?? 0;
  }
}

/** Whether `labels` has every pair of `wanted`. */
function contains(labels: Labels, wanted: Labels): boolean {
  for (const key in wanted)
    if (Object.hasOwn(wanted, key) && (!Object.hasOwn(labels, key) || labels[key] !== wanted[key])) return false;
  return true;
}

/** Adds `value` to the set under `key`. */
export function addTo<T>(index: Map<string, Set<T>>, key: string, value: T): void {
  const set = index.get(key);
  if (set) set.add(value);
  else index.set(key, new Set([value]));
}

/** Takes `value` out of the set under `key`; an empty set goes too. */
export function removeFrom<T>(index: Map<string, Set<T>>, key: string, value: T): void {
  const set = index.get(key);
  if (set?.delete(value) && set.size === 0) index.delete(key);
}

function pairsOf(namespace: string, labels: Labels): string[] {
  return Object.keys(labels).map((key) => `${namespace} ${key}=${labels[key] ?? ''}`);
}
