import type { FirewallProgram, PeeringConnectivity } from '../api/index.ts';
import { type Judge, judgeOf, type Plan, planOf, programOf, type Refused } from './program/index.ts';
import type { Topology } from './topology/index.ts';

/** One peering, compiled, and the means to ask what it does. */
export interface Compiled {
  readonly object: PeeringConnectivity;
  readonly plan: Plan;
  readonly program: FirewallProgram;
  readonly judge: Judge;
}

/** All peerings of a cluster, in order of their names; what cannot be compiled is apart. */
export interface Peerings {
  readonly compiled: readonly Compiled[];
  readonly refused: readonly { readonly object: PeeringConnectivity; readonly why: Refused }[];
}

/** Compiles peerings over one picture of the cluster. */
export function compilePeerings(objects: readonly PeeringConnectivity[], topology: Topology): Peerings {
  const compiled: Compiled[] = [];
  const refused: { readonly object: PeeringConnectivity; readonly why: Refused }[] = [];
  for (const object of objects.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))) {
    const plan = planOf(object, (owner) => topology.rangesOf(owner));
    if (plan.kind === 'refused') refused.push({ object, why: plan });
    else {
      const program = programOf(plan, (set) => topology.membersOf(set), {
        generation: object.metadata.generation ?? 1,
      });
      compiled.push({ object, plan, program, judge: judgeOf(program) });
    }
  }
  return { compiled, refused };
}

function nameOf({ metadata }: PeeringConnectivity): string {
  return `${metadata.namespace}/${metadata.name}`;
}
