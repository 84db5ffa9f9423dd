import type { PodFact } from './fact.ts';

/** Names one dynamic set of pods: `offloaded/ID`, `vc-remote/ID`, `vc-local`, `namespace/NAME`. */
export type SetKey = string;

/**
 * Who is in a set. An address that several pods hold is `sure` when whoever is alive of them qualifies, and `contested`
 * when only some do: a deny covers both, an allow the sure ones alone.
 */
export interface Membership {
  readonly sure: Members;
  readonly contested: Members;
}

/** Addresses. `sorted` is the very same list until one comes or goes. */
export interface Members {
  readonly size: number;
  has(address: string): boolean;
  sorted(): readonly string[];
}

/** One pod in the index, with the sets that it qualifies for. */
interface Entry {
  readonly pod: PodFact;
  readonly sets: readonly SetKey[];
}

interface Standings {
  readonly sure: Addresses;
  readonly contested: Addresses;
}

/** Sorted when first asked; from then on the list is mended with what has come and gone since it was last asked for. */
class Addresses implements Members {
  readonly #held = new Set<string>();
  readonly #touched = new Set<string>();
  #sorted: readonly string[] | undefined;

  get size(): number {
    return this.#held.size;
  }

  has(address: string): boolean {
    return this.#held.has(address);
  }

  add(address: string): void {
    this.#held.add(address);
    if (this.#sorted) this.#touched.add(address);
  }

  delete(address: string): void {
    this.#held.delete(address);
    if (this.#sorted) this.#touched.add(address);
  }

  sorted(): readonly string[] {
    if (!this.#sorted) this.#sorted = [...this.#held].sort();
    else if (this.#touched.size > 0) this.#sorted = this.#mended(this.#sorted);
    this.#touched.clear();
    return this.#sorted;
  }

  #mended(list: readonly string[]): readonly string[] {
    const came = [...this.#touched].filter((address) => this.#held.has(address)).sort();
    const mended: string[] = [];
    let next = 0;
    for (const address of list) {
      for (let fresh = came[next]; fresh !== undefined && fresh < address; fresh = came[++next]) mended.push(fresh);
      if (!this.#touched.has(address)) mended.push(address);
    }
    return [...mended, ...came.slice(next)];
  }
}

const NONE: Members = { size: 0, has: () => false, sorted: () => [] };
const NOBODY: Membership = { sure: NONE, contested: NONE };

/** Which addresses are in which sets. A change costs the sets of the pods that share its addresses, nothing else. */
export class MemberIndex {
  readonly #pods = new Map<string, Entry>();
  /** Almost always one pod per address. */
  readonly #holders = new Map<string, readonly Entry[]>();
  readonly #sets = new Map<SetKey, Standings>();
  #ipv6 = 0;

  /** Replaces pod `key`; without a pod it is gone. Returns the sets whose members are now others. */
  put(key: string, pod: PodFact | undefined, sets: readonly SetKey[]): ReadonlySet<SetKey> {
    const before = this.#pods.get(key);
    const after = pod && pod.addresses.length > 0 ? { pod, sets } : undefined;
    if (after) this.#pods.set(key, after);
    else this.#pods.delete(key);
    const changed = new Set<SetKey>();
    for (const address of new Set([...(before?.pod.addresses ?? []), ...(after?.pod.addresses ?? [])])) {
      this.#move(address, before, after?.pod.addresses.includes(address) === true ? after : undefined, changed);
    }
    return changed;
  }

  membersOf(set: SetKey): Membership {
    return this.#sets.get(set) ?? NOBODY;
  }

  /** Whether any pod has an IPv6 address. */
  get hasIPv6(): boolean {
    return this.#ipv6 > 0;
  }

  get pods(): number {
    return this.#pods.size;
  }

  #move(address: string, before: Entry | undefined, after: Entry | undefined, changed: Set<SetKey>): void {
    const old = this.#holders.get(address) ?? [];
    const kept = before ? old.filter((entry) => entry !== before) : old;
    const now = after ? [...kept, after] : kept;
    if (now.length > 0) this.#holders.set(address, now);
    else this.#holders.delete(address);
    if (address.includes(':')) this.#ipv6 += Math.sign(now.length) - Math.sign(old.length);
    for (const set of new Set([...old, ...now].flatMap((entry) => entry.sets))) {
      if (this.#place(set, address, standing(set, now))) changed.add(set);
    }
  }

  /** Puts an address where it stands in a set; says whether that is new. */
  #place(set: SetKey, address: string, stands: 'sure' | 'contested' | 'out'): boolean {
    const members = this.#sets.get(set) ?? { sure: new Addresses(), contested: new Addresses() };
    const was = members.sure.has(address) ? 'sure' : members.contested.has(address) ? 'contested' : 'out';
    if (was === stands) return false;
    if (was !== 'out') members[was].delete(address);
    if (stands !== 'out') members[stands].add(address);
    if (members.sure.size + members.contested.size > 0) this.#sets.set(set, members);
    else this.#sets.delete(set);
    return true;
  }
}

/** A pod that is being deleted still sends, but whoever lives on under its address decides whether to trust it. */
function standing(set: SetKey, holders: readonly Entry[]): 'sure' | 'contested' | 'out' {
  if (!holders.some(({ sets }) => sets.includes(set))) return 'out';
  const alive = holders.filter(({ pod }) => !pod.leaving);
  return (alive.length > 0 ? alive : holders).every(({ sets }) => sets.includes(set)) ? 'sure' : 'contested';
}
