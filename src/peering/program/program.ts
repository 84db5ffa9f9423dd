import type { FirewallProgram } from '../../api/index.ts';
import type { Membership, SetKey } from '../topology/index.ts';
import type { Plan } from './plan.ts';

/** Who is in each set: a topology, or what a test says. */
export type MembersOf = (set: SetKey) => Membership;

/** A plan with the members of its sets as they are now. Costs the members of the sets that changed since it was last asked. */
export function programOf(
  plan: Plan,
  membersOf: MembersOf,
  { generation, disarmed = false }: { readonly generation: number; readonly disarmed?: boolean },
): FirewallProgram {
  return {
    peering: plan.peering,
    generation,
    disarmed,
    rules: plan.rules.map(({ rule }) => rule),
    sets: plan.sets.map((set) => ({ name: set.name, members: membersOf(set.key)[set.part].sorted() })),
  };
}
