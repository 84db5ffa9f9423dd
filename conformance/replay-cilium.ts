// Replays files of Cilium's own verdicts: random scenarios, and hand-written cases.
import {
  type Admission,
  type CiliumConfig,
  type CiliumPolicySet,
  loadCilium,
  type NamedPorts,
  type Protocol,
  type Unmanaged,
} from '../src/verify/cilium/index.ts';
import type { Verdict } from '../src/verify/verdict.ts';

/**
 * Replays one document. A flow passes if both sides agree with the recorded verdict; an object whose fate differs
 * from the recorded one counts as one failure. An undecided verdict never passes.
 */
export function replay(
  document: unknown,
  file: string,
  print: (line: string) => void,
): { passed: number; failed: number } {
  const tally = { passed: 0, failed: 0 };
  const report: Report = {
    pass: () => void tally.passed++,
    fail: (where, problem) => {
      tally.failed++;
      print(`${file}: ${where}: ${problem}`);
    },
  };
  if (!isRecord(document)) report.fail('document', 'is not an object');
  else if (Array.isArray(document.cases))
    for (const item of document.cases) replayCase(fieldsOf(item), document, report);
  else if (Array.isArray(document.scenarios))
    for (const item of document.scenarios) replayScenario(fieldsOf(item), document, report);
  else report.fail('document', 'has neither cases nor scenarios');
  return tally;
}

interface Report {
  pass(): void;
  fail(where: string, problem: string): void;
}

type Fields = Readonly<Record<string, unknown>>;

const PROTOCOLS: readonly Protocol[] = ['TCP', 'UDP', 'SCTP', 'ICMP', 'ICMPv6'];

interface RecordedFlow {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly protocol: Protocol;
}

function replayScenario(scenario: Fields, shared: Fields, report: Report): void {
  const id = String(scenario.id);
  const endpoints = fieldsOf(scenario.endpoints ?? shared.endpoints);
  const namedPorts = fieldsOf(scenario.namedPorts ?? shared.namedPorts);
  const policies = listOf(scenario.policies);
  const set = loadCilium(policies, configOf(scenario, endpoints, namedPorts));
  const expected = effectsOf(listOf(scenario.errors), policies.length);
  for (const [index, admission] of set.admissions.entries()) {
    const actual = effectOf(admission);
    if (actual !== expected[index])
      report.fail(
        `${id} policy ${index}`,
        `expected ${expected[index]}, got ${actual}${admission.refusal ? `: ${admission.refusal.message}` : ''}`,
      );
  }
  const verdicts = listOf(scenario.verdicts);
  const flows = listOf(scenario.flows);
  if (flows.length !== verdicts.length) report.fail(id, `has ${flows.length} flows and ${verdicts.length} verdicts`);
  for (const [index, item] of flows.entries()) {
    const flow = readFlow(item);
    const where = `${id} flow ${index} ${JSON.stringify(item)}`;
    const recorded = verdicts[index];
    if (!flow || typeof recorded !== 'string') report.fail(where, 'is malformed');
    else judgeFlow(set, flow, endpoints, namedPorts, { recorded, where, report, unmanagedIsAllowed: false });
  }
}

function replayCase(item: Fields, shared: Fields, report: Report): void {
  const id = String(item.id);
  const endpoints = fieldsOf(item.endpoints ?? shared.endpoints);
  const namedPorts = fieldsOf(item.namedPorts ?? shared.namedPorts);
  const set = loadCilium(listOf(item.policies), configOf(item, endpoints, namedPorts));
  const refused = set.admissions.filter((admission) => admission.effect === 'refused').length;
  // Cases record how many objects were refused and why, not which.
  const expected = listOf(item.rejected).length;
  if (refused !== expected)
    report.fail(
      id,
      `expected ${expected} refused objects, got ${refused}: ${set.refusals.map(({ message }) => message).join('; ')}`,
    );
  for (const [index, each] of listOf(item.flows).entries()) {
    const { From: from, To: to, Port: port, Proto: proto, egress, ingress } = fieldsOf(each);
    const where = `${id} flow ${index} ${JSON.stringify([from, to, port, proto])}`;
    const flow = readFlow([from, to, port, proto]);
    const recorded = letterOf(egress) + letterOf(ingress);
    if (!flow || recorded.length !== 2) report.fail(where, 'is malformed');
    else judgeFlow(set, flow, endpoints, namedPorts, { recorded, where, report, unmanagedIsAllowed: true });
  }
}

interface Expectation {
  readonly recorded: string;
  readonly where: string;
  readonly report: Report;
  /** Cases know no unmanaged sides: nothing is denied there. */
  readonly unmanagedIsAllowed: boolean;
}

function judgeFlow(
  set: CiliumPolicySet,
  flow: RecordedFlow,
  endpoints: Fields,
  namedPorts: Fields,
  expectation: Expectation,
): void {
  const { recorded, where, report, unmanagedIsAllowed } = expectation;
  const from = labelsOf(endpoints[flow.from]);
  const to = labelsOf(endpoints[flow.to]);
  if (!from || !to) return report.fail(where, 'names an unknown endpoint');
  const { port, protocol } = flow;
  const { egress, ingress } = set.judge({ from, to, port, protocol, namedPorts: readNamedPorts(namedPorts[flow.to]) });
  const letters = [egress, ingress].map((side) => letterOfSide(side, unmanagedIsAllowed)).join('');
  if (letters === recorded.replaceAll('R', 'A')) return report.pass();
  const explain = (side: Verdict | Unmanaged): string =>
    `${side.verdict} (${[side.reason, ...side.decidedBy.map((ref) => `${ref.kind} ${ref.namespace}/${ref.name} ${ref.rule ?? ''}`)].join('; ')})`;
  return report.fail(
    where,
    `expected ${recorded}, got ${letters}: egress ${explain(egress)}, ingress ${explain(ingress)}`,
  );
}

function letterOfSide(side: Verdict | Unmanaged, unmanagedIsAllowed: boolean): string {
  switch (side.verdict) {
    case 'allowed':
      return 'A';
    case 'denied':
      return 'D';
    case 'unmanaged':
      return unmanagedIsAllowed ? 'A' : 'U';
    case 'undecided':
      // The engine, too, has no answer where rules cannot be merged.
      return side.reason.startsWith('PolicyConflict') ? 'E' : '?';
  }
}

function letterOf(word: unknown): string {
  return word === 'allowed' || word === 'allow' ? 'A' : word === 'denied' || word === 'deny' ? 'D' : '';
}

type Effect = 'refused' | 'pruned' | 'enforced';

function effectOf(admission: Admission): Effect {
  if (admission.effect === 'refused') return 'refused';
  return admission.pruned.length > 0 ? 'pruned' : 'enforced';
}

function effectsOf(errors: readonly unknown[], count: number): Effect[] {
  const effects = Array<Effect>(count).fill('enforced');
  for (const error of errors) {
    const { policy, stage } = fieldsOf(error);
    if (typeof policy !== 'number' || policy < 0) continue;
    if (stage === 'schema' || stage === 'agent') effects[policy] = 'refused';
    else if (stage === 'pruned' && effects[policy] === 'enforced') effects[policy] = 'pruned';
  }
  return effects;
}

function configOf(scenario: Fields, endpoints: Fields, namedPorts: Fields): CiliumConfig {
  const { enforcement } = scenario;
  return {
    localCluster: typeof scenario.localCluster === 'string' ? scenario.localCluster : 'c1',
    clusterName: typeof scenario.clusterName === 'string' ? scenario.clusterName : '',
    enforcement: enforcement === 'always' || enforcement === 'never' ? enforcement : 'default',
    // The policy engine was asked alone: no Services, no CIDR groups, no authentication.
    outside: 'disregarded',
    endpoints: Object.entries(endpoints).map(([name, labels]) => ({
      labels: labelsOf(labels) ?? [],
      namedPorts: readNamedPorts(namedPorts[name]),
    })),
  };
}

function readFlow(item: unknown): RecordedFlow | undefined {
  const fields = fieldsOf(item);
  const parts = Array.isArray(item) ? listOf(item) : [fields.from, fields.to, fields.port, fields.proto];
  const [from, to, port, proto] = parts;
  const protocol = PROTOCOLS.find((each) => each === proto);
  if (typeof from !== 'string' || typeof to !== 'string' || typeof port !== 'number' || !protocol) return undefined;
  return { from, to, port, protocol };
}

function readNamedPorts(value: unknown): NamedPorts {
  const ports: [string, { port: number; protocol?: string }][] = [];
  for (const [name, item] of Object.entries(fieldsOf(value))) {
    const { port, protocol } = fieldsOf(item);
    if (typeof port === 'number') ports.push([name, typeof protocol === 'string' ? { port, protocol } : { port }]);
  }
  return Object.fromEntries(ports);
}

function labelsOf(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((label) => typeof label === 'string') : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
