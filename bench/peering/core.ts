// `npm run bench -- peering core`: what a pod event costs the pure core of peerings, with few pods around it and with many.
import { type PeeringConnectivity, parseObject } from '../../src/api/index.ts';
import {
  decideFabric,
  type Fact,
  NO_FABRIC,
  planOf,
  programOf,
  readFact,
  type StoredFabric,
  Topology,
} from '../../src/peering/index.ts';

/** A third of a million for each size: over a million in all. */
const EVENTS = 350_000;
const WRITES = 200;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

export function measureCore(): void {
  say('pods     us per event   us per event of a member   us per decision what to write');
  const costs = [1000, 10_000, 100_000].map((pods) => measure(pods));
  const [few, , many] = costs;
  if (few === undefined || many === undefined) throw new Error('nothing was measured');
  say(
    `\n${EVENTS.toLocaleString('en')} events each; with 100 times the pods an event costs ${(many / few).toFixed(1)} times as much`,
  );
}

/** Microseconds per event. */
function measure(pods: number): number {
  const topology = Topology.of(Array.from({ length: pods }, (_, index) => podFact(index, index % 20 === 0)));
  const event = time(EVENTS / 10, (turn) => void topology.apply(podFact(pods + (turn % 500), false, turn)));
  const member = time(EVENTS, (turn) => void topology.apply(podFact(pods + (turn % 500), true, turn)));
  const object = peering();
  const plan = planOf(object, (owner) => topology.rangesOf(owner));
  if (plan.kind === 'refused') throw new Error(plan.message);
  const desired = () => programOf(plan, (set) => topology.membersOf(set), { generation: 1 });
  let stored: StoredFabric = NO_FABRIC;
  for (const step of decideFabric('rome', desired(), stored)) {
    if (step.kind === 'program') stored = { ...stored, program: step.object };
    else if (step.kind === 'slice') stored = { ...stored, slices: [...stored.slices, step.object] };
  }
  const writes = time(WRITES, () => {
    if (decideFabric('rome', desired(), stored).length > 0)
      throw new Error('something is written although nothing changed');
  });
  say(
    [pods, event, member, writes]
      .map((each, column) => (column === 0 ? String(each) : each.toFixed(2)).padEnd([9, 15, 27, 0][column] ?? 0))
      .join(''),
  );
  return member;
}

function time(count: number, run: (turn: number) => void): number {
  for (let turn = 0; turn < count / 10; turn++) run(turn);
  const began = performance.now();
  for (let turn = 0; turn < count; turn++) run(turn);
  return ((performance.now() - began) * 1000) / count;
}

/** Pod `index`; in each turn under another address. */
function podFact(index: number, member: boolean, turn = 0): Fact {
  const number = (index + turn) % 0xffff_ff;
  const fact = readFact({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: `app-${index % 50}`,
      name: `p-${index}`,
      labels: member ? { 'offloading.liqo.io/origin': 'rome' } : {},
    },
    spec: { nodeName: `worker-${index % 40}` },
    status: { phase: 'Running', podIP: `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}` },
  });
  if (!fact) throw new Error('a pod tells nothing');
  return fact;
}

function peering(): PeeringConnectivity {
  const parsed = parseObject({
    apiVersion: 'security.liqo.io/v1',
    kind: 'PeeringConnectivity',
    metadata: { name: 'rome', namespace: 'liqo-tenant-rome' },
    spec: { rules: [{ source: { group: 'offloaded' }, action: 'deny' }] },
  });
  if (!parsed.ok || parsed.value.kind !== 'PeeringConnectivity') throw new Error('a peering is refused');
  return parsed.value;
}
