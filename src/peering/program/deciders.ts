import type { FirewallProgram } from '../../api/index.ts';
import { addressClasses, firstCommon, maskOf, numberParties } from './classes.ts';

/** Pairs of classes times words of rules: some seconds. */
const MOST_STEPS = 100_000_000;

/**
 * For each rule of a program that matches anything now, by its index, the rules that decide about some of it: a rule that
 * is not among its own is never asked. Undefined when there are too many rules and members to say.
 */
export function decidersOf(program: FirewallProgram): ReadonlyMap<number, ReadonlySet<number>> | undefined {
  const parties = numberParties(program);
  const sources = program.rules.map(({ source }) => parties.of(source));
  const destinations = program.rules.map(({ destination }) => parties.of(destination));
  const deciders = new Map<number, Set<number>>();
  for (const family of [4, 6] as const) {
    const classes = addressClasses(parties.all, family).map(({ held }) => ({
      asSource: maskOf(sources, held),
      asDestination: maskOf(destinations, held),
    }));
    if (classes.length ** 2 * program.rules.length > MOST_STEPS) return undefined;
    for (const { asSource } of classes) {
      for (const { asDestination } of classes) {
        const first = firstCommon(asSource, asDestination);
        if (first < 0) continue;
        for (let rule = first; rule < program.rules.length; rule++) {
          if (!hasBit(asSource, rule) || !hasBit(asDestination, rule)) continue;
          const known = deciders.get(rule);
          if (known) known.add(first);
          else deciders.set(rule, new Set([first]));
        }
      }
    }
  }
  return deciders;
}

function hasBit(mask: Uint32Array, index: number): boolean {
  return (((mask[index >>> 5] ?? 0) >>> (index & 31)) & 1) === 1;
}
