import type { ServiceDeclaration } from './declare-service.ts';
import { keyOf } from './key.ts';
import type { Workload } from './model.ts';

/**
 * A service that is declared or named. There is one object per name, with the services it agrees with at hand: an edge
 * is followed by a pointer, where a lookup by text would miss the cache at every step.
 */
export interface Party {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Undefined while it is only named. */
  declaration: ServiceDeclaration | undefined;
  /** The service as the doors know it; undefined until it is resolved. */
  workload: Workload | undefined;
  /** How many halves name it. */
  mentions: number;
  /** Declared services that call it, and those that it calls, where both sides say so; sorted by key. */
  readonly callers: Party[];
  readonly callees: Party[];
}

/** All parties by name. */
export class PartyBook {
  readonly #namespaces = new Map<string, Map<string, Party>>();

  /** The party of this name; undefined when nobody speaks of it. */
  at(namespace: string, name: string): Party | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  /** The party of this name, made when it is new. */
  reach(namespace: string, name: string): Party {
    let parties = this.#namespaces.get(namespace);
    if (!parties) {
      parties = new Map();
      this.#namespaces.set(namespace, parties);
    }
    const known = parties.get(name);
    if (known) return known;
    const party: Party = {
      key: keyOf(namespace, name),
      namespace,
      name,
      declaration: undefined,
      workload: undefined,
      mentions: 0,
      callers: [],
      callees: [],
    };
    parties.set(name, party);
    return party;
  }

  /** Forgets a party of which nobody speaks any more: names must not pile up in a process that runs for months. */
  release({ namespace, name, declaration, mentions }: Party): void {
    if (declaration || mentions > 0) return;
    const parties = this.#namespaces.get(namespace);
    parties?.delete(name);
    if (parties?.size === 0) this.#namespaces.delete(namespace);
  }
}
