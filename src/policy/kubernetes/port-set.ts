import type { Protocol } from '../../api/index.ts';
import type { Port } from '../../graph/index.ts';

/** A real port of a pod: what a packet filter sees, never a Service port (C19). */
export interface TargetPort {
  readonly port: number;
  readonly protocol: Protocol;
}

/** Ports that are granted together: sorted, without duplicates, at least one. Equal sets have equal keys. */
export interface PortSet {
  readonly key: string;
  readonly ports: readonly [TargetPort, ...TargetPort[]];
}

/** Where every meshed TCP connection arrives in ambient (X2). */
export const TUNNEL_PORT: TargetPort = { port: 15008, protocol: 'TCP' };

/** The set of `ports`; undefined when there are none, because "no ports" reads as "all ports" in every engine (C4). */
export function portSet(ports: readonly TargetPort[]): PortSet | undefined {
  const [first, ...rest] = ports;
  if (!first) return undefined;
  if (rest.length === 0) return { key: keyOf(first), ports: [first] };
  const byKey = new Map(ports.map((port) => [keyOf(port), port]));
  const [head = first, ...tail] = [...byKey.values()].sort(byNumberThenProtocol);
  const sorted: [TargetPort, ...TargetPort[]] = [head, ...tail];
  return { key: sorted.map(keyOf).join(','), ports: sorted };
}

/** The real ports behind service ports. */
export function targetPortsOf(ports: readonly Port[]): TargetPort[] {
  return ports.flatMap(({ targetPorts, protocol }) => targetPorts.map((port) => ({ port, protocol })));
}

function keyOf({ port, protocol }: TargetPort): string {
  return `${port}/${protocol}`;
}

function byNumberThenProtocol(a: TargetPort, b: TargetPort): number {
  return a.port - b.port || (a.protocol < b.protocol ? -1 : 1);
}
