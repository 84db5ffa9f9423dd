import type { FabricMemberSlice, FabricProgram, FirewallProgram } from '../../api/index.ts';

type ProgramSpec = FabricProgram['spec'];
type SliceSpec = FabricMemberSlice['spec'];

/** A program of one peering; only what matters to a test is named. */
export function programSpec(more: Partial<ProgramSpec> = {}): ProgramSpec {
  return { peering: 'liqo-tenant-rome/rome', generation: 1, disarmed: false, rules: [], sets: [], ...more };
}

export function sliceSpec(addresses: readonly string[], more: Partial<SliceSpec> = {}): SliceSpec {
  return { program: 'rome', set: 'offloaded', index: 0, generation: 1, addresses: [...addresses], ...more };
}

export function firewallProgram(more: Partial<FirewallProgram> = {}): FirewallProgram {
  return { peering: 'liqo-tenant-rome/rome', generation: 1, disarmed: false, rules: [], sets: [], ...more };
}
