import type { Finding, Severity } from '../../api/index.ts';
import type { Waypoint, Workload } from '../../graph/index.ts';

/** A finding about a service's LatticeService. */
export function aboutService(
  self: Workload,
  code: string,
  message: string,
  fix: string,
  severity: Severity = 'error',
  edge?: Finding['edge'],
): Finding {
  const object = { kind: 'LatticeService', namespace: self.namespace, name: self.name };
  return { code, severity, message, object, fix, ...(edge ? { edge } : {}) };
}

export function aboutGateway(
  waypoint: Waypoint,
  code: string,
  message: string,
  fix: string,
  severity: Severity = 'error',
): Finding {
  const object = { kind: 'Gateway', namespace: waypoint.namespace, name: waypoint.name };
  return { code, severity, message, object, fix };
}

/** What to do about pods that an engine cannot tell apart by what the declaration says. */
export const SELECT_BY_OTHERS =
  'select the pods by labels of your own with short keys, such as app.kubernetes.io/name, and a ServiceAccount name of at most 63 characters';
