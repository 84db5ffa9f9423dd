import type { Clock } from '../../kube/index.ts';

/** Now, as Kubernetes writes times: RFC 3339 in UTC, whole seconds. */
export function timeOf(clock: Clock): string {
  return `${new Date(clock.wall()).toISOString().slice(0, 19)}Z`;
}
