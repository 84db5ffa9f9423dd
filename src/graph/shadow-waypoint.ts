// A waypoint is the one place where a caller's own door cannot tell the services behind it apart.
import type { Workload } from './model.ts';
import type { Party } from './party.ts';
import type { GraphState } from './state.ts';
import { edgeBarred, portsBetween } from './views.ts';

/** A caller that reaches a shadow service without an agreement, and one of the services that opened the waypoint to it. */
export interface Unguarded {
  readonly caller: string;
  readonly callee: string;
  readonly via: string;
}

/**
 * Who reaches a shadow service through its waypoint although they have no agreement: enforced callers, in the mesh, of other
 * services behind that waypoint. Their door sees the waypoint, and what stands at the waypoint is the shadow's own door,
 * which stays open. Sorted by caller; takes time in proportion to the degrees of the services behind the waypoint.
 */
export function unguardedCallers(state: GraphState, shadow: Workload): readonly Unguarded[] {
  const callee = state.services.get(shadow.key)?.self;
  if (!callee || !isUnguarded(state, shadow)) return [];
  const found = new Map<string, Unguarded>();
  for (const via of othersBehind(state, shadow)) {
    for (const caller of via.callers) {
      if (found.has(caller.key) || !isGuarded(caller) || !mayOpen(state, caller, via) || mayOpen(state, caller, callee))
        continue;
      found.set(caller.key, { caller: caller.key, callee: shadow.key, via: via.key });
    }
  }
  return [...found.values()].sort((a, b) => (a.caller < b.caller ? -1 : 1));
}

/** Whether the service is a shadow that shares its waypoint with another service. */
export function isUnguarded(state: GraphState, shadow: Workload): boolean {
  return (
    shadow.mode === 'shadow' &&
    shadow.barred === undefined &&
    shadow.waypoint !== undefined &&
    othersBehind(state, shadow).length > 0
  );
}

function othersBehind(state: GraphState, { key, waypoint }: Workload): readonly Party[] {
  if (!waypoint) return [];
  const users = [...state.waypointUsers.get(`${waypoint.namespace}/${waypoint.name}`)];
  return users.flatMap((user) => {
    const party = user === key ? undefined : state.services.get(user)?.self;
    return party?.workload?.waypoint && party.workload.barred === undefined ? [party] : [];
  });
}

/** Whether the caller has a door of its own, and comes through waypoints. */
function isGuarded({ workload }: Party): boolean {
  return workload?.mode === 'enforce' && workload.mesh === 'ambient';
}

/** Whether the two agree on something that travels in the tunnel. */
function mayOpen(state: GraphState, caller: Party, callee: Party): boolean {
  return (
    caller.workload !== undefined &&
    callee.workload !== undefined &&
    callee.callers.includes(caller) &&
    edgeBarred(state, caller.workload, callee.workload) === undefined &&
    portsBetween(caller, callee).some(({ protocol }) => protocol === 'TCP')
  );
}
