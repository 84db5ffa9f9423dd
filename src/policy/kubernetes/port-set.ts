import type { Protocol } from '../../api/index.ts';
import type { Port } from '../../graph/index.ts';

/** A real port of a pod: what a packet filter sees, never a Service port (C19). */
export interface TargetPort {
  readonly port: number;
  readonly protocol: Protocol;
}

/** Ports that are granted together: sorted, without duplicates, at least one. */
export interface PortSet {
  /** `53/UDP,8080/TCP`. */
  readonly key: string;
  readonly ports: readonly [TargetPort, ...TargetPort[]];
}

/** Where every meshed TCP connection arrives in ambient (X2). */
export const TUNNEL_PORT: TargetPort = { port: 15008, protocol: 'TCP' };

/** Makes port sets, each once: equal sets of one book are the same object. */
export interface PortBook {
  /** 15008 alone. */
  readonly tunnel: PortSet;
  /** Undefined for no ports, because "no ports" reads as "all ports" in every engine (C4). */
  readonly of: (ports: readonly TargetPort[]) => PortSet | undefined;
  /** The real ports behind service ports. */
  readonly behind: (ports: readonly Port[]) => PortSet | undefined;
}

export function openPortBook(): PortBook {
  const single = { TCP: new Map<number, PortSet>(), UDP: new Map<number, PortSet>(), SCTP: new Map<number, PortSet>() };
  const several = new Map<string, PortSet>();
  const one = (port: TargetPort): PortSet => {
    const known = single[port.protocol].get(port.port);
    if (known) return known;
    const set: PortSet = { key: keyOf(port), ports: [port] };
    single[port.protocol].set(port.port, set);
    return set;
  };
  const of = (ports: readonly TargetPort[]): PortSet | undefined => {
    const [first, ...rest] = sorted(ports);
    if (!first || rest.length === 0) return first && one(first);
    const key = [first, ...rest].map(keyOf).join(',');
    const set = several.get(key) ?? { key, ports: [first, ...rest] };
    several.set(key, set);
    return set;
  };
  return {
    tunnel: one(TUNNEL_PORT),
    of,
    behind: (ports) => {
      const [port] = ports;
      const target = port?.targetPorts[0];
      // Almost every agreement has one port: no list is made for it.
      if (port && target !== undefined && ports.length === 1 && port.targetPorts.length === 1) {
        return single[port.protocol].get(target) ?? one({ port: target, protocol: port.protocol });
      }
      return of(targetPortsOf(ports));
    },
  };
}

/** The real ports behind service ports. */
export function targetPortsOf(ports: readonly Port[]): TargetPort[] {
  return ports.flatMap(({ targetPorts, protocol }) => targetPorts.map((port) => ({ port, protocol })));
}

function sorted(ports: readonly TargetPort[]): readonly TargetPort[] {
  if (ports.length < 2) return ports;
  return [...new Map(ports.map((port) => [keyOf(port), port])).values()].sort(
    (a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1),
  );
}

function keyOf({ port, protocol }: TargetPort): string {
  return `${port}/${protocol}`;
}
