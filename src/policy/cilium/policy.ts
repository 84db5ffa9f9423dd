import type { Draft, KubernetesObject, Part } from '../draft.ts';
import type { Owner } from '../name.ts';
import { assertAcceptable } from './checks.ts';
import type { Context } from './context.ts';
import type { PolicySpec } from './spec.ts';

/** A CiliumNetworkPolicy of `owner`, after it has passed the agent's own rules. */
export function policy(
  context: Context,
  owner: Owner,
  where: { readonly namespace: string; readonly part: Part; readonly suffix: string },
  spec: PolicySpec,
): Draft {
  const name = where.suffix === '' ? owner.base : `${owner.base}-${where.suffix}`;
  assertAcceptable(name, spec, context.checked);
  const object: KubernetesObject = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { name, namespace: where.namespace, labels: owner.labels },
    spec,
  };
  return { unit: owner.unit, part: where.part, object };
}
