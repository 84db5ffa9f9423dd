import type { Finding, Severity } from '../../api/index.ts';
import type { NamespaceView, Waypoint } from '../../graph/index.ts';
import { MAX_EXCLUSIONS } from './complement.ts';
import { covers } from './label-match.ts';
import { gatewayLabels } from './select-peer.ts';

/** Says that the other pods of a managed namespace stay open, because of `reason` or of too many shadow services. */
export function defaultDenyNotExpressible(view: NamespaceView, reason?: string): Finding {
  const why =
    reason ??
    `leaving out its ${view.shadows.length} shadow services exactly would take more than ${MAX_EXCLUSIONS} policies`;
  return about(
    view,
    'error',
    'DefaultDenyNotExpressible',
    `the other pods of the managed namespace ${view.namespace} stay open: ${why}`,
    'give the shadow services one common label of your own and select them by it',
  );
}

/** What default deny leaves out, and what it cuts off. `egress` is the waypoint that has doors of its own. */
export function shadowFindings(view: NamespaceView, egress: Waypoint | undefined): readonly Finding[] {
  return [...leftOut(view), ...cutOff(view, egress)];
}

function leftOut(view: NamespaceView): readonly Finding[] {
  if (view.shadows.length === 0) return [];
  const names = view.shadows.map((shadow) => shadow.name).join(', ');
  return [
    about(
      view,
      'warning',
      'DefaultDenyPartial',
      `default deny of the managed namespace ${view.namespace} leaves out its shadow services: ${names}`,
      'set mode: enforce on them when their agreements are complete',
    ),
  ];
}

/** A waypoint is a pod of its namespace like any other: default deny there closes every agreement that passes it. */
function cutOff(view: NamespaceView, egress: Waypoint | undefined): readonly Finding[] {
  const waypoints = new Map<string, Waypoint>();
  for (const { waypoint } of [...view.enforced, ...view.shadows]) {
    if (waypoint && waypoint.namespace === view.namespace) waypoints.set(waypoint.name, waypoint);
  }
  const shadows = view.shadows.flatMap((shadow) => shadow.selectors);
  return [...waypoints.values()]
    .filter(({ namespace, name }) => name !== egress?.name || namespace !== egress.namespace)
    .filter((waypoint) => !shadows.some((labels) => covers(labels, gatewayLabels(waypoint))))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name }) =>
      about(
        view,
        'warning',
        'WaypointInDefaultDeny',
        `the waypoint ${view.namespace}/${name} is a pod of a managed namespace: agreements that pass it stay closed`,
        `declare it: a LatticeService with mode: shadow and selector.matchLabels {gateway.networking.k8s.io/gateway-name: ${name}}`,
      ),
    );
}

function about(view: NamespaceView, severity: Severity, code: string, message: string, fix: string): Finding {
  return { code, severity, message, object: { kind: 'Namespace', namespace: '', name: view.namespace }, fix };
}
