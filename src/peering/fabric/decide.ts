import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  FABRIC_API_VERSION,
  type FabricMemberSlice,
  type FabricProgram,
  type FirewallProgram,
} from '../../api/index.ts';
import { isWasteful, pack, repack, type Slice } from './pack.ts';

/** One write. To be done in order; each leaves the agents something that they can load, or go on with what they have. */
export type FabricStep =
  | { readonly kind: 'slice'; readonly object: FabricMemberSlice }
  | { readonly kind: 'program'; readonly object: FabricProgram }
  | { readonly kind: 'remove'; readonly slice: string };

/** What is stored of one program. */
export interface StoredFabric {
  readonly program: FabricProgram | undefined;
  readonly slices: readonly FabricMemberSlice[];
}

/** Nothing of the program is there yet. */
export const NO_FABRIC: StoredFabric = { program: undefined, slices: [] };

/** How one set is to be stored. */
interface Layout {
  readonly name: string;
  readonly slices: readonly Slice[];
  /** The oldest generation that an agent may take a slice of it from. */
  readonly generation: number;
  /** Addresses move between slices: agents must take all of them or none. */
  readonly moved: boolean;
}

/**
 * What to write so that agents come to enforce `wanted`. A member that comes or goes rewrites one slice. Slices are
 * written before the program that names them; where addresses move between slices the program goes first, and asks for
 * the new generation of all of them. `wanted.generation` is not read: generations follow from what is stored.
 */
export function decideFabric(name: string, wanted: FirewallProgram, stored: StoredFabric): readonly FabricStep[] {
  const spec = stored.program?.spec;
  const next = 1 + Math.max(spec?.generation ?? 0, ...stored.slices.map((slice) => slice.spec.generation));
  const layouts = wanted.disarmed ? [] : wanted.sets.map((set) => layoutOf(set.name, set.members, stored, next));
  const program = programObject(name, wanted, layouts, next);
  const current = spec && isDeepStrictEqual({ ...program.spec, generation: spec.generation }, strip(spec));
  // An agent takes no slice of a later generation than the program's.
  const newest = current === true ? spec.generation : next;
  const writes = (moved: boolean): FabricStep[] =>
    layouts.filter((layout) => layout.moved === moved).flatMap((layout) => sliceSteps(name, layout, stored, newest));
  const named = new Set(
    layouts.flatMap(({ name: set, slices }) => slices.map((_, index) => sliceName(name, set, index))),
  );
  const surplus = stored.slices.filter(({ metadata }) => !named.has(metadata.name));
  return [
    ...writes(false),
    ...(current === true ? [] : [{ kind: 'program', object: program } as const]),
    ...writes(true),
    ...surplus.map(({ metadata }) => ({ kind: 'remove', slice: metadata.name }) as const),
  ];
}

/** A program as a cluster without any of it would store it. */
export function fabricObjects(name: string, program: FirewallProgram): readonly (FabricProgram | FabricMemberSlice)[] {
  return decideFabric(name, program, NO_FABRIC).flatMap((step) => (step.kind === 'remove' ? [] : [step.object]));
}

function layoutOf(name: string, members: readonly string[], stored: StoredFabric, next: number): Layout {
  const before = stored.program?.spec.sets.find((set) => set.name === name);
  // Slices of a set that no program names may be of long ago.
  if (!before) return { name, slices: pack(members), generation: next, moved: false };
  const own = stored.slices.filter(({ spec }) => spec.set === name);
  const present = Array.from(
    { length: before.slices },
    (_, index) => own.find(({ spec }) => spec.index === index)?.spec.addresses ?? [],
  );
  const slices = repack(present, new Set(members));
  if (isWasteful(slices, members.length)) return { name, slices: pack(members), generation: next, moved: true };
  return { name, slices, generation: before.generation ?? stored.program?.spec.generation ?? next, moved: false };
}

function programObject(name: string, wanted: FirewallProgram, layouts: readonly Layout[], next: number): FabricProgram {
  const { peering, disarmed } = wanted;
  return {
    apiVersion: FABRIC_API_VERSION,
    kind: 'FabricProgram',
    metadata: { name, labels: LABELS },
    spec: {
      peering,
      generation: next,
      disarmed,
      rules: disarmed ? [] : wanted.rules.map((rule) => plain(rule)),
      sets: layouts.map(({ name: set, slices, generation }) => ({ name: set, slices: slices.length, generation })),
    },
  };
}

function sliceSteps(program: string, layout: Layout, stored: StoredFabric, newest: number): FabricStep[] {
  return layout.slices.flatMap((addresses, index) => {
    const name = sliceName(program, layout.name, index);
    const before = stored.slices.find(({ metadata }) => metadata.name === name)?.spec;
    const fits =
      before?.program === program &&
      before.set === layout.name &&
      before.index === index &&
      before.generation >= layout.generation &&
      before.generation <= newest;
    if (fits && isDeepStrictEqual([...before.addresses], addresses)) return [];
    // A change of members keeps the generation: agents take it as it comes.
    const generation = fits ? before.generation : newest;
    return [
      {
        kind: 'slice',
        object: {
          apiVersion: FABRIC_API_VERSION,
          kind: 'FabricMemberSlice',
          metadata: { name, labels: LABELS },
          spec: { program, set: layout.name, index, generation, addresses: [...addresses] },
        },
      },
    ];
  });
}

const LABELS = { 'app.kubernetes.io/managed-by': 'lattice' };

/** Unique by the hash: names of programs and of sets both have dots. An object's name has no "_". */
function sliceName(program: string, set: string, index: number): string {
  const hash = createHash('sha256').update(`${program} ${set}`).digest('hex').slice(0, 8);
  return `${program}.${set.replaceAll('_', '-')}-${hash}.${index}`;
}

/** Without fields that are undefined, which no API server returns. */
function plain(rule: FirewallProgram['rules'][number]): FabricProgram['spec']['rules'][number] {
  const party = (side: FirewallProgram['rules'][number]['source']) =>
    side && ('cidrs' in side ? { cidrs: [...side.cidrs] } : { set: side.set });
  const { name, action, source, destination, protocol, ports } = rule;
  const [from, to] = [party(source), party(destination)];
  return {
    name,
    ...(from ? { source: from } : {}),
    ...(to ? { destination: to } : {}),
    action,
    ...(protocol ? { protocol } : {}),
    ...(ports ? { ports: ports.map((range) => ({ ...range })) } : {}),
  };
}

function strip({ peering, generation, disarmed, rules, sets }: FabricProgram['spec']): FabricProgram['spec'] {
  return { peering, generation, disarmed, rules, sets };
}
