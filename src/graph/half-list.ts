import type { Party, PartyBook } from './party.ts';

/** Ports that a half names (names or Service port numbers of the callee), or all of them. */
export type PortFilter = 'all' | readonly (string | number)[];

/** A longer list gets an index; to look through a shorter one is faster. */
const LOOKED_THROUGH = 16;

/** The halves of one service towards others in one direction: each peer once, in the order of the declaration. */
export class HalfList {
  readonly #ids: number[] = [];
  readonly #parties: PartyBook;
  /** By place; undefined while every half means all ports, as almost all do. */
  #filters: PortFilter[] | undefined;
  #places: Map<number, number> | undefined;

  constructor(parties: PartyBook) {
    this.#parties = parties;
  }

  /** The numbers of the peers in the book. */
  get ids(): readonly number[] {
    return this.#ids;
  }

  get peers(): readonly Party[] {
    return this.#ids.map((id) => this.#parties.byId(id));
  }

  /** Whether a half names ports, so that an agreement may be on fewer than all of them. */
  get narrows(): boolean {
    return this.#filters !== undefined;
  }

  has(peer: Party): boolean {
    return this.#placeOf(peer.id) >= 0;
  }

  /** What the half towards `peer` says; undefined when there is none. */
  filterFor(peer: Party): PortFilter | undefined {
    const place = this.#placeOf(peer.id);
    return place < 0 ? undefined : (this.#filters?.[place] ?? 'all');
  }

  /** Adds a half; of several entries for one peer the ports are united. */
  add(peer: number, ports: PortFilter): void {
    const place = this.#placeOf(peer);
    if (place < 0) {
      this.#places?.set(peer, this.#ids.length);
      this.#ids.push(peer);
      if (ports !== 'all' || this.#filters) this.#filtersNow(this.#ids.length - 1).push(ports);
    } else {
      const known = this.#filters?.[place] ?? 'all';
      if (this.#filters) this.#filters[place] = unite(known, ports);
    }
  }

  equals(other: HalfList): boolean {
    return (
      this.#ids.length === other.#ids.length &&
      this.#ids.every(
        (id, place) =>
          id === other.#ids[place] && sameFilter(this.#filters?.[place] ?? 'all', other.#filters?.[place] ?? 'all'),
      )
    );
  }

  #filtersNow(length: number): PortFilter[] {
    this.#filters ??= Array.from({ length }, () => 'all');
    return this.#filters;
  }

  #placeOf(id: number): number {
    const ids = this.#ids;
    if (ids.length <= LOOKED_THROUGH) return ids.indexOf(id);
    this.#places ??= new Map(ids.map((each, place) => [each, place]));
    return this.#places.get(id) ?? -1;
  }
}

/** The ports of two entries for one peer. */
export function unite(a: PortFilter, b: PortFilter): PortFilter {
  return a === 'all' || b === 'all' ? 'all' : [...a, ...b];
}

function sameFilter(a: PortFilter, b: PortFilter): boolean {
  if (a === 'all' || b === 'all') return a === b;
  return a.length === b.length && a.every((port, index) => port === b[index]);
}
