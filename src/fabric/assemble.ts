import type { FabricMemberSlice, FabricProgram, FirewallProgram } from '../api/index.ts';
import { memberOf } from './members.ts';

type ProgramSpec = FabricProgram['spec'];
type SliceSpec = FabricMemberSlice['spec'];

export type Assembled =
  | { readonly kind: 'complete'; readonly program: FirewallProgram }
  | { readonly kind: 'waiting'; readonly missing: readonly string[] };

/**
 * A program and its slices as one firewall program; waiting while a slice of its layout is not there yet, or is of
 * another generation than the layout asks for.
 */
export function assemble(name: string, spec: ProgramSpec, slices: readonly SliceSpec[]): Assembled {
  const own = slices.filter((slice) => slice.program === name && isCounted(spec, slice));
  const missing = spec.disarmed
    ? []
    : spec.sets.flatMap((set) => {
        const there = new Set(own.filter((slice) => slice.set === set.name).map(({ index }) => index));
        return Array.from({ length: set.slices }, (_, index) => index)
          .filter((index) => !there.has(index))
          .map((index) => `${set.name}[${index}]`);
      });
  if (missing.length > 0) return { kind: 'waiting', missing };
  const membersOf = (set: string): string[] =>
    own
      .filter((slice) => slice.set === set)
      .flatMap(({ addresses }) => addresses)
      .flatMap((text) => memberOf(text)?.text ?? []);
  return {
    kind: 'complete',
    program: programOf(spec, (set) => [...new Set(membersOf(set))].toSorted()),
  };
}

/** Whether a slice is part of what the program says: within the layout, and neither of an older nor a newer one. */
export function isCounted(spec: ProgramSpec, slice: Pick<SliceSpec, 'set' | 'index' | 'generation'>): boolean {
  const layout = spec.sets.find(({ name }) => name === slice.set);
  if (!layout || slice.index >= layout.slices) return false;
  return slice.generation >= (layout.generation ?? spec.generation) && slice.generation <= spec.generation;
}

/** The firewall program of a spec, with the sorted members that `membersOf` answers. */
export function programOf(spec: ProgramSpec, membersOf: (set: string) => readonly string[]): FirewallProgram {
  return {
    peering: spec.peering,
    generation: spec.generation,
    disarmed: spec.disarmed,
    rules: spec.disarmed ? [] : rulesOf(spec),
    sets: spec.disarmed ? [] : spec.sets.map(({ name }) => ({ name, members: membersOf(name) })),
  };
}

/** The rules of a spec; an optional field that is absent stays absent. */
export function rulesOf({ rules }: ProgramSpec): FirewallProgram['rules'] {
  return rules.map(ruleOf);
}

function ruleOf(rule: ProgramSpec['rules'][number]): FirewallProgram['rules'][number] {
  const { name, source, destination, action, protocol, ports } = rule;
  return {
    name,
    action,
    ...(source ? { source } : {}),
    ...(destination ? { destination } : {}),
    ...(protocol ? { protocol } : {}),
    ...(ports
      ? { ports: ports.map(({ port, endPort }) => ({ port, ...(endPort === undefined ? {} : { endPort }) })) }
      : {}),
  };
}
