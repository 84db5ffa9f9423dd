import type { ServiceDeclaration } from './declare-service.ts';
import { addTo, removeFrom } from './selector-index.ts';

/**
 * Who names a service in one direction. Only `*` asks, so nothing is kept before the first question: a graph without
 * wildcards never pays for it, and any other indexes each half once.
 */
export class NamingIndex {
  readonly #direction: 'outbound' | 'inbound';
  readonly #services: ReadonlyMap<string, ServiceDeclaration>;
  #named: Map<string, Set<string>> | undefined;

  /** An index of what `services` say; that map must be told of by `add` and `remove` once it changes. */
  constructor(services: ReadonlyMap<string, ServiceDeclaration>, direction: 'outbound' | 'inbound') {
    this.#services = services;
    this.#direction = direction;
  }

  /** Services that name this one; undefined when none does. */
  get(named: string): ReadonlySet<string> | undefined {
    if (!this.#named) {
      this.#named = new Map();
      for (const service of this.#services.values()) this.add(service);
    }
    return this.#named.get(named);
  }

  add(service: ServiceDeclaration): void {
    if (this.#named) for (const peer of service[this.#direction].keys()) addTo(this.#named, peer, service.key);
  }

  remove(service: ServiceDeclaration): void {
    if (this.#named) for (const peer of service[this.#direction].keys()) removeFrom(this.#named, peer, service.key);
  }
}
