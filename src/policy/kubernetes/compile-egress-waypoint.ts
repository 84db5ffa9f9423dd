import type { EgressWaypointView } from '../../graph/index.ts';
import { type Compiled, NOTHING } from '../draft.ts';
import { ownerOf } from '../name.ts';
import { bucketsOf } from './bucket.ts';
import { draftPolicy } from './draft-policy.ts';
import { grant, groupsOf, noGrants } from './grants.ts';
import type { Context } from './ledger.ts';
import { gatewayLabels, isSelectable, type Peer, SHORTER_NAME } from './select-peer.ts';

/**
 * The tunnel of the egress waypoint from exactly its callers. Where it goes from there is decided by its authorization
 * alone, because NetworkPolicy knows no names: a finding says so. Without Istio among the engines nothing is behind it.
 */
export function compileEgressWaypoint(view: EgressWaypointView, context: Context): Compiled {
  if (!context.options.engines.includes('istio')) return NOTHING;
  const { waypoint } = view;
  const object = { kind: 'Gateway', namespace: waypoint.namespace, name: waypoint.name };
  if (!isSelectable(waypoint)) {
    const message = `NetworkPolicy cannot select the pods of the egress waypoint ${waypoint.namespace}/${waypoint.name}`;
    return {
      drafts: [],
      findings: [{ code: 'NotExpressible', severity: 'error', message, object, fix: SHORTER_NAME }],
    };
  }
  const grants = noGrants<Peer>();
  for (const caller of view.callers) grant(grants, context.peers.workload(caller), context.ports.tunnel);
  const groups = groupsOf(grants, context.ports);
  const owner = ownerOf({ kind: 'egress-waypoint' });
  const drafts = bucketsOf(groups).map((bucket) => {
    const { namespace } = waypoint;
    const ingress = groups.flatMap(({ members, ports }) => {
      const from = members.filter(bucket.has).flatMap((member) => member.peers);
      return from.length > 0 ? [{ from, ports: ports.ports }] : [];
    });
    const identity = { owner, namespace, part: 'deny', suffix: bucket.suffix } as const;
    return draftPolicy(identity, { matchLabels: gatewayLabels(waypoint) }, { ingress, egress: 'open' });
  });
  const finding = {
    code: 'EgressWaypointOpen',
    severity: 'warning',
    message: `what the egress waypoint ${waypoint.namespace}/${waypoint.name} itself may open is not limited: NetworkPolicy knows no names`,
    object,
    fix: 'compile with --engine cilium,istio, or limit it by a policy of your own',
  } as const;
  return { drafts, findings: [finding] };
}
