// Which flows to ask about: every ordered pair that a declaration can bear on, on the ports where a mistake would show.
import type { Random } from '../random.ts';
import type { FlowTuple, Protocol } from '../scenario.ts';
import type { Estate } from './estate.ts';
import type { Party } from './parties.ts';

export interface Question {
  readonly from: Party;
  readonly to: Party;
  readonly flow: FlowTuple;
}

type Port = readonly [port: number, protocol: Protocol];

/** Some ports for every ordered pair of parties with a pod in it: more where an agreement is likely. */
export function questionsFor(random: Random, estate: Estate, parties: readonly Party[]): Question[] {
  const workloads = new Set(estate.workloads.map(({ key }) => key));
  const offered = new Map(parties.map((party) => [party, portsOf(estate, party)] as const));
  return parties.flatMap((from) =>
    parties.flatMap((to) => {
      if (from.kind !== 'pod' && to.kind !== 'pod') return [];
      const count =
        workloads.has(from.name) && workloads.has(to.name)
          ? 16
          : workloads.has(from.name) || workloads.has(to.name)
            ? 4
            : 1;
      const ports = [...(offered.get(to) ?? []), ...ALWAYS];
      const chosen = new Map(random.list(count, count, () => random.pick(ports)).map((port) => [port.join(), port]));
      return [...chosen.values()].map(([port, protocol]) => ({
        from,
        to,
        flow: [from.name, to.name, port, protocol] as const,
      }));
    }),
  );
}

const ALWAYS: readonly Port[] = [
  [15008, 'TCP'],
  [15008, 'UDP'],
  [53, 'UDP'],
  [53, 'TCP'],
  [4242, 'TCP'],
  [4242, 'SCTP'],
  [8, 'ICMP'],
];

const OUTSIDE: readonly Port[] = [
  [443, 'TCP'],
  [8443, 'TCP'],
  [5432, 'TCP'],
  [5433, 'TCP'],
  [9000, 'TCP'],
  [123, 'UDP'],
  [443, 'UDP'],
  [6443, 'TCP'],
];

/** Where the party listens, where its Services listen, and the neighbours of both. */
function portsOf(estate: Estate, party: Party): Port[] {
  if (party.kind !== 'pod') return [...OUTSIDE];
  if (party.role !== undefined) return [[15008, 'TCP']];
  if (party.name === 'istio-system/istiod') return [[15012, 'TCP']];
  const key = [party.namespace, party.labels['app'] ?? party.labels['app.kubernetes.io/name'] ?? ''].join('/');
  const declaration = estate.declarations.get(`LatticeService/${key}`);
  if (declaration?.kind !== 'LatticeService') return [[8080, 'TCP']];
  const real =
    estate.workloads.find((each) => each.key === key)?.deployment?.spec.template.spec.containers[0]?.ports ?? [];
  return [
    ...real.map(({ containerPort, protocol }): Port => [containerPort, protocol]),
    ...Object.values(declaration.spec.service?.ports ?? {}).flatMap(
      ({ port, targetPort, protocol = 'TCP' }): Port[] => {
        const target = typeof targetPort === 'number' ? targetPort : port;
        return [
          // The real port three times, as most verdicts turn on it.
          [target, protocol],
          [target, protocol],
          [target, protocol],
          [port, protocol],
          [target, protocol === 'TCP' ? 'UDP' : 'TCP'],
          [target + 1, protocol],
        ];
      },
    ),
  ];
}
