// The part of a NetworkPolicy that is ever written: numbered ports, and every peer with its namespace.
import type { Labels } from '../../graph/index.ts';
import type { TargetPort } from './port-set.ts';

interface LabelExpression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn';
  readonly values: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly LabelExpression[];
}

export type PolicyPeer =
  | { readonly namespaceSelector: LabelSelector; readonly podSelector: LabelSelector }
  | { readonly ipBlock: { readonly cidr: string; readonly except?: readonly string[] } };

export interface IngressRule {
  readonly from: readonly PolicyPeer[];
  /** Left out for the probe source alone: all ports. */
  readonly ports?: readonly TargetPort[];
}

export interface EgressRule {
  readonly to: readonly PolicyPeer[];
  readonly ports: readonly TargetPort[];
}

export interface PolicySpec {
  readonly podSelector: LabelSelector;
  /** Always said: without it a policy without egress rules would leave egress open. */
  readonly policyTypes: readonly ('Ingress' | 'Egress')[];
  readonly ingress?: readonly IngressRule[];
  readonly egress?: readonly EgressRule[];
}
