// Random scenarios: a world, some policies of all kinds, flows near the ports that the policies name.
import { type Random, randomFrom } from '../random.ts';
import type { FlowTuple, PolicyObject, Scenario } from '../scenario.ts';
import { makeCiliumPolicy } from './cilium-policy.ts';
import { makeClusterPolicy } from './cluster-policy.ts';
import { makeNetworkPolicy } from './network-policy.ts';
import { makeOdd } from './oddities.ts';
import { makeWorld } from './world.ts';

const FLOWS = 60;

/** The scenario of this seed and number; the same for ever as long as the generator is not changed. */
export function makeScenario(seed: number, number: number): Scenario {
  const random = randomFrom(seed * 1_000_003 + number);
  const { endpoints, namedPorts } = makeWorld(random, 6 + random.below(10));
  const names = Object.keys(endpoints);
  const enforcement = random.chance(0.05) ? random.pick(['always', 'never', 'default'] as const) : undefined;
  return {
    id: `${seed}-${number}`,
    clusterName: random.chance(0.1) ? '' : 'c1',
    localCluster: 'c1',
    ...(enforcement && { enforcement }),
    endpoints,
    namedPorts,
    policies: random.list(1, 5, () => 0).map((_, index) => makePolicy(random, `p${index}`)),
    flows: random.list(FLOWS, FLOWS, () => makeFlow(random, names)),
  };
}

function makePolicy(random: Random, name: string): PolicyObject {
  if (random.chance(0.2)) return makeNetworkPolicy(random, name);
  if (random.chance(0.1)) return makeClusterPolicy(random, name);
  const policy = makeCiliumPolicy(random, name);
  if (random.chance(0.65)) return policy;
  const odd = makeOdd(random, policy);
  return random.chance(0.3) ? makeOdd(random, odd) : odd;
}

const PORTS = [
  1, 2, 52, 53, 54, 79, 80, 81, 90, 99, 100, 101, 110, 443, 444, 999, 1000, 8080, 8081, 9090, 15008, 65535,
];

function makeFlow(random: Random, names: readonly string[]): FlowTuple {
  const pods = names.filter((name) => name.startsWith('pod-'));
  const party = (): string => random.pick(random.chance(0.6) ? pods : names);
  const from = party();
  const to = party();
  const choice = random.below(10);
  if (choice === 0) return [from, to, random.pick([8, 3, 5, 42, 9]), 'ICMP'];
  if (choice === 1) return [from, to, random.pick([128, 129, 1, 2]), 'ICMPv6'];
  return [from, to, random.pick(PORTS), choice < 7 ? 'TCP' : choice < 9 ? 'UDP' : 'SCTP'];
}
