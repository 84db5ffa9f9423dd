import { createHash } from 'node:crypto';
import type { FabricMemberSlice, FabricProgram, FirewallProgram } from '../api/index.ts';
import { isCounted, programOf } from './assemble.ts';
import { memberOf } from './members.ts';
import type { SetForm } from './names.ts';
import type { MemberChange } from './script.ts';

type ProgramSpec = FabricProgram['spec'];
type SliceSpec = FabricMemberSlice['spec'];

/** What has to happen in the kernel so that it holds a program as it is declared. */
export type Step =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'waiting'; readonly missing: readonly string[] }
  | { readonly kind: 'disarm'; readonly peering: string; readonly generation: number }
  | { readonly kind: 'members'; readonly changes: readonly MemberChange[]; readonly generation: number }
  | { readonly kind: 'swap'; readonly program: FirewallProgram; readonly structure: string };

/** What the kernel holds of a program. `structure` is a hash of everything but the members. */
export interface Held {
  readonly generation: number;
  readonly structure: string;
}

/**
 * One program as it is declared, kept so that an event costs what it changes: members are counted by the slices that
 * name them, and changes since the kernel was last told are remembered.
 */
export interface Book {
  readonly spec: ProgramSpec | undefined;
  setProgram(spec: ProgramSpec | undefined): void;
  /** `object` is the slice's own name: of two objects for one place the last one speaks, and its deletion counts. */
  setSlice(object: string, slice: SliceSpec): void;
  removeSlice(object: string, slice: Pick<SliceSpec, 'set' | 'index'>): void;
  /** What is to do; asking again before an answer is the same question. */
  step(held: Held | undefined): Step;
  /** Takes the changes that the last step was made of; what changes from here on is for the next one. */
  begin(): Attempt;
  /** Whether an address or a prefix of the set covers nothing but itself and is a member. */
  has(set: string, address: string): boolean;
  /** The members of a set that are prefixes. */
  prefixes(set: string): Iterable<string>;
  /** Whether every slice of the program is there. */
  isComplete(): boolean;
  /** Whether it holds no slice. */
  isEmpty(): boolean;
}

/** One try to tell the kernel. */
export interface Attempt {
  /** Addresses whose membership changed. */
  readonly touched: ReadonlySet<string>;
  /** It did not work: the changes are still to do. */
  failed(): void;
}

interface Slice {
  readonly object: string;
  readonly spec: SliceSpec;
  readonly members: readonly string[];
  counted: boolean;
}

interface SetState {
  readonly slices: Map<number, Slice>;
  /** How many of the slices are part of the program; all are there when it is the number that the layout says. */
  countedSlices: number;
  /** How many counted slices name each member. */
  readonly counts: Map<string, number>;
  readonly prefixes: Set<string>;
  /** Whether a member was in the kernel when it was first touched since. */
  touched: Map<string, boolean>;
}

export function createBook(): Book {
  const sets = new Map<string, SetState>();
  let spec: ProgramSpec | undefined;
  let shape = '';

  const stateOf = (set: string): SetState => {
    const found: SetState = sets.get(set) ?? {
      slices: new Map(),
      countedSlices: 0,
      counts: new Map(),
      prefixes: new Set(),
      touched: new Map(),
    };
    sets.set(set, found);
    return found;
  };
  const structure = (): string =>
    spec === undefined ? '' : hashOf([shape, ...spec.sets.map(({ name }) => formOf(sets.get(name)))]);
  const missing = (current: ProgramSpec): string[] =>
    current.sets.flatMap(({ name, slices }) => {
      const state = sets.get(name);
      if ((state?.countedSlices ?? 0) === slices) return [];
      return Array.from({ length: slices }, (_, index) => index)
        .filter((index) => !state?.slices.get(index)?.counted)
        .map((index) => `${name}[${index}]`);
    });
  const program = (): FirewallProgram | undefined =>
    spec && programOf(spec, (set) => [...(sets.get(set)?.counts.keys() ?? [])].toSorted());

  return {
    get spec() {
      return spec;
    },
    setProgram(next) {
      spec = next;
      shape = next === undefined ? '' : shapeOf(next);
      for (const state of sets.values()) for (const slice of state.slices.values()) recount(state, slice, next);
    },
    setSlice(object, next) {
      const state = stateOf(next.set);
      const before = state.slices.get(next.index);
      const members = [...new Set(next.addresses.flatMap((text) => memberOf(text)?.text ?? []))];
      const after: Slice = { object, spec: next, members, counted: false };
      // The new one first: a member of both never leaves in between.
      recount(state, after, spec);
      if (before) recount(state, before, undefined);
      state.slices.set(next.index, after);
    },
    removeSlice(object, { set, index }) {
      const state = sets.get(set);
      const before = state?.slices.get(index);
      if (!state || before?.object !== object) return;
      recount(state, before, undefined);
      state.slices.delete(index);
    },
    step(held) {
      if (spec === undefined) return { kind: 'nothing' };
      if (spec.disarmed) return { kind: 'disarm', peering: spec.peering, generation: spec.generation };
      const waiting = missing(spec);
      if (waiting.length > 0) return { kind: 'waiting', missing: waiting };
      const now = structure();
      const changes = changesOf(sets, spec);
      const isSwap = held?.structure !== now || changes.some(({ set }) => formOf(sets.get(set)) === 'prefixes');
      const whole = isSwap || moves(changes) ? program() : undefined;
      if (whole) return { kind: 'swap', program: whole, structure: now };
      if (changes.length > 0) return { kind: 'members', changes, generation: spec.generation };
      return held?.generation === spec.generation
        ? { kind: 'nothing' }
        : { kind: 'members', changes: [], generation: spec.generation };
    },
    begin() {
      const taken = [...sets].map(([name, state]) => [name, state, state.touched] as const);
      for (const state of sets.values()) state.touched = new Map();
      return {
        touched: new Set(taken.flatMap(([, , touched]) => [...touched.keys()])),
        failed() {
          for (const [name, state, touched] of taken) {
            // What was in the kernel before this try still is; it speaks before what was touched meanwhile.
            const current = sets.get(name) ?? state;
            if (touched.size > 0) sets.set(name, current);
            for (const [member, was] of touched) current.touched.set(member, was);
          }
        },
      };
    },
    has: (set, address) => sets.get(set)?.counts.has(address) ?? false,
    prefixes: (set) => sets.get(set)?.prefixes ?? [],
    isComplete: () => spec !== undefined && missing(spec).length === 0,
    isEmpty: () => sets.values().every(({ slices }) => slices.size === 0),
  };
}

/** Brings the counts to whether the slice is part of `spec` now. */
function recount(state: SetState, slice: Slice, spec: ProgramSpec | undefined): void {
  const counted = spec !== undefined && isCounted(spec, slice.spec);
  if (counted === slice.counted) return;
  slice.counted = counted;
  state.countedSlices += counted ? 1 : -1;
  for (const member of slice.members) {
    const before = state.counts.get(member) ?? 0;
    const after = before + (counted ? 1 : -1);
    if (before > 0 === after > 0) {
      state.counts.set(member, after);
      continue;
    }
    if (!state.touched.has(member)) state.touched.set(member, before > 0);
    if (after > 0) state.counts.set(member, after);
    else state.counts.delete(member);
    if (member.includes('/')) {
      if (after > 0) state.prefixes.add(member);
      else state.prefixes.delete(member);
    }
  }
}

function changesOf(sets: ReadonlyMap<string, SetState>, spec: ProgramSpec): readonly MemberChange[] {
  return spec.sets.flatMap(({ name }) => {
    const state = sets.get(name);
    if (!state || state.touched.size === 0) return [];
    const touched = [...state.touched];
    const add = touched.filter(([member, was]) => !was && state.counts.has(member)).map(([member]) => member);
    const gone = touched.filter(([member, was]) => was && !state.counts.has(member)).map(([member]) => member);
    return add.length + gone.length === 0 ? [] : [{ set: name, add: add.toSorted(), delete: gone.toSorted() }];
  });
}

/**
 * Whether an address leaves one set while it enters another. A rule reads its sets one after the other, so that a
 * packet could see it in neither of them: only a swap has no such moment.
 */
function moves(changes: readonly MemberChange[]): boolean {
  const entering = new Set(changes.flatMap(({ add }) => add));
  return changes.some((change) => change.delete.some((member) => entering.has(member)));
}

function formOf(state: SetState | undefined): SetForm {
  return state !== undefined && state.prefixes.size > 0 ? 'prefixes' : 'addresses';
}

/** Everything of a program that is not its members or its generation. */
function shapeOf({ peering, rules, sets }: ProgramSpec): string {
  return hashOf([peering, rules, sets.map(({ name }) => name)]);
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}
