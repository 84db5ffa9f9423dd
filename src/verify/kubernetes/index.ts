// The Kubernetes evaluator's door: what plain NetworkPolicy does, and what the API server does with objects.

export {
  type AdmittedNetworkPolicy,
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
  type SelectorOperator,
  satisfies,
  selectorErrors,
} from './label.ts';
export { type KubernetesPolicySet, loadKubernetes } from './load.ts';
export { type Identified, identify, metadataErrors } from './metadata.ts';
export type { KubernetesFlow, KubernetesPeer, KubernetesVerdicts, NamedPorts, Unmanaged } from './model.ts';
export { isServiceName } from './port-name.ts';
export { type Coerced, coerce, isRecord, type Shape } from './structural.ts';
