import type { Finding } from '../../api/index.ts';
import type { Link, Waypoint, Workload } from '../../graph/index.ts';
import type { CompileOptions } from '../options.ts';
import { type Grants, grant, grantNext } from './grants.ts';
import { pathBetween } from './path.ts';
import type { PortBook } from './port-set.ts';
import { isSelectable, type Peer, type PeerBook, SHORTER_NAME } from './select-peer.ts';

/** What all units of one compilation share. */
export interface Context {
  readonly options: CompileOptions;
  readonly peers: PeerBook;
  readonly ports: PortBook;
}

/** Where a service's grants are gathered. */
export interface Ledger {
  readonly self: Workload;
  readonly context: Context;
  readonly ingress: Grants<Peer>;
  readonly egress: Grants<Peer>;
  readonly findings: Finding[];
}

/** Opens what one agreement between `caller` and `callee` needs at one of them. */
export function grantLink(ledger: Ledger, grants: Grants<Peer>, link: Link, caller: Workload, callee: Workload): void {
  const { direct, waypoint } = pathBetween(caller, callee, link.ports, ledger.context.ports);
  if (waypoint) grantWaypoint(ledger, grants, waypoint);
  if (direct) grantNext(grants, ledger.context.peers.workload(link.peer), direct);
}

/** Opens the tunnel between a service and a waypoint (X3). */
export function grantWaypoint(ledger: Ledger, grants: Grants<Peer>, waypoint: Waypoint): void {
  const { peers, ports } = ledger.context;
  if (isSelectable(waypoint)) grant(grants, peers.waypoint(waypoint), ports.tunnel);
  else refuse(ledger, `the waypoint ${waypoint.namespace}/${waypoint.name}`, SHORTER_NAME);
}

/** Says what NetworkPolicy has no words for; the edge stays closed. */
export function refuse({ self, findings }: Ledger, what: string, fix: string, edge?: Finding['edge']): void {
  findings.push({
    code: 'NotExpressible',
    severity: 'error',
    message: `${self.key}: NetworkPolicy has no words for ${what}; it stays closed`,
    object: { kind: 'LatticeService', namespace: self.namespace, name: self.name },
    fix,
    ...(edge ? { edge } : {}),
  });
}
