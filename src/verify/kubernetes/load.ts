// Reads objects into the set of NetworkPolicies that would be in force.
import type { ObjectRef, Refusal } from '../verdict.ts';
import { admitNetworkPolicy, type NetworkPolicy } from './admit.ts';
import { judgeFlow } from './judge.ts';
import { selects } from './label.ts';
import { identify } from './metadata.ts';
import type { KubernetesFlow, KubernetesPeer, KubernetesVerdicts } from './model.ts';
import { isRecord } from './structural.ts';

/** The NetworkPolicies in force, and what became of the others. */
export interface KubernetesPolicySet {
  readonly refusals: readonly Refusal[];
  /** Fields that the API server drops silently; what remains is enforced. */
  readonly pruned: readonly { readonly object: ObjectRef; readonly paths: readonly string[] }[];
  /** The policies that select a pod, in the order given. */
  policiesOf(pod: KubernetesPeer): readonly NetworkPolicy[];
  /** What each side's policies do with the flow, per the documentation of networking.k8s.io/v1. */
  judge(flow: KubernetesFlow): KubernetesVerdicts;
}

/**
 * Loads raw objects; kinds other than NetworkPolicy are ignored, what is no Kubernetes object is refused.
 * Never throws and never changes its inputs.
 */
export function loadKubernetes(objects: readonly unknown[]): KubernetesPolicySet {
  const refusals: Refusal[] = [];
  const pruned: { object: ObjectRef; paths: readonly string[] }[] = [];
  const byNamespace = new Map<string, NetworkPolicy[]>();
  for (const object of objects) {
    if (!isRecord(object) || typeof object.kind !== 'string' || typeof object.apiVersion !== 'string') {
      refusals.push({ object: NOBODY, stage: 'schema', message: 'is not a Kubernetes object' });
      continue;
    }
    if (object.kind !== 'NetworkPolicy' || !object.apiVersion.startsWith('networking.k8s.io/')) continue;
    const { namespace, name } = identify(object, 'namespaced');
    const ref: ObjectRef = { kind: 'NetworkPolicy', namespace, name };
    if (object.apiVersion !== 'networking.k8s.io/v1') {
      refusals.push({ object: ref, stage: 'schema', message: `version ${object.apiVersion} is not served` });
      continue;
    }
    const admitted = admitNetworkPolicy(object);
    if (admitted.pruned.length > 0) pruned.push({ object: ref, paths: admitted.pruned });
    if (admitted.policy) append(byNamespace, namespace, admitted.policy);
    else refusals.push({ object: ref, stage: 'schema', message: admitted.errors.join('; ') });
  }
  const policiesIn = (namespace: string): readonly NetworkPolicy[] => byNamespace.get(namespace) ?? [];
  return {
    refusals,
    pruned,
    policiesOf: (pod) => policiesOf(pod, policiesIn),
    judge: (flow) => judgeFlow(flow, (pod) => policiesOf(pod, policiesIn)),
  };
}

const NOBODY: ObjectRef = { kind: '', namespace: '', name: '' };

function policiesOf(
  pod: KubernetesPeer,
  policiesIn: (namespace: string) => readonly NetworkPolicy[],
): readonly NetworkPolicy[] {
  if (pod.kind !== 'pod') return [];
  return policiesIn(pod.namespace).filter((policy) => selects(policy.podSelector, pod.labels));
}

function append(groups: Map<string, NetworkPolicy[]>, key: string, policy: NetworkPolicy): void {
  const group = groups.get(key);
  if (group) group.push(policy);
  else groups.set(key, [policy]);
}
