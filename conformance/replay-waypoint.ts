// Replays verdicts of istiod's rules in a real Envoy: data/istio-waypoint-verdicts.json and files of its form.
import { type IstioPolicySet, loadIstio, type WaypointRequest } from '../src/verify/istio/index.ts';
import {
  asList,
  asRecord,
  effectMismatches,
  type IstioScenario,
  peerNamed,
  readScenarios,
  type Tally,
} from './replay-istio.ts';

/** The files have one waypoint in front of one Service, which every policy targets. */
const WAYPOINT = { namespace: 'shop', name: 'waypoint' };
const CART = { kind: 'Service', namespace: 'shop', name: 'cart' } as const;

/** Replays one document: one request passes when the verdict agrees. Every mismatch is printed. */
export function replay(document: unknown, file: string, print: (line: string) => void): Tally {
  const scenarios = readScenarios(document);
  if (!scenarios) {
    print(`${file}: is not a file of waypoint verdicts`);
    return { passed: 0, failed: 1 };
  }
  let [passed, failed] = [0, 0];
  for (const scenario of scenarios) {
    const set = loadIstio(scenario.policies, scenario.mesh);
    const requests = asList(scenario.raw['requests']).map(asRecord);
    const wrongEffects = effectMismatches(scenario, set);
    const wrongRequests = requests.flatMap((request) => requestMismatch(request, scenario, set));
    for (const line of [...wrongEffects, ...wrongRequests]) print(`${file}: ${scenario.name}: ${line}`);
    passed += requests.length - wrongRequests.length;
    failed += wrongEffects.length + wrongRequests.length;
  }
  return { passed, failed };
}

function requestMismatch(
  raw: Readonly<Record<string, unknown>>,
  scenario: IstioScenario,
  set: IstioPolicySet,
): readonly string[] {
  const title = `${String(raw['from'])} ${String(raw['method'])} ${String(raw['host'])} ${String(raw['path'])}`;
  const from = peerNamed(String(raw['from']), scenario.workloads);
  if (!from) return [`${title}: names no workload`];
  const headers = Object.entries(asRecord(raw['headers'])).map(([name, value]) => [name, String(value)] as const);
  const request: WaypointRequest = {
    from,
    waypoint: WAYPOINT,
    destination: CART,
    protocol: 'http',
    // Nothing in these files validates a token.
    claims: 'none',
    ...(typeof raw['port'] === 'number' ? { port: raw['port'] } : {}),
    method: String(raw['method']),
    path: String(raw['path']),
    host: String(raw['host']),
    headers: Object.fromEntries(headers),
  };
  const { verdict, reason } = set.judgeWaypoint(request);
  const expected = raw['verdict'] === 'allow' ? 'allowed' : 'denied';
  return verdict === expected ? [] : [`${title}: ${verdict} (${reason}), expected ${expected}`];
}
