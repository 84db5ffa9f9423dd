// The cluster that the network stands for, as objects of Kubernetes and Liqo, and what a peering comes to in it.
import { type FirewallProgram, parseObject } from '../../src/api/index.ts';
import { judgeAll, judgeOf, planOf, programOf, readFact, Topology } from '../../src/peering/index.ts';
import { localNetwork, node, offloading, peerNetwork, pod } from '../../src/peering/testing/objects.ts';
import type { Actors, Call, Who } from './actors.ts';
import { ACTORS, type Actor, type Network } from './network.ts';

const both = (actor: Actor): readonly string[] => [ACTORS[actor][4], ACTORS[actor][6]];

/** p1 is offloaded to us by `cluster`, p2 is ours in a namespace that offloads, r1 is what we have offloaded. */
function topologyFor(cluster: string): Topology {
  const objects = [
    localNetwork('10.200.0.0/16'),
    peerNetwork(cluster, '10.61.0.0/16'),
    node('virtual', cluster),
    offloading('shop'),
    pod('demo-rome', 'web', { ips: both('p1'), node: 'n1', origin: cluster }),
    pod('shop', 'cart', { ips: both('p2'), node: 'n1' }),
    pod('plain', 'other', { ips: both('p3'), node: 'n2' }),
    pod('shop', 'away', { ips: both('r1'), node: 'virtual', shadow: true }),
  ];
  return Topology.of(objects.flatMap((object) => readFact(object) ?? []));
}

/** The program of a PeeringConnectivity in that cluster. */
export function programFor(raw: Readonly<Record<string, unknown>>): FirewallProgram {
  const parsed = parseObject(raw);
  if (!parsed.ok || parsed.value.kind !== 'PeeringConnectivity') throw new Error(JSON.stringify(parsed));
  const cluster = (parsed.value.metadata.namespace ?? '').replace('liqo-tenant-', '');
  const topology = topologyFor(cluster);
  const plan = planOf(parsed.value, (owner) => topology.rangesOf(owner));
  if (plan.kind !== 'plan') throw new Error(plan.message);
  return programOf(plan, (set) => topology.membersOf(set), { generation: 1 });
}

export function peeringOf(rules: readonly object[], cluster = 'rome'): Readonly<Record<string, unknown>> {
  return {
    apiVersion: 'security.liqo.io/v1',
    kind: 'PeeringConnectivity',
    metadata: { name: cluster, namespace: `liqo-tenant-${cluster}` },
    spec: { rules },
  };
}

/** Everybody who can call somebody through a node. */
const PAIRS: readonly (readonly [Who, readonly Who[]])[] = [
  ['p1', ['p2', 'p3', 'r1', 'r2', 'world', 'lan', 'edge', 'n1']],
  ['p2', ['p1', 'p3', 'r1', 'world', 'n1']],
  ['p3', ['p1', 'p2', 'r1', 'r2', 'world', 'lan']],
  ['r1', ['p1', 'p2', 'p3', 'n1']],
  ['r2', ['p1', 'p3']],
  ['world', ['p1', 'p3']],
];
const WAYS = [
  { family: 4, protocol: 'tcp', port: 8080 },
  { family: 4, protocol: 'udp', port: 8080 },
  { family: 6, protocol: 'tcp', port: 8080 },
  { family: 6, protocol: 'udp', port: 9090 },
] as const;

/** Every call through the nodes whose answer is not what `programs` say, and how many were tried with which answer. */
export async function contradictions(
  actors: Actors,
  network: Network,
  programs: readonly FirewallProgram[],
  families: readonly (4 | 6)[] = [4, 6],
): Promise<{ readonly wrong: readonly string[]; readonly open: number; readonly closed: number }> {
  const judges = programs.map((program) => judgeOf(program));
  const calls = PAIRS.flatMap(([from, targets]) =>
    targets.flatMap((to) =>
      WAYS.filter(({ family }) => families.includes(family)).map((way) => ({ from, to, ...way })),
    ),
  );
  const verdicts = await Promise.all(
    calls.map(async (call) => {
      const protocol = call.protocol === 'tcp' ? ('TCP' as const) : ('UDP' as const);
      const source = addressIn(network, call.from, call.family);
      const destination = addressIn(network, call.to, call.family);
      const { allowed } = judgeAll(judges, { source, destination, protocol, port: call.port });
      // Who may pass is given time on a busy machine; who may not would pass at once.
      const open = await actors.call({ ...call, patience: allowed ? 8000 : 350 });
      return { open, wrong: open === allowed ? [] : [`${textOf(call)} is ${open ? 'open' : 'closed'}`] };
    }),
  );
  const open = verdicts.filter((each) => each.open).length;
  return { wrong: verdicts.flatMap(({ wrong }) => wrong), open, closed: verdicts.length - open };
}

function addressIn(network: Network, who: Who, family: 4 | 6): string {
  return who === 'n1' || who === 'n2' ? network.nodeAddress(who, family) : ACTORS[who][family];
}

function textOf({ from, to, protocol, family }: Call): string {
  return `${from} -> ${to} (${protocol}, IPv${family})`;
}
