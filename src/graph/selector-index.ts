import type { Labels } from './model.ts';
import { MultiMap } from './multi-map.ts';

interface Entry {
  readonly namespace: string;
  readonly labels: Labels;
  /** The label that this entry is looked up by: that of the rarest of its pairs when it was added. */
  readonly label: string;
}

/** Selectors (non-empty label sets) by namespace: which of them select given labels, in time that does not grow with all of them. */
export class SelectorIndex {
  readonly #entries = new Map<string, Entry>();
  readonly #byChosenPair = new PairIndex();
  readonly #byEveryPair = new PairIndex();

  /** Adds or replaces the selector under `key`. */
  set(key: string, namespace: string, labels: Labels): void {
    this.delete(key);
    let chosen = '';
    let fewest = Number.POSITIVE_INFINITY;
    for (const label of Object.keys(labels)) {
      const count = this.#byChosenPair.at(namespace, label)?.count(labels[label] ?? '') ?? 0;
      if (count < fewest) {
        fewest = count;
        chosen = label;
      }
      this.#byEveryPair.reach(namespace, label).add(labels[label] ?? '', key);
    }
    this.#byChosenPair.reach(namespace, chosen).add(labels[chosen] ?? '', key);
    this.#entries.set(key, { namespace, labels, label: chosen });
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    const { namespace, labels, label } = entry;
    this.#entries.delete(key);
    this.#byChosenPair.remove(namespace, label, labels[label] ?? '', key);
    for (const each of Object.keys(labels)) this.#byEveryPair.remove(namespace, each, labels[each] ?? '', key);
  }

  /** Keys of the selectors that select an object with these labels: those whose pairs are all among them. */
  selecting(namespace: string, labels: Labels): string[] {
    const found: string[] = [];
    if (this.#entries.size === 0) return found;
    for (const label of Object.keys(labels)) {
      for (const key of this.#byChosenPair.at(namespace, label)?.get(labels[label] ?? '') ?? []) {
        const entry = this.#entries.get(key);
        if (entry && contains(labels, entry.labels)) found.push(key);
      }
    }
    return found;
  }

  /** Keys of the entries whose labels include all of `labels`. */
  including(namespace: string, labels: Labels): string[] {
    if (this.#entries.size === 0) return [];
    let rarest: string | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const label of Object.keys(labels)) {
      const count = this.#byEveryPair.at(namespace, label)?.count(labels[label] ?? '') ?? 0;
      if (count === 0) return [];
      if (count < fewest) {
        fewest = count;
        rarest = label;
      }
    }
    if (rarest === undefined) return [];
    const keys = this.#byEveryPair.at(namespace, rarest)?.get(labels[rarest] ?? '') ?? [];
    return [...keys].filter((key) => {
      const entry = this.#entries.get(key);
      return entry !== undefined && contains(entry.labels, labels);
    });
  }
}

/** Entries by namespace, label and value, level by level: no text is put together to look one up. */
class PairIndex {
  readonly #namespaces = new Map<string, Map<string, MultiMap>>();

  /** Entries by value of this label. */
  at(namespace: string, label: string): MultiMap | undefined {
    return this.#namespaces.get(namespace)?.get(label);
  }

  /** The same, made when there is none. */
  reach(namespace: string, label: string): MultiMap {
    const known = this.at(namespace, label);
    if (known) return known;
    const labels = this.#namespaces.get(namespace) ?? new Map<string, MultiMap>();
    const values = new MultiMap();
    this.#namespaces.set(namespace, labels.set(label, values));
    return values;
  }

  remove(namespace: string, label: string, value: string, key: string): void {
    const labels = this.#namespaces.get(namespace);
    const values = labels?.get(label);
    if (!labels || !values) return;
    values.remove(value, key);
    if (values.size === 0) labels.delete(label);
    if (labels.size === 0) this.#namespaces.delete(namespace);
  }
}

/** Whether `labels` has every pair of `wanted`. */
function contains(labels: Labels, wanted: Labels): boolean {
  if (labels === wanted) return true;
  for (const key in wanted)
    if (Object.hasOwn(wanted, key) && (!Object.hasOwn(labels, key) || labels[key] !== wanted[key])) return false;
  return true;
}
