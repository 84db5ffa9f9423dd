/** An index from a key to several values. Most keys have one, and one alone takes no set: at 50,000 services that counts. */
export class MultiMap {
  readonly #values = new Map<string, string | Set<string>>();

  get size(): number {
    return this.#values.size;
  }

  /** The values under `key`, each once, in the order in which they came. */
  get(key: string): ReadonlySet<string> | readonly string[] {
    const values = this.#values.get(key);
    return values === undefined ? NONE : typeof values === 'string' ? [values] : values;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** How many values are under `key`. */
  count(key: string): number {
    const values = this.#values.get(key);
    return values === undefined ? 0 : typeof values === 'string' ? 1 : values.size;
  }

  includes(key: string, value: string): boolean {
    const values = this.#values.get(key);
    return typeof values === 'string' ? values === value : values !== undefined && values.has(value);
  }

  keys(): IterableIterator<string> {
    return this.#values.keys();
  }

  add(key: string, value: string): void {
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, value);
    else if (typeof values !== 'string') values.add(value);
    else if (values !== value) this.#values.set(key, new Set([values, value]));
  }

  /** Takes `value` out; a key without values goes too. */
  remove(key: string, value: string): void {
    const values = this.#values.get(key);
    if (values === value) this.#values.delete(key);
    else if (typeof values === 'object' && values.delete(value) && values.size === 0) this.#values.delete(key);
  }
}

const NONE: readonly string[] = [];
