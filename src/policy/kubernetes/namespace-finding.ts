import type { Finding, Severity } from '../../api/index.ts';
import { isWaypoint, type NamespaceView } from '../../graph/index.ts';
import { MAX_EXCLUSIONS } from './complement.ts';

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

/** What default deny leaves out besides the waypoints, which are left out for good. */
export function shadowFindings(view: NamespaceView): readonly Finding[] {
  const names = view.shadows.flatMap((shadow) => (isWaypoint(shadow) ? [] : [shadow.name]));
  if (names.length === 0) return [];
  return [
    about(
      view,
      'warning',
      'DefaultDenyPartial',
      `default deny of the managed namespace ${view.namespace} leaves out its shadow services: ${names.join(', ')}`,
      'set mode: enforce on them when their agreements are complete',
    ),
  ];
}

function about(view: NamespaceView, severity: Severity, code: string, message: string, fix: string): Finding {
  return { code, severity, message, object: { kind: 'Namespace', namespace: '', name: view.namespace }, fix };
}
