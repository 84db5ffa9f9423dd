import type { ServiceDeclaration } from './declare-service.ts';
import type { Party } from './party.ts';

/**
 * Who names a service in one direction. Only `*` asks, so nothing is kept before the first question: a graph without
 * wildcards never pays for it, and any other indexes each half once.
 */
export class NamingIndex {
  readonly #direction: 'outbound' | 'inbound';
  readonly #services: ReadonlyMap<string, ServiceDeclaration>;
  #named: Map<Party, Set<Party>> | undefined;

  /** An index of what `services` say; that map must be told of by `add` and `remove` once it changes. */
  constructor(services: ReadonlyMap<string, ServiceDeclaration>, direction: 'outbound' | 'inbound') {
    this.#services = services;
    this.#direction = direction;
  }

  /** Services that name this one. */
  get(named: Party): Iterable<Party> {
    if (!this.#named) {
      this.#named = new Map();
      for (const service of this.#services.values()) this.add(service);
    }
    return this.#named.get(named) ?? [];
  }

  add(service: ServiceDeclaration): void {
    if (!this.#named) return;
    for (const peer of service[this.#direction].peers) {
      const naming = this.#named.get(peer);
      if (naming) naming.add(service.self);
      else this.#named.set(peer, new Set([service.self]));
    }
  }

  remove(service: ServiceDeclaration): void {
    if (!this.#named) return;
    for (const peer of service[this.#direction].peers) {
      const naming = this.#named.get(peer);
      if (naming?.delete(service.self) && naming.size === 0) this.#named.delete(peer);
    }
  }
}
