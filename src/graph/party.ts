import type { ServiceDeclaration } from './declare-service.ts';
import { keyOf } from './key.ts';
import type { Workload } from './model.ts';

/**
 * A service that is declared or named. There is one object per name, with the services it agrees with at hand: an edge
 * is followed by a pointer, where a lookup by text would miss the cache at every step.
 */
export interface Party {
  /** Its number in the book: small, and of nobody else while somebody speaks of it. */
  readonly id: number;
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  /** Undefined while it is only named. */
  declaration: ServiceDeclaration | undefined;
  /** Whether its declaration names ports in halves ({@link ServiceDeclaration.narrows}). */
  narrows: boolean;
  /** The service as the doors know it; undefined until it is resolved. */
  workload: Workload | undefined;
  /** Declared services that call it, and those that it calls, where both sides say so; sorted by key. */
  callers: Party[];
  callees: Party[];
}

/**
 * All parties by name and by number. Halves hold numbers: to read 600,000 of them does not touch 50,000 parties all over the
 * memory.
 */
export class PartyBook {
  readonly #namespaces = new Map<string, Map<string, number>>();
  readonly #parties: (Party | undefined)[] = [];
  /** By number: how many halves name it. */
  readonly #mentions: number[] = [];
  readonly #free: number[] = [];

  /** Numbers are below this. */
  get bound(): number {
    return this.#parties.length;
  }

  /** The party of this name; undefined when nobody speaks of it. */
  at(namespace: string, name: string): Party | undefined {
    const id = this.#namespaces.get(namespace)?.get(name);
    return id === undefined ? undefined : this.#parties[id];
  }

  /** The party of this number. */
  byId(id: number): Party {
    const party = this.#parties[id];
    if (!party) throw new UnknownPartyError(id);
    return party;
  }

  /** The number of the party of this name, which is made when it is new. */
  reach(namespace: string, name: string): number {
    let ids = this.#namespaces.get(namespace);
    if (!ids) {
      ids = new Map();
      this.#namespaces.set(namespace, ids);
    }
    const known = ids.get(name);
    if (known !== undefined) return known;
    const id = this.#free.pop() ?? this.#parties.length;
    this.#parties[id] = {
      id,
      key: keyOf(namespace, name),
      namespace,
      name,
      declaration: undefined,
      narrows: false,
      workload: undefined,
      callers: [],
      callees: [],
    };
    this.#mentions[id] = 0;
    ids.set(name, id);
    return id;
  }

  /** One half more names it. */
  mention(id: number): void {
    this.#mentions[id] = (this.#mentions[id] ?? 0) + 1;
  }

  /** One half less names it. */
  unmention(id: number): void {
    const left = (this.#mentions[id] ?? 0) - 1;
    this.#mentions[id] = left;
    if (left === 0) this.release(id);
  }

  /** Forgets a party of which nobody speaks any more: names must not pile up in a process that runs for months. */
  release(id: number): void {
    const party = this.#parties[id];
    if (!party || party.declaration || (this.#mentions[id] ?? 0) > 0) return;
    const { namespace, name } = party;
    const ids = this.#namespaces.get(namespace);
    ids?.delete(name);
    if (ids?.size === 0) this.#namespaces.delete(namespace);
    this.#parties[id] = undefined;
    this.#free.push(id);
  }
}

/** A number of a party that was forgotten: whoever holds it is not in the count of mentions. */
class UnknownPartyError extends Error {
  readonly code = 'UnknownParty';

  constructor(id: number) {
    super(`no party has the number ${id}`);
    this.name = 'UnknownPartyError';
  }
}
