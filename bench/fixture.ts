import { deepStrictEqual } from 'node:assert/strict';
import { mulberry32 } from './random.ts';

/** The graphs that are measured: Monzo's shape (1,500 services) and 33 times of it. `skew`: few callees have most callers. */
export const SHAPES = {
  '1.5k-uniform': { services: 1500, edges: 9300, skewed: false },
  '1.5k-skew': { services: 1500, edges: 9300, skewed: true },
  '50k-uniform': { services: 50_000, edges: 300_000, skewed: false },
  '50k-skew': { services: 50_000, edges: 300_000, skewed: true },
} as const;

export type ShapeName = keyof typeof SHAPES;

export function isShape(name: string | undefined): name is ShapeName {
  return name !== undefined && Object.hasOwn(SHAPES, name);
}

/** A service as it would be read from a file. */
export type RawService = Readonly<Record<string, unknown>>;

/** Callees of each service, in the order in which they were drawn. */
export type Callees = readonly (readonly number[])[];

/** Draws a graph and holds it to the values that every implementation of the fixture must reach. Throws when it differs. */
export function drawGraph(name: ShapeName): Callees {
  const { services, edges, skewed } = SHAPES[name];
  const random = mulberry32(42);
  const callees: number[][] = Array.from({ length: services }, () => []);
  const drawn = new Set<number>();
  while (drawn.size < edges) {
    const u1 = random();
    const u2 = random();
    const caller = Math.floor(u1 * services);
    const callee = Math.floor(skewed ? u2 * u2 * u2 * services : u2 * services);
    const pair = caller * services + callee;
    if (caller === callee || drawn.has(pair)) continue;
    drawn.add(pair);
    callees[caller]?.push(callee);
  }
  assertExpected(name, callees);
  return callees;
}

/** The services of a graph in index order, each made when it is asked for. Both sides of every edge are declared. */
export function* rawServices(callees: Callees): Generator<RawService> {
  const peersOf = openPeers(callees);
  for (const index of callees.keys()) yield rawService(index, peersOf(index));
}

/** The peers of a service with the direction of each; a pair drawn both ways is one entry of direction `both`. */
export function openPeers(callees: Callees): (index: number) => Map<number, string> {
  const callers: number[][] = callees.map(() => []);
  for (const [caller, each] of callees.entries()) for (const callee of each) callers[callee]?.push(caller);
  return (index) => {
    const peers = new Map((callees[index] ?? []).map((callee) => [callee, 'outbound']));
    for (const caller of callers[index] ?? []) peers.set(caller, peers.has(caller) ? 'both' : 'inbound');
    return peers;
  };
}

/** One service with its peers and the direction of each. */
export function rawService(index: number, peers: ReadonlyMap<number, string>): RawService {
  const resources = [...peers].map(([peer, direction]) => [nameOf(peer), { direction }] as const);
  return {
    apiVersion: 'lattice.dev/v1alpha1',
    kind: 'LatticeService',
    metadata: { name: nameOf(index), namespace: 'default' },
    spec: {
      containers: { main: { image: 'registry.example/bench:1' } },
      service: { ports: { http: { port: 8080 } } },
      resources: Object.fromEntries(resources),
    },
  };
}

function nameOf(index: number): string {
  return `svc-${index}`;
}

interface Expected {
  readonly maxIn: number;
  readonly maxOut: number;
  readonly withoutCallers: number;
  readonly squares: number;
  readonly firstCallees: readonly number[];
}

const EXPECTED: Readonly<Record<ShapeName, Expected>> = {
  '1.5k-uniform': { maxIn: 16, maxOut: 15, withoutCallers: 1, squares: 66_452, firstCallees: [627, 361] },
  '1.5k-skew': { maxIn: 655, maxOut: 15, withoutCallers: 71, squares: 631_890, firstCallees: [109, 20] },
  '50k-uniform': {
    maxIn: 19,
    maxOut: 19,
    withoutCallers: 114,
    squares: 2_099_476,
    firstCallees: [17_144, 13_825, 24_203],
  },
  '50k-skew': {
    maxIn: 7461,
    maxOut: 19,
    withoutCallers: 2499,
    squares: 76_962_784,
    firstCallees: [2015, 1057, 5671],
  },
};

function assertExpected(name: ShapeName, callees: Callees): void {
  const inDegrees = callees.map(() => 0);
  for (const each of callees) for (const callee of each) inDegrees[callee] = (inDegrees[callee] ?? 0) + 1;
  const expected = EXPECTED[name];
  const actual: Expected = {
    maxIn: Math.max(...inDegrees),
    maxOut: Math.max(...callees.map((each) => each.length)),
    withoutCallers: inDegrees.filter((degree) => degree === 0).length,
    squares: inDegrees.reduce((sum, degree) => sum + degree * degree, 0),
    firstCallees: (callees[0] ?? []).slice(0, expected.firstCallees.length),
  };
  deepStrictEqual(actual, expected, `the graph ${name} is not the one that others measured`);
}
