import type { EgressWaypointView } from '../../graph/index.ts';
import type { Compiled } from '../draft.ts';
import { ownerOf } from '../name.ts';
import { checked } from './checks.ts';
import { authorizationPolicy } from './objects.ts';

/**
 * Closes the egress waypoint for whatever no ServiceEntry's policy allows: an ALLOW without rules on the Gateway (I1).
 * ALLOW policies unite (I2), so it takes nothing from the hosts' own; it must be an ALLOW, since a DENY would win.
 */
export function compileEgressWaypoint({ waypoint }: EgressWaypointView): Compiled {
  const owner = ownerOf({ kind: 'egress-waypoint' });
  const target = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: waypoint.name } as const;
  const policy = authorizationPolicy(
    owner,
    { namespace: waypoint.namespace, suffix: '' },
    { targetRefs: [target] },
    [],
  );
  return { drafts: [checked({ unit: owner.unit, ...policy })], findings: [] };
}
