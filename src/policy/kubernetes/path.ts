import type { Port, Waypoint, Workload } from '../../graph/index.ts';
import { type PortSet, portSet, TUNNEL_PORT, type TargetPort, targetPortsOf } from './port-set.ts';

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
export function pathBetween(caller: Workload, callee: Workload, ports: readonly Port[]): Path {
  if (caller.mesh !== 'ambient' || callee.mesh !== 'ambient') return plain(ports);
  const tunnelled = ports.some(isTunnelled);
  if (!tunnelled) return plain(ports);
  const waypoint = callee.waypoint;
  const straight = waypoint === undefined || callee.direct;
  if (ports.every(isTunnelled)) return { direct: straight ? TUNNEL : undefined, waypoint };
  const real = targetPortsOf(ports.filter((port) => !isTunnelled(port)));
  return { direct: portSet(straight ? [...real, TUNNEL_PORT] : real), waypoint };
}

/** 15008 alone. */
export const TUNNEL: PortSet = { key: '15008/TCP', ports: [TUNNEL_PORT] };

function plain(ports: readonly Port[]): Path {
  return { direct: portSet(realPorts(ports)), waypoint: undefined };
}

function realPorts(ports: readonly Port[]): readonly TargetPort[] {
  return targetPortsOf(ports);
}

function isTunnelled(port: Port): boolean {
  return port.protocol === 'TCP';
}
