import type { Draft, Part } from '../draft.ts';
import type { Owner } from '../name.ts';
import { assertAcceptable } from './checks.ts';
import type { EgressRule, IngressRule, LabelSelector, PolicySpec } from './spec.ts';

/** Whose a policy is, where it lies, and what sets it apart from the others of its owner. */
export interface Identity {
  readonly owner: Owner;
  readonly namespace: string;
  readonly part: Part;
  /** At most 8 characters; empty for the owner's main object. */
  readonly suffix: string;
}

/**
 * A NetworkPolicy that isolates both directions, after it has passed the API server's own rules. Egress that is `open` is
 * said in a rule of its own: default deny of the pods' namespace would close it else.
 */
export function draftPolicy(
  identity: Identity,
  podSelector: LabelSelector,
  rules: { readonly ingress: readonly IngressRule[]; readonly egress: readonly EgressRule[] | 'open' },
): Draft {
  const { owner, namespace, part, suffix } = identity;
  const name = suffix === '' ? owner.base : `${owner.base}-${suffix}`;
  const { ingress, egress } = rules;
  // An empty list is what a server drops: policyTypes alone isolates.
  const spec: PolicySpec = {
    podSelector,
    policyTypes: ['Ingress', 'Egress'],
    ...(ingress.length > 0 ? { ingress } : {}),
    ...(egress === 'open' || egress.length === 0 ? {} : { egress }),
  };
  assertAcceptable(name, spec);
  return {
    unit: owner.unit,
    part,
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace, labels: owner.labels },
      spec: egress === 'open' ? { ...spec, egress: [{}] } : spec,
    },
  };
}
