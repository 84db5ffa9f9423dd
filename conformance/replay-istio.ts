// Replays verdicts of istiod and ztunnel against our evaluator: data/istio-verdicts.json and files of its form.
import {
  type IstioPolicySet,
  loadIstio,
  type MeshConfig,
  type MeshPeer,
  type MeshWorkload,
  type PathNormalization,
} from '../src/verify/istio/index.ts';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

/** One named case or random scenario, whichever oracle it is from. */
export interface IstioScenario {
  readonly name: string;
  readonly mesh: MeshConfig;
  readonly policies: readonly unknown[];
  readonly workloads: ReadonlyMap<string, MeshWorkload>;
  readonly raw: Readonly<Record<string, unknown>>;
}

/**
 * Replays one document. One flow passes when verdict and reason agree; an object that takes effect here and not
 * there, or attaches to other workloads, is one failure. Every mismatch is printed.
 */
export function replay(document: unknown, file: string, print: (line: string) => void): Tally {
  const scenarios = readScenarios(document);
  if (!scenarios) {
    print(`${file}: is not a file of Istio verdicts`);
    return { passed: 0, failed: 1 };
  }
  let [passed, failed] = [0, 0];
  for (const scenario of scenarios) {
    const set = loadIstio(scenario.policies, scenario.mesh);
    const flows = asList(scenario.raw['flows']).map(asRecord);
    const wrongObjects = [...effectMismatches(scenario, set), ...attachmentMismatches(scenario, set)];
    const wrongFlows = flows.flatMap((flow) => flowMismatch(flow, scenario, set));
    for (const line of [...wrongObjects, ...wrongFlows]) print(`${file}: ${scenario.name}: ${line}`);
    passed += flows.length - wrongFlows.length;
    failed += wrongObjects.length + wrongFlows.length;
  }
  return { passed, failed };
}

/** The scenarios of a document, or undefined when it has none. */
export function readScenarios(document: unknown): readonly IstioScenario[] | undefined {
  const top = asRecord(document);
  const raws = [...asList(top['cases']), ...asList(top['scenarios'])].map(asRecord);
  if (raws.length === 0) return undefined;
  return raws.map((raw) => ({
    name: String(raw['name']),
    mesh: readMesh(raw),
    policies: asList(raw['policies']),
    workloads: readWorkloads(raw['workloads'] ?? top['workloads']),
    raw,
  }));
}

/** Objects that the oracle and we disagree about: refused or not, fields dropped or not. */
export function effectMismatches({ raw, policies }: IstioScenario, set: IstioPolicySet): readonly string[] {
  const problems = asList(raw['problems']).map(asRecord);
  const names = (...stages: readonly string[]) =>
    new Set(problems.filter(({ stage }) => stages.includes(String(stage))).map(({ name }) => String(name)));
  const refused = new Set(set.refusals.map(({ object }) => `${object.namespace}/${object.name}`));
  const pruned = new Set(set.pruned.map(({ object }) => `${object.namespace}/${object.name}`));
  const theirRefused = names('crd', 'webhook');
  const theirPruned = names('pruned');
  return policies.flatMap((policy) => {
    const metadata = asRecord(asRecord(policy)['metadata']);
    const name = `${String(metadata['namespace'])}/${String(metadata['name'])}`;
    if (refused.has(name) !== theirRefused.has(name)) {
      const why = set.refusals.filter(({ object }) => `${object.namespace}/${object.name}` === name);
      return [`${name}: ${refused.has(name) ? `refused here only: ${why[0]?.message}` : 'refused there only'}`];
    }
    if (!refused.has(name) && pruned.has(name) !== theirPruned.has(name)) {
      return [`${name}: fields dropped ${pruned.has(name) ? 'here' : 'there'} only`];
    }
    return [];
  });
}

function attachmentMismatches({ raw, workloads }: IstioScenario, set: IstioPolicySet): readonly string[] {
  const attached = asRecord(raw['attached']);
  return [...workloads].flatMap(([name, workload]) => {
    const ours = set.ztunnelPolicyOf(workload).attached.map(({ key }) => key);
    const theirs = asList(attached[name]).map(String);
    const same = ours.toSorted().join() === theirs.toSorted().join();
    return same ? [] : [`${name}: attached [${ours.join(', ')}], expected [${theirs.join(', ')}]`];
  });
}

const THEIR_REASONS: Readonly<Record<string, string>> = {
  DenyRule: 'deny policy',
  StrictMutualTls: 'deny policy',
  DefaultDeny: 'no allow policy matched',
};

function flowMismatch(
  flow: Readonly<Record<string, unknown>>,
  { workloads, mesh }: IstioScenario,
  set: IstioPolicySet,
): readonly string[] {
  const title = `${String(flow['from'])} -> ${String(flow['to'])}:${String(flow['port'])}`;
  const from = peerNamed(String(flow['from']), workloads);
  const to = workloads.get(String(flow['to']));
  if (!from || !to) return [`${title}: names no workload of ${mesh.trustDomain}`];
  const { verdict, reason } = set.judgeZtunnel({ from, to, port: Number(flow['port']) });
  const ours = `${verdict} ${THEIR_REASONS[reason] ?? (verdict === 'allowed' ? '' : reason)}`;
  const theirs = `${flow['verdict'] === 'allow' ? 'allowed' : 'denied'} ${String(flow['reason'])}`;
  if (ours !== theirs) return [`${title}: ${ours}(${reason}), expected ${theirs}`];
  const by = flow['by'];
  if (typeof by !== 'string' || set.ztunnelPolicyOf(to).denies.some(({ key }) => key === by)) return [];
  return [`${title}: ${by} denies there and is not in force here`];
}

/** A workload by name; `outside-mesh` and `anonymous` are nobody. */
export function peerNamed(name: string, workloads: ReadonlyMap<string, MeshWorkload>): MeshPeer | undefined {
  if (name === 'outside-mesh') return { plaintext: true, ip: '203.0.113.9' };
  return name === 'anonymous' ? { plaintext: true } : workloads.get(name);
}

function readMesh(raw: Readonly<Record<string, unknown>>): MeshConfig {
  const config = asRecord(raw['meshConfig']);
  const flags = asRecord(raw['env']);
  const normalization = asRecord(config['pathNormalization'])['normalization'];
  return {
    trustDomain: typeof config['trustDomain'] === 'string' ? config['trustDomain'] : 'cluster.local',
    trustDomainAliases: asList(config['trustDomainAliases']).map(String),
    rootNamespace: typeof raw['rootNamespace'] === 'string' ? raw['rootNamespace'] : 'istio-system',
    dryRun: flags['AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY'] === 'true',
    autoAllowWaypoint: flags['PILOT_AUTO_ALLOW_WAYPOINT_POLICY'] === 'true',
    pathNormalization: MODES.find((mode) => mode === normalization) ?? 'BASE',
  };
}

const MODES: readonly PathNormalization[] = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'];

function readWorkloads(value: unknown): ReadonlyMap<string, MeshWorkload> {
  const entries = Object.entries(asRecord(value)).map(([name, held]): [string, MeshWorkload] => {
    const raw = asRecord(held);
    const labels = Object.entries(asRecord(raw['labels'])).map(([key, label]) => [key, String(label)] as const);
    const workload = {
      namespace: String(raw['namespace']),
      serviceAccount: String(raw['serviceAccount']),
      labels: Object.fromEntries(labels),
      plaintext: raw['plaintext'] === true,
    };
    const trustDomain = typeof raw['trustDomain'] === 'string' ? { trustDomain: raw['trustDomain'] } : {};
    const ip = typeof raw['ip'] === 'string' ? { ip: raw['ip'] } : {};
    return [name, { ...workload, ...trustDomain, ...ip }];
  });
  return new Map(entries);
}

export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
