// The part of a CiliumNetworkPolicy that is ever written. What is not here is left out on purpose: toServices (surprise 2),
// http rules (X5), deny rules (C24), port "0" (C5), named ports and ranges.
import type { Protocol } from '../../api/index.ts';
import type { Labels } from '../../graph/index.ts';

export interface Expression {
  readonly key: string;
  readonly operator: 'In' | 'NotIn';
  readonly values: readonly string[];
}

export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly Expression[];
}

export type NameSelector = { readonly matchName: string } | { readonly matchPattern: string };

export interface PortRule {
  readonly ports: readonly { readonly port: string; readonly protocol: Protocol }[];
  readonly rules?: { readonly dns: readonly NameSelector[] };
}

export interface IngressRule {
  readonly fromEndpoints?: readonly Selector[];
  readonly fromEntities?: readonly string[];
  readonly fromCIDR?: readonly string[];
  readonly toPorts?: readonly PortRule[];
}

export interface EgressRule {
  readonly toEndpoints?: readonly Selector[];
  readonly toEntities?: readonly string[];
  readonly toCIDR?: readonly string[];
  readonly toFQDNs?: readonly NameSelector[];
  readonly toPorts?: readonly PortRule[];
}

export interface PolicySpec {
  readonly endpointSelector: Selector;
  readonly enableDefaultDeny?: { readonly ingress: boolean; readonly egress: boolean };
  readonly ingress?: readonly IngressRule[];
  readonly egress?: readonly EgressRule[];
}
