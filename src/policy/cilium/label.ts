import type { Labels } from '../../graph/index.ts';

/** Labels that Cilium derives itself. All with the source prefix, so that no other source can pretend (C11). */
export const NAMESPACE_LABEL = 'k8s:io.kubernetes.pod.namespace';
export const CLUSTER_LABEL = 'k8s:io.cilium.k8s.policy.cluster';
export const ACCOUNT_LABEL = 'k8s:io.cilium.k8s.policy.serviceaccount';

/** Labels that are no part of a pod's identity under Cilium's default filter, or that Cilium sets itself (C13). */
const NOT_IN_IDENTITY =
  /^(io\.kubernetes|io\.cilium\.k8s|kubernetes\.io|statefulset\.kubernetes\.io\/pod-name|apps\.kubernetes\.io\/pod-index|batch\.kubernetes\.io\/(job-completion-index|controller-uid)|.*beta\.kubernetes\.io|k8s\.io|pod-template-generation|pod-template-hash|controller-revision-hash|controller-uid|annotation|etcd_node|topology\.kubernetes\.io)/;

/** The agent reads `k8s:app` as `k8s.app`, and holds that to the limits of a label key. */
const SOURCE_PREFIX_LENGTH = 'k8s.'.length;
const MAX_NAME = 63;
const MAX_PREFIX = 253;

/** Why Cilium cannot select pods by these labels; undefined when it can. */
export function unselectable(labels: Labels): string | undefined {
  for (const key of Object.keys(labels)) {
    if (NOT_IN_IDENTITY.test(key)) return `Cilium leaves the label ${key} out of a pod's identity`;
    const slash = key.indexOf('/');
    const tooLong =
      slash === -1 ? key.length + SOURCE_PREFIX_LENGTH > MAX_NAME : slash + SOURCE_PREFIX_LENGTH > MAX_PREFIX;
    if (tooLong) return `the label key ${key} is too long for a Cilium selector`;
  }
  return undefined;
}

/** Why Cilium cannot select pods by these ServiceAccounts; undefined when it can: the name has to be a label value. */
export function unselectableAccount(accounts: readonly string[]): string | undefined {
  const long = accounts.find((account) => account.length > MAX_NAME);
  return long === undefined ? undefined : `the ServiceAccount ${long} is longer than ${MAX_NAME} characters`;
}

/** Adds the labels as Kubernetes labels and nothing else (C11). */
export function addFromKubernetes(matchLabels: Record<string, string>, labels: Labels): void {
  for (const [key, value] of Object.entries(labels)) matchLabels[`k8s:${key}`] = value;
}
