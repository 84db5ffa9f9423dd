import {
  FABRIC_API_VERSION,
  type FabricMemberSlice,
  fabricMemberSlice,
  type FabricProgram,
  fabricProgram,
} from '../../api/index.ts';
import type { Scope } from '../tasks.ts';
import type { FabricCaches } from './enforce-nft.ts';
import { PROGRAM, SLICE } from './kinds.ts';
import { listUnder } from './list-under.ts';
import { openCache } from './stored.ts';

export interface FabricOptions extends Scope {
  /** A program of this peering, or a slice of it, changed. */
  readonly onChange: (peering: string) => void;
  /** One of the kinds began or ceased to be served. */
  readonly onReady: () => void;
}

/** Follows the programs that node agents are to enforce, with the slices of each. */
export function followFabric({ onChange, onReady, ...scope }: FabricOptions): FabricCaches {
  const slicesOf = new Map<string, Set<string>>();
  const programs = openCache<FabricProgram>({
    ...scope,
    kind: PROGRAM,
    fields: ['metadata.labels', 'spec'],
    of: (object) => fabricProgram.safeParse({ ...object, apiVersion: FABRIC_API_VERSION, kind: 'FabricProgram' }).data,
    onChange: (_, before, after) => onChange((after ?? before)?.spec.peering ?? ''),
    onReady,
  });
  const slices = openCache<FabricMemberSlice>({
    ...scope,
    kind: SLICE,
    fields: ['metadata.labels', 'spec'],
    of: (object) =>
      fabricMemberSlice.safeParse({ ...object, apiVersion: FABRIC_API_VERSION, kind: 'FabricMemberSlice' }).data,
    onChange: (key, before, after) => {
      const program = (after ?? before)?.spec.program ?? '';
      if (after) listUnder(slicesOf, program, key);
      else slicesOf.get(program)?.delete(key);
      onChange(programs.get(program)?.value.spec.peering ?? '');
    },
    onReady,
  });
  return {
    programs,
    slices,
    slicesOf: (program) => [...(slicesOf.get(program) ?? [])],
    note: (program, key) => listUnder(slicesOf, program, key),
  };
}
