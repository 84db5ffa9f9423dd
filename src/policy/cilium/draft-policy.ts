import type { Draft, KubernetesObject, Part } from '../draft.ts';
import type { Owner } from '../name.ts';
import { assertAcceptable } from './checks.ts';
import type { PolicySpec } from './spec.ts';

/** Whose a policy is, where it lies, and what sets it apart from the others of its owner. */
export interface Identity {
  readonly owner: Owner;
  readonly namespace: string;
  readonly part: Part;
  /** At most 8 characters; empty for the owner's main object. */
  readonly suffix: string;
}

/** A CiliumNetworkPolicy after it has passed the agent's own rules. Throws UnacceptablePolicyError. */
export function draftPolicy(identity: Identity, spec: PolicySpec): Draft {
  const { owner, namespace, part, suffix } = identity;
  const name = suffix === '' ? owner.base : `${owner.base}-${suffix}`;
  assertAcceptable(name, spec);
  const object: KubernetesObject = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name, namespace, labels: owner.labels },
    spec,
  };
  return { unit: owner.unit, part, object };
}
