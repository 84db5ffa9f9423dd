import type { Changed, Plan } from '../../peering/index.ts';
import { listUnder } from './list-under.ts';

/** Which peerings hear of which sets and ranges. */
export interface Dependents {
  /** What a peering depends on from now on; undefined: on nothing. */
  set(key: string, plan: Plan | undefined): void;
  /** Keys of the peerings that a change affects. */
  of(changed: Changed): ReadonlySet<string>;
}

export function openDependents(): Dependents {
  const plans = new Map<string, readonly string[]>();
  const bySet = new Map<string, Set<string>>();
  return {
    set(key, plan) {
      for (const name of plans.get(key) ?? []) bySet.get(name)?.delete(key);
      plans.delete(key);
      if (!plan) return;
      // CIDRs change rarely: whoever has a plan hears of all of them.
      const names = [...new Set(plan.sets.map((set) => set.key)), RANGES];
      plans.set(key, names);
      for (const name of names) listUnder(bySet, name, key);
    },
    of({ sets, ranges }) {
      const names = ranges.size > 0 ? [...sets, RANGES] : [...sets];
      return new Set(names.flatMap((name) => [...(bySet.get(name) ?? [])]));
    },
  };
}

/** No key of a set begins with a space. */
const RANGES = ' ranges';
