// Which policies a waypoint enforces for one target: by targetRefs only, never by selector or namespace (I3).
import type { ObjectRef } from '../../verdict.ts';
import {
  type AuthorizationPolicy,
  actionOf,
  isDryRun,
  type PolicyRule,
  targetRefsOf,
} from '../admit/authorization-policy.ts';
import { type MeshConfig, rootNamespaceOf, type WaypointRef } from '../mesh.ts';
import { type CompiledRule, compileRule } from './compile-rule.ts';
import type { WaypointTarget } from './request.ts';

/** One rule with the object to name when it decides. */
export interface L7Rule extends CompiledRule {
  readonly object: ObjectRef;
  readonly rule: PolicyRule;
}

export interface L7Policy {
  readonly object: ObjectRef;
  readonly action: 'ALLOW' | 'DENY' | 'CUSTOM';
  readonly rules: readonly L7Rule[];
}

/** Everything a waypoint enforces for one target, each list sorted by namespace and name. */
export interface WaypointPolicy {
  readonly customs: readonly L7Policy[];
  readonly denies: readonly L7Policy[];
  readonly allows: readonly L7Policy[];
}

export type WaypointLookup = (waypoint: WaypointRef, target?: WaypointTarget) => WaypointPolicy;

/** Indexes accepted policies, given in sorted order, by what they target. */
export function indexTargets(policies: readonly AuthorizationPolicy[], mesh: MeshConfig): WaypointLookup {
  const byTarget = new Map<string, Set<L7Policy>>();
  const order = new Map<L7Policy, number>();
  for (const policy of policies) {
    const targets = targetRefsOf(policy.spec);
    const compiled = targets.length > 0 ? compilePolicy(policy, mesh) : undefined;
    if (!compiled) continue;
    order.set(compiled, order.size);
    for (const { kind = '', name = '' } of targets) {
      const { namespace } = policy.metadata;
      // A class is cluster-scoped; only the root namespace may speak for all waypoints.
      if (kind === 'GatewayClass' && namespace !== rootNamespaceOf(mesh)) continue;
      const key = keyOf(kind, kind === 'GatewayClass' ? '' : namespace, name);
      byTarget.set(key, (byTarget.get(key) ?? new Set<L7Policy>()).add(compiled));
    }
  }
  return (waypoint, target) => {
    const keys = [keyOf('GatewayClass', '', 'istio-waypoint'), keyOf('Gateway', waypoint.namespace, waypoint.name)];
    if (target) keys.push(keyOf(target.kind, target.namespace, target.name));
    const found = new Set(keys.flatMap((key) => [...(byTarget.get(key) ?? [])]));
    const sorted = [...found].sort((left, right) => (order.get(left) ?? 0) - (order.get(right) ?? 0));
    return {
      customs: sorted.filter(({ action }) => action === 'CUSTOM'),
      denies: sorted.filter(({ action }) => action === 'DENY'),
      allows: sorted.filter(({ action }) => action === 'ALLOW'),
    };
  };
}

/** Undefined for what never changes a verdict: AUDIT, and dry run of ALLOW or DENY (Z9). */
function compilePolicy(policy: AuthorizationPolicy, mesh: MeshConfig): L7Policy | undefined {
  const action = actionOf(policy.spec);
  if (action === 'AUDIT' || isDryRun(policy)) return undefined;
  const { namespace, name } = policy.metadata;
  const object: ObjectRef = { kind: 'AuthorizationPolicy', namespace, name };
  const trustDomains = [mesh.trustDomain, ...(mesh.trustDomainAliases ?? [])];
  const rules = (policy.spec.rules ?? []).map((rule, index) => ({
    object: { ...object, rule: `spec.rules[${index}]` },
    rule,
    ...compileRule(rule, policy, action, trustDomains),
  }));
  return { object, action, rules };
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}
