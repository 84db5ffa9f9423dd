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

/** Every port that matters between two workloads, and some for every other ordered pair with a pod in it. */
export function questionsFor(random: Random, estate: Estate, parties: readonly Party[]): Question[] {
  const workloads = new Set(estate.workloads.map(({ key }) => key));
  const offered = new Map(parties.map((party) => [party, portsOf(estate, party)] as const));
  const some = (count: number, ports: readonly Port[]): Port[] => random.list(count, count, () => random.pick(ports));
  const portsFor = (from: Party, to: Party): Port[] => {
    const own = offered.get(to) ?? [];
    const ours = [from, to].filter(({ name }) => workloads.has(name)).length;
    if (ours === 2) return [...own, TUNNEL, ...some(3, ALWAYS)];
    return some(ours === 1 ? 4 : 1, [...own, ...ALWAYS]);
  };
  return pairsOf(random, parties).flatMap(([from, to]) => {
    if (from.kind !== 'pod' && to.kind !== 'pod') return [];
    const distinct = new Map(portsFor(from, to).map((port) => [port.join(), port]));
    return [...distinct.values()].map(([port, protocol]) => ({
      from,
      to,
      flow: [from.name, to.name, port, protocol] as const,
    }));
  });
}

const CROWDED = 300;

/** All ordered pairs; of a crowd, some hundred with its hub, which is its first party, and some among the others. */
function pairsOf(random: Random, parties: readonly Party[]): (readonly [Party, Party])[] {
  const [hub] = parties;
  if (!hub || parties.length < CROWDED) return parties.flatMap((from) => parties.map((to) => [from, to] as const));
  return [
    ...random.list(CROWDED, CROWDED, () => [random.pick(parties), hub] as const),
    ...random.list(CROWDED, CROWDED, () => [random.pick(parties), random.pick(parties)] as const),
  ];
}

const TUNNEL: Port = [15008, 'TCP'];

const ALWAYS: readonly Port[] = [
  TUNNEL,
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
          [target, protocol],
          [port, protocol],
          [target, protocol === 'TCP' ? 'UDP' : 'TCP'],
          [target + 1, protocol],
        ];
      },
    ),
  ];
}
