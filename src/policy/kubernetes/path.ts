import {
  type BuiltinLink,
  callsThroughTunnel,
  meshedBuiltin,
  type Port,
  type Waypoint,
  type Workload,
} from '../../graph/index.ts';
import { type PortBook, type PortSet, type TargetPort, TUNNEL_PORT, targetPortsOf } from './port-set.ts';

/** How the packets of an agreement travel: straight between the two pods, through a waypoint's tunnel, or both. */
export interface Path {
  /** What the pair itself may open. */
  readonly direct: PortSet | undefined;
  /** The waypoint that carries the rest: caller -> waypoint and waypoint -> callee, each on 15008. */
  readonly waypoint: Waypoint | undefined;
}

/**
 * The path of an agreement's ports. Between two ambient workloads TCP travels in the tunnel (X2), through the callee's
 * waypoint where it has one (X3); the pair itself opens it only when some callers go past the waypoint (I11).
 * UDP, SCTP and everything with a side outside the mesh keep their real ports (X6).
 */
export function pathBetween(caller: Workload, callee: Workload, ports: readonly Port[], book: PortBook): Path {
  const meshed = callsThroughTunnel(caller.mesh) && callee.mesh === 'ambient';
  const tunnelled = meshed ? countTunnelled(ports) : 0;
  if (tunnelled === 0) return { direct: book.behind(ports), waypoint: undefined };
  // A gateway of the mesh goes past waypoints (I11).
  const waypoint = caller.mesh === 'gateway' ? undefined : callee.waypoint;
  const straight = waypoint === undefined || callee.direct;
  if (tunnelled === ports.length) return { direct: straight ? book.tunnel : undefined, waypoint };
  const real = targetPortsOf(ports.filter((port) => !isTunnelled(port)));
  return { direct: book.of(straight ? [...real, TUNNEL_PORT] : real), waypoint };
}

/** How the packets between a service and a built-in peer travel. */
export interface BuiltinPath {
  readonly outbound: readonly TargetPort[];
  readonly inbound: readonly TargetPort[];
  /** The service's waypoint, when the peer may call the service's Services as well as its pods. */
  readonly waypoint: Waypoint | undefined;
}

/**
 * The path of what is agreed with a built-in peer: its real ports, unless both are in the mesh. There TCP travels in the
 * tunnel (X2), from the peer both to the pods themselves, as scrapers call them, and through the service's waypoint.
 */
export function pathOfBuiltin(self: Workload, { peer, outbound, inbound }: BuiltinLink): BuiltinPath {
  const real = targetPortsOf(inbound);
  if (!meshedBuiltin(peer)) return { outbound, inbound: real, waypoint: undefined };
  const called = self.mesh === 'ambient';
  const through = called && real.some(isTunnelled) ? self.waypoint : undefined;
  return {
    outbound: callsThroughTunnel(self.mesh) ? tunnelled(outbound) : outbound,
    inbound: called ? tunnelled(real) : real,
    waypoint: through,
  };
}

function tunnelled(ports: readonly TargetPort[]): readonly TargetPort[] {
  return ports.some(isTunnelled) ? [...ports.filter((port) => !isTunnelled(port)), TUNNEL_PORT] : ports;
}

function countTunnelled(ports: readonly Port[]): number {
  let count = 0;
  for (const port of ports) if (isTunnelled(port)) count += 1;
  return count;
}

function isTunnelled(port: Pick<Port, 'protocol'>): boolean {
  return port.protocol === 'TCP';
}
