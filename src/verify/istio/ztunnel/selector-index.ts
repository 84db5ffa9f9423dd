// Finds what selects a workload by its labels, without walking every selector of the namespace.
import { selects } from '../admit/selector.ts';

interface Entry<T> {
  readonly labels: ReadonlyMap<string, string>;
  readonly value: T;
}

interface Space<T> {
  readonly all: Entry<T>[];
  /** Keyed by the first pair of the selector; a workload that it selects has that pair. */
  readonly byPair: Map<string, Entry<T>[]>;
  readonly withoutLabels: Entry<T>[];
}

export class SelectorIndex<T> {
  readonly #spaces = new Map<string, Space<T>>();

  add(namespace: string, labels: ReadonlyMap<string, string>, value: T): void {
    const space = this.#spaces.get(namespace) ?? { all: [], byPair: new Map<string, Entry<T>[]>(), withoutLabels: [] };
    this.#spaces.set(namespace, space);
    const entry = { labels, value };
    space.all.push(entry);
    const [first] = labels;
    if (!first) space.withoutLabels.push(entry);
    else {
      const pair = pairOf(...first);
      const entries = space.byPair.get(pair);
      if (entries) entries.push(entry);
      else space.byPair.set(pair, [entry]);
    }
  }

  /** What selects a workload with these labels; an empty selector selects every workload. */
  matching(namespace: string, labels: Readonly<Record<string, string>>): T[] {
    const space = this.#spaces.get(namespace);
    if (!space) return [];
    const candidates = Object.entries(labels).flatMap((pair) => space.byPair.get(pairOf(...pair)) ?? []);
    return [...space.withoutLabels, ...candidates]
      .filter((entry) => selects(entry.labels, labels))
      .map(({ value }) => value);
  }

  all(namespace: string): T[] {
    return (this.#spaces.get(namespace)?.all ?? []).map(({ value }) => value);
  }
}

/** `=` is not allowed in label keys, so pairs never collide. */
function pairOf(key: string, value: string): string {
  return `${key}=${value}`;
}
