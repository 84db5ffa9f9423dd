// The Kubernetes evaluator's door: what plain NetworkPolicy does, and what the API server does with objects.

export {
  admitNetworkPolicy,
  type NetworkPolicy,
  type NetworkPolicyPeer,
  type NetworkPolicyPort,
  type NetworkPolicyRule,
} from './admit.ts';
export { covers, isCidrFormat, type Prefix, parseAddress, parsePrefix } from './cidr.ts';
export {
  isLabelKey,
  type LabelSelector,
  readSelector,
  SELECTOR_SHAPE,
  type SelectorExpression,
  satisfies,
  selectorErrors,
} from './label.ts';
export { type KubernetesPolicySet, loadKubernetes } from './load.ts';
export { identify, metadataErrors } from './metadata.ts';
export type { KubernetesPeer } from './model.ts';
export { isServiceName } from './port-name.ts';
export { coerce, isRecord, type Shape } from './structural.ts';
