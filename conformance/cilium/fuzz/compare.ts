// Our evaluator's answer to a scenario, in the judge's words, and where the two differ.
import { loadCilium } from '../../../src/verify/cilium/index.ts';
import type { Answer, Scenario } from '../scenario.ts';

export interface Comparison {
  /** One line per difference; empty = the evaluator says what the engine says. */
  readonly differences: readonly string[];
  /** Flows that the evaluator calls undecided although the engine decides, with its reason: never wrong, but no proof. */
  readonly undecided: readonly string[];
}

/** Compares refusals by object and stage, dropped fields by path, and verdicts flow by flow. */
export function compare(scenario: Scenario, answer: Answer): Comparison {
  const { endpoints, namedPorts = {}, flows, policies, localCluster, clusterName, enforcement } = scenario;
  const set = loadCilium(policies, {
    localCluster,
    clusterName,
    ...(enforcement && { enforcement }),
    families: 'dual',
    outside: 'disregarded',
    endpoints: Object.entries(endpoints).map(([name, labels]) => ({ labels, namedPorts: namedPorts[name] ?? {} })),
  });
  const differences: string[] = [];
  for (const [index, { effect, refusal, pruned }] of set.admissions.entries()) {
    const ours = effect === 'refused' ? (refusal?.stage ?? 'no stage') : effect;
    const theirs = fate(answer, index);
    if (ours !== theirs && !isListForText(ours, theirs, refusal?.message ?? ''))
      differences.push(`policy ${index}: engine ${theirs}, evaluator ${ours}: ${refusal?.message ?? ''}`);
    const dropped = droppedPaths(answer, index);
    const ownDropped = pruned.toSorted().join(', ');
    if (ours === 'enforced' && theirs === 'enforced' && dropped !== ownDropped) {
      differences.push(`policy ${index}: engine drops [${dropped}], evaluator [${ownDropped}]`);
    }
  }
  const undecided: string[] = [];
  for (const [index, [from, to, port, protocol]] of flows.entries()) {
    const verdicts = set.judge({
      from: endpoints[from] ?? [],
      to: endpoints[to] ?? [],
      port,
      protocol,
      namedPorts: namedPorts[to] ?? {},
    });
    const ours = `${letter(verdicts.egress)}${letter(verdicts.ingress)}`;
    const theirs = answer.verdicts[index] ?? '';
    if (ours.split('').some((each, side) => each === '?' && theirs[side] !== 'E'))
      undecided.push(`${theirs} ${verdicts.egress.reason} ${verdicts.ingress.reason}`);
    const same = ours.split('').every((each, side) => each === '?' || each === theirs[side]);
    if (!same) {
      const why = `${verdicts.egress.reason} ${verdicts.ingress.reason}`;
      differences.push(`${from} -> ${to} ${port}/${protocol}: engine ${theirs}, evaluator ${ours} (${why})`);
    }
  }
  return { differences, undecided };
}

/**
 * The one difference that is left as it is: an API server stores a list where its schema says a string with a format
 * (CIDRs), and the agent then refuses the object. The evaluator refuses it a stage earlier; nothing is enforced either way.
 */
function isListForText(ours: string, theirs: string, message: string): boolean {
  return (
    ours === 'schema' && theirs === 'agent' && /(CIDR\[\d+\]|\.cidr|\.except\[\d+\]) must be a string$/.test(message)
  );
}

function letter({ verdict, reason }: { readonly verdict: string; readonly reason: string }): string {
  if (verdict === 'unmanaged') return 'U';
  if (verdict === 'undecided') return '?';
  if (verdict === 'denied') return 'D';
  return reason === 'AllowRuleToProxy' ? 'R' : 'A';
}

function fate({ errors }: Answer, index: number): string {
  const stages = errors.filter(({ policy }) => policy === index).map(({ stage }) => stage);
  if (stages.includes('schema')) return 'schema';
  return stages.includes('agent') ? 'agent' : 'enforced';
}

function droppedPaths({ errors }: Answer, index: number): string {
  const found = errors.find(({ policy, stage }) => policy === index && stage === 'pruned');
  return (found?.message.split(', ') ?? []).toSorted().join(', ');
}
