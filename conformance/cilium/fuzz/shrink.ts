// Makes a failing scenario small: removes and simplifies parts for as long as it keeps failing.
import { isRecord, type PolicyObject, type Scenario } from '../scenario.ts';
import { changeAt, pathsIn } from './oddities.ts';

/** The smallest scenario found that still fails; `fails` is asked at most `limit` times. */
export async function shrink(
  start: Scenario,
  fails: (scenario: Scenario) => Promise<boolean>,
  limit: number,
): Promise<Scenario> {
  let smallest = start;
  let asked = 0;
  const better = async (candidates: Iterable<Scenario>): Promise<boolean> => {
    for (const candidate of candidates) {
      if (asked >= limit) return false;
      asked += 1;
      if (await fails(candidate)) {
        smallest = candidate;
        return true;
      }
    }
    return false;
  };
  // Cheap and large steps first; every success starts again from the top.
  while (
    (await better(withFewerFlows(smallest))) ||
    (await better(withFewerPolicies(smallest))) ||
    (await better(withFewerEndpoints(smallest))) ||
    (await better(withSimplerPolicies(smallest)))
  );
  return smallest;
}

function* withFewerFlows(scenario: Scenario): Generator<Scenario> {
  const { flows } = scenario;
  for (const size of [1, Math.ceil(flows.length / 2)]) {
    if (size >= flows.length || size === 0) continue;
    for (let start = 0; start < flows.length; start += size) {
      yield { ...scenario, flows: flows.slice(start, start + size) };
    }
  }
  if (flows.length === 1) yield { ...scenario, flows: [] };
}

function* withFewerPolicies(scenario: Scenario): Generator<Scenario> {
  for (const index of scenario.policies.keys()) {
    yield { ...scenario, policies: scenario.policies.toSpliced(index, 1) };
  }
}

function* withFewerEndpoints(scenario: Scenario): Generator<Scenario> {
  const used = new Set(scenario.flows.flatMap(([from, to]) => [from, to]));
  const names = Object.keys(scenario.endpoints);
  if (names.some((name) => !used.has(name))) yield { ...scenario, endpoints: keep(scenario.endpoints, used) };
  for (const [name, ports] of Object.entries(scenario.namedPorts ?? {})) {
    const others = new Set(Object.keys(scenario.namedPorts ?? {}).filter((other) => other !== name));
    if (Object.keys(ports).length > 0) yield { ...scenario, namedPorts: keep(scenario.namedPorts ?? {}, others) };
  }
  for (const name of names) {
    const labels = scenario.endpoints[name] ?? [];
    for (const index of labels.keys()) {
      yield { ...scenario, endpoints: { ...scenario.endpoints, [name]: labels.toSpliced(index, 1) } };
    }
  }
}

function* withSimplerPolicies(scenario: Scenario): Generator<Scenario> {
  for (const [index, policy] of scenario.policies.entries()) {
    // Only of these kinds does the judge know what an API server stores.
    if (!String(policy['kind']).startsWith('Cilium')) continue;
    for (const path of pathsIn(policy, []).toReversed()) {
      // The object's identity is not up for change: a policy without a namespace is another kind of policy.
      if (path.length < 2 || path[0] === 'metadata') continue;
      const simpler = changeAt(policy, path, () => ({ kind: 'remove' }));
      if (isPolicy(simpler)) yield { ...scenario, policies: scenario.policies.with(index, simpler) };
    }
  }
}

function isPolicy(value: unknown): value is PolicyObject {
  return isRecord(value) && isRecord(value['metadata']) && typeof value['metadata']['name'] === 'string';
}

function keep<T>(record: Readonly<Record<string, T>>, names: ReadonlySet<string>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name)));
}
