import { at } from '../../kube/index.ts';
import type { Dependency, KeptInstance, Rendered } from '../../workload/index.ts';
import type { Verdict } from '../status/index.ts';

/** How far a Deployment or StatefulSet is. */
export interface Rollout {
  /** Whether its controller has seen what was last applied. */
  readonly current: boolean;
  readonly wanted: number;
  readonly updated: number;
  readonly ready: number;
  /** What its controller says is wrong; empty when nothing is. */
  readonly trouble: string;
}

export interface WorkloadStatus {
  readonly pods: string;
  readonly ready: number;
  readonly wanted: number;
  /** Why a rollout waits; absent when it does not. */
  readonly waiting?: string;
  readonly dependencies: readonly Dependency[];
  /** What classes made for it, as long as there may be pods of it; absent when there is nothing. */
  readonly instances?: readonly KeptInstance[];
}

/** All that may be said about what runs of one service. */
export interface WorkloadFacts {
  readonly rendered: Exclude<Rendered, { kind: 'adopts' }>;
  readonly instances: readonly KeptInstance[];
  /** Undefined: there is no Deployment or StatefulSet yet. */
  readonly rollout: Rollout | undefined;
  /** Objects that could not be written, and why. */
  readonly failed: readonly string[];
  /** Objects that belong to somebody else. */
  readonly foreign: readonly string[];
}

/** The status of what runs, and its condition `Deployed`. */
export function decideWorkloadStatus(facts: WorkloadFacts): {
  readonly workload: WorkloadStatus;
  readonly verdict: Verdict;
} {
  const { rendered, rollout } = facts;
  const verdict = decideDeployed(facts);
  const { wanted = 0, ready = 0 } = rollout ?? {};
  const workload: WorkloadStatus = {
    pods: `${ready}/${wanted}`,
    ready,
    wanted,
    ...(verdict.status === 'True' ? {} : { waiting: verdict.message.slice(0, MAX_TEXT) }),
    dependencies: rendered.dependencies,
    ...(facts.instances.length > 0 ? { instances: facts.instances } : {}),
  };
  return { workload, verdict };
}

const MAX_TEXT = 4000;

function decideDeployed({ rendered, rollout, failed, foreign }: WorkloadFacts): Verdict {
  const type = 'Deployed';
  const errors = rendered.findings.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const not = (reason: string, message: string): Verdict => ({ type, status: 'False', reason, message });
  if (first) {
    const all = errors.map(({ message, path }) => `${path?.join('.') ?? ''}: ${message}`).join('; ');
    const kept = rollout ? 'what ran before is left as it is; ' : '';
    return not(first.code, `${kept}${all}`);
  }
  if (foreign.length > 0) {
    return not('ForeignObject', `${foreign.join(', ')} exists and belongs to somebody else: delete or rename it`);
  }
  if (failed.length > 0) return not('WriteFailed', failed.join('; '));
  if (!rollout) return { type, status: 'Unknown', reason: 'Pending', message: 'nothing runs yet' };
  if (rollout.trouble !== '') return not('RolloutStuck', rollout.trouble);
  const { current, wanted, updated, ready } = rollout;
  if (current && updated >= wanted && ready >= wanted) {
    return { type, status: 'True', reason: 'Running', message: `${ready} of ${wanted} pods are ready` };
  }
  const message = `${Math.min(updated, wanted)} of ${wanted} pods are of the latest version, ${ready} are ready`;
  return { type, status: 'Unknown', reason: 'RollingOut', message };
}

/** Reads a Deployment or StatefulSet as its controller reports it. */
export function readRollout(object: unknown): Rollout {
  const generation = numberAt(object, 'metadata', 'generation') ?? 0;
  const observed = numberAt(object, 'status', 'observedGeneration') ?? 0;
  const conditions = at(object, 'status', 'conditions');
  const troubles = (Array.isArray(conditions) ? conditions : []).flatMap((each: unknown): string[] => {
    const [type, status, reason] = [at(each, 'type'), at(each, 'status'), at(each, 'reason')];
    const stuck = type === 'Progressing' && status === 'False';
    const failing = type === 'ReplicaFailure' && status === 'True';
    return stuck || failing ? [`${String(reason)}: ${String(at(each, 'message'))}`] : [];
  });
  return {
    current: observed >= generation,
    wanted: numberAt(object, 'spec', 'replicas') ?? 1,
    updated: numberAt(object, 'status', 'updatedReplicas') ?? 0,
    ready: numberAt(object, 'status', 'readyReplicas') ?? 0,
    trouble: troubles.join('; '),
  };
}

function numberAt(value: unknown, ...path: readonly string[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : undefined;
}
