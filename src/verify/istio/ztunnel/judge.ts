// One connection in front of ztunnel: DENY, then ALLOW, as its authorization does.
import type { ObjectRef, Verdict } from '../../verdict.ts';
import type { Truth } from '../truth.ts';
import type { ZtunnelPolicy } from './attach.ts';
import { type Connection, type L4Policy, ruleMatches } from './l4-policy.ts';

/**
 * The verdict of ztunnel. Reasons: `DenyRule`, `StrictMutualTls`, `DefaultDeny` (no ALLOW matched), `AllowRule`,
 * `NoAllowPolicy` (nothing but DENY policies, none matching), `NoPolicy`; undecided: `SourceIpUnknown`,
 * `DestinationIpUnknown` when a policy looks at an address that the question leaves out.
 */
export function judgeConnection({ denies, allows }: ZtunnelPolicy, connection: Connection): Verdict {
  const denied = firstMatch(denies, connection);
  if (denied.truth === true) {
    const reason = denied.object?.kind === 'PeerAuthentication' ? 'StrictMutualTls' : 'DenyRule';
    return { verdict: 'denied', reason, decidedBy: refs(denied.object) };
  }
  const allowed = allows.length === 0 ? { truth: true, object: undefined } : firstMatch(allows, connection);
  if (allowed.truth === false) {
    return { verdict: 'denied', reason: 'DefaultDeny', decidedBy: allows.map(({ object }) => object) };
  }
  if (typeof denied.truth === 'string') {
    return { verdict: 'undecided', reason: denied.truth, decidedBy: refs(denied.object) };
  }
  if (typeof allowed.truth === 'string') {
    return { verdict: 'undecided', reason: allowed.truth, decidedBy: refs(allowed.object) };
  }
  if (allows.length > 0) return { verdict: 'allowed', reason: 'AllowRule', decidedBy: refs(allowed.object) };
  return { verdict: 'allowed', reason: denies.length > 0 ? 'NoAllowPolicy' : 'NoPolicy', decidedBy: [] };
}

/** The first rule that matches, else the first that might. */
function firstMatch(
  policies: readonly L4Policy[],
  connection: Connection,
): { readonly truth: Truth; readonly object: ObjectRef | undefined } {
  let open: { readonly truth: Truth; readonly object: ObjectRef } | undefined;
  for (const policy of policies) {
    for (const rule of policy.rules) {
      const truth = ruleMatches(rule, connection);
      if (truth === true) return { truth, object: rule.object };
      if (truth !== false) open ??= { truth, object: rule.object };
    }
  }
  return open ?? { truth: false, object: undefined };
}

function refs(object: ObjectRef | undefined): readonly ObjectRef[] {
  return object ? [object] : [];
}
