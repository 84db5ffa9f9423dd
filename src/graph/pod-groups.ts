import type { PodFact, PodTraits } from './facts.ts';
import type { Labels } from './model.ts';
import { SelectorIndex } from './selector-index.ts';

/** Pods that no door can tell apart. However many replicas a service has, it is resolved over its few groups. */
export interface PodGroup {
  /** Equal for equal traits. */
  readonly key: string;
  readonly traits: PodTraits;
  /** What its pods were read from ({@link PodFact.id}). At least one. */
  readonly ids: ReadonlySet<string>;
}

/** All known pods by what they have in common. */
export class PodGroups {
  readonly #groups = new Map<string, { readonly key: string; readonly traits: PodTraits; readonly ids: Set<string> }>();
  readonly #labels = new SelectorIndex();

  get(key: string): PodGroup | undefined {
    return this.#groups.get(key);
  }

  values(): Iterable<PodGroup> {
    return this.#groups.values();
  }

  /** Groups whose labels include all of `labels`. */
  including(namespace: string, labels: Labels): PodGroup[] {
    return this.#labels.including(namespace, labels).flatMap((key) => this.#groups.get(key) ?? []);
  }

  add(pod: PodFact): void {
    const key = groupKey(pod);
    const known = this.#groups.get(key);
    if (known) {
      known.ids.add(pod.id);
      return;
    }
    const { namespace, labels, account, hostNetwork, ports, dataplane } = pod;
    const traits = { namespace, labels, account, hostNetwork, ports, dataplane };
    this.#groups.set(key, { key, traits, ids: new Set([pod.id]) });
    this.#labels.set(key, namespace, labels);
  }

  remove(pod: PodFact): void {
    const key = groupKey(pod);
    const ids = this.#groups.get(key)?.ids;
    if (!ids?.delete(pod.id) || ids.size > 0) return;
    this.#groups.delete(key);
    this.#labels.delete(key);
  }

  /** Whether this pod is the only one of its group. */
  isOnly(pod: PodFact): boolean {
    const group = this.#groups.get(groupKey(pod));
    return group?.ids.size === 1 && group.ids.has(pod.id);
  }
}

/** Two pods with the same text have the same traits. */
export function groupKey({ namespace, labels, account, hostNetwork, ports, dataplane }: PodTraits): string {
  const sorted = Object.keys(labels)
    .sort()
    .map((label) => [label, labels[label]]);
  const opened = ports.map(({ name, port, protocol }) => [name, port, protocol]);
  return JSON.stringify([namespace, sorted, account, hostNetwork, opened, dataplane ?? '']);
}
