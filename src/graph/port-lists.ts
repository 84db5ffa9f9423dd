import type { Port } from './model.ts';

/** More than this are not remembered: a process that runs for months may see any number. */
const MOST = 10_000;

/** Hands out one list for equal ports: most services of a graph have the same, and each is looked at once per caller. */
export class PortLists {
  readonly #lists = new Map<string, readonly Port[]>();

  shared(ports: readonly Port[]): readonly Port[] {
    let key = '';
    for (const { name, port, targetPorts, protocol } of ports)
      key += `${name} ${port} ${targetPorts.join()} ${protocol}\n`;
    const known = this.#lists.get(key);
    if (known) return known;
    if (this.#lists.size === MOST) this.#lists.clear();
    this.#lists.set(key, ports);
    return ports;
  }
}
