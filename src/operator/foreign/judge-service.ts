import type { UnitKey } from '../../graph/index.ts';
import type { Compiled } from '../../policy/index.ts';
import { type Claim, foreignFindings } from '../../verify/index.ts';
import type { Opinion } from './opinion.ts';
import type { ForeignPolicy } from './policy-book.ts';

/** What a judgement starts from: how the engines are configured, the graph, and the compilers. */
export interface Bench {
  readonly claim: Omit<Claim, 'objects' | 'about'>;
  readonly compile: (unit: UnitKey) => Compiled;
}

/** More are not judged: each tells apart pods of its own, and all are asked about at every door. */
const MAX_POLICIES = 64;

/** Whether these policies open or close what our objects alone would not, at the doors of one service. */
export function judgeService(key: string, policies: readonly ForeignPolicy[], { claim, compile }: Bench): Opinion {
  if (policies.length > MAX_POLICIES) return { kind: 'tooMany', policies: policies.length };
  const service = claim.graph.state.workloads.get(key);
  if (!service || policies.length === 0) return { kind: 'judged', policies: policies.length, findings: [] };
  const { namespace, name } = service;
  const units: UnitKey[] = [
    { kind: 'service', namespace, name },
    ...(claim.graph.state.namespaces.get(namespace)?.managed === true
      ? [{ kind: 'namespace', namespace } as const]
      : []),
  ];
  const objects = units.flatMap((unit) => compile(unit).drafts.map(({ object }) => object));
  const findings = foreignFindings(
    { ...claim, objects, about: new Set([key]) },
    policies.map(({ object }) => object),
  );
  return {
    kind: 'judged',
    policies: policies.length,
    // What an engine refuses enforces nothing: its own status says so.
    findings: findings.filter(({ code }) => code !== 'ForeignPolicyRefused'),
  };
}
