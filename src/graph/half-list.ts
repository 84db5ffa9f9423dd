import type { Party } from './party.ts';

/** Ports that a half names (names or Service port numbers of the callee), or all of them. */
export type PortFilter = 'all' | readonly (string | number)[];

/** A longer list gets an index; to look through a shorter one is faster. */
const LOOKED_THROUGH = 16;

/** The halves of one service towards others in one direction: each peer once, in the order of the declaration. */
export class HalfList {
  readonly #peers: Party[] = [];
  /** By place; undefined while every half means all ports, as almost all do. */
  #filters: PortFilter[] | undefined;
  #places: Map<Party, number> | undefined;

  get peers(): readonly Party[] {
    return this.#peers;
  }

  /** Whether a half names ports, so that an agreement may be on fewer than all of them. */
  get narrows(): boolean {
    return this.#filters !== undefined;
  }

  has(peer: Party): boolean {
    return this.#placeOf(peer) >= 0;
  }

  /** What the half towards `peer` says; undefined when there is none. */
  filterFor(peer: Party): PortFilter | undefined {
    const place = this.#placeOf(peer);
    return place < 0 ? undefined : (this.#filters?.[place] ?? 'all');
  }

  /** Adds a half; of several entries for one peer the ports are united. */
  add(peer: Party, ports: PortFilter): void {
    const place = this.#placeOf(peer);
    if (place < 0) {
      this.#places?.set(peer, this.#peers.length);
      this.#peers.push(peer);
      if (ports !== 'all' || this.#filters) this.#filtersNow(this.#peers.length - 1).push(ports);
    } else {
      const known = this.#filters?.[place] ?? 'all';
      if (this.#filters) this.#filters[place] = unite(known, ports);
    }
  }

  equals(other: HalfList): boolean {
    return (
      this.#peers.length === other.#peers.length &&
      this.#peers.every(
        (peer, place) =>
          peer === other.#peers[place] && sameFilter(this.#filters?.[place] ?? 'all', other.#filters?.[place] ?? 'all'),
      )
    );
  }

  #filtersNow(length: number): PortFilter[] {
    this.#filters ??= Array.from({ length }, () => 'all');
    return this.#filters;
  }

  #placeOf(peer: Party): number {
    const peers = this.#peers;
    if (peers.length <= LOOKED_THROUGH) return peers.indexOf(peer);
    this.#places ??= new Map(peers.map((each, place) => [each, place]));
    return this.#places.get(peer) ?? -1;
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
