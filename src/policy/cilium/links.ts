import type { Finding } from '../../api/index.ts';
import type { BuiltinLink, Link, ServiceView, Waypoint, Workload } from '../../graph/index.ts';
import { grant, grantNext, unite } from '../kubernetes/grants.ts';
import { pathBetween, pathOfBuiltin } from '../kubernetes/path.ts';
import type { PortBook } from '../kubernetes/port-set.ts';
import { builtinMembers } from './builtin.ts';
import { aboutService, SELECT_BY_OTHERS } from './finding.ts';
import type { Grants } from './grants.ts';
import type { PeerBook } from './select-peer.ts';

/** Where a service's grants are gathered. */
export interface Ledger {
  readonly self: Workload;
  readonly peers: PeerBook;
  readonly ports: PortBook;
  readonly ingress: Grants;
  readonly egress: Grants;
  readonly findings: Finding[];
}

/** Agreements with other services, in both directions. A peer that cannot be selected loses its edges, no other does. */
export function grantLinks(ledger: Ledger, view: ServiceView): void {
  for (const link of view.inbound) grantLink(ledger, ledger.ingress, link, link.peer, ledger.self);
  for (const link of view.outbound) grantLink(ledger, ledger.egress, link, ledger.self, link.peer);
}

/** The administrator's built-in peers: their ports as configured, and the service's real ones. */
export function grantBuiltins(ledger: Ledger, builtins: readonly BuiltinLink[]): void {
  for (const link of builtins) {
    const { peer } = link;
    const { outbound, inbound, waypoint } = pathOfBuiltin(ledger.self, link);
    const { members, reason } = builtinMembers(peer, ledger.peers);
    if (reason !== undefined) refuse(ledger, `the built-in peer ${peer.name}`, reason);
    for (const member of members) {
      unite(ledger.egress, member, outbound);
      unite(ledger.ingress, member, inbound);
    }
    if (waypoint) grantWaypoint(ledger, ledger.ingress, waypoint);
  }
}

/** Opens the tunnel between this service and a waypoint (X3). */
export function grantWaypoint(ledger: Ledger, grants: Grants, waypoint: Waypoint): void {
  const selected = ledger.peers.waypoint(waypoint);
  if (selected.kind === 'endpoints') grant(grants, selected, ledger.ports.tunnel);
  else refuse(ledger, `the waypoint ${waypoint.namespace}/${waypoint.name}`, selected.reason);
}

function grantLink(ledger: Ledger, grants: Grants, link: Link, caller: Workload, callee: Workload): void {
  const path = pathBetween(caller, callee, link.ports, ledger.ports);
  if (path.waypoint) grantWaypoint(ledger, grants, path.waypoint);
  if (!path.direct) return;
  const selected = ledger.peers.workload(link.peer);
  if (selected.kind === 'endpoints') grantNext(grants, selected, path.direct);
  else refuse(ledger, link.peer.key, selected.reason, { from: caller.key, to: callee.key });
}

/** Several edges may need the same waypoint, and several directions the same peer: it is said once. */
function refuse({ self, findings }: Ledger, peer: string, reason: string, edge?: Finding['edge']): void {
  const message = `${self.key} and ${peer} stay closed to each other: ${reason}`;
  if (findings.some((finding) => finding.message === message)) return;
  findings.push(aboutService(self, 'PodsNotSelectable', message, SELECT_BY_OTHERS, 'error', edge));
}
