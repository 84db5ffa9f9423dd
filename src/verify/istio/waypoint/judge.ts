// One request at a waypoint: CUSTOM, then DENY, then ALLOW, as its Envoy filters do.
import type { ObjectRef, Verdict } from '../../verdict.ts';
import type { Truth } from '../truth.ts';
import type { L7Policy, WaypointPolicy } from './attach.ts';
import type { Seen } from './request.ts';

type Protocol = 'http' | 'tcp';

/**
 * The verdict of a waypoint. Reasons: `DenyRule`, `DefaultDeny` (no ALLOW matched), `AllowRule`, `NoAllowPolicy`,
 * `NoPolicy`; undecided: the name of what is unknown or not modelled and could change the answer, such as
 * `HttpPathUnknown`, `JwtClaims`, `RemoteIp`, `CustomAction`, or `HttpOrTcp` when the protocol decides.
 */
export function judgeRequest(policy: WaypointPolicy, seen: Seen, protocol: Protocol | undefined): Verdict {
  if (protocol) return judgeOn(policy, seen, protocol);
  const http = judgeOn(policy, seen, 'http');
  const tcp = judgeOn(policy, seen, 'tcp');
  if (http.verdict === tcp.verdict || http.verdict === 'undecided') return http;
  if (tcp.verdict === 'undecided') return tcp;
  return { verdict: 'undecided', reason: 'HttpOrTcp', decidedBy: [...http.decidedBy, ...tcp.decidedBy] };
}

function judgeOn({ customs, denies, allows }: WaypointPolicy, seen: Seen, protocol: Protocol): Verdict {
  const denied = firstMatch(denies, seen, protocol);
  if (denied.truth === true) return { verdict: 'denied', reason: 'DenyRule', decidedBy: refs(denied.object) };
  const allowed = allows.length === 0 ? { truth: true, object: undefined } : firstMatch(allows, seen, protocol);
  if (allowed.truth === false) {
    return { verdict: 'denied', reason: 'DefaultDeny', decidedBy: allows.map(({ object }) => object) };
  }
  // Everything else lets the request through or might, so that an external authorizer has the last word.
  const asked = firstMatch(customs, seen, protocol);
  if (asked.truth !== false) return { verdict: 'undecided', reason: 'CustomAction', decidedBy: refs(asked.object) };
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
  policies: readonly L7Policy[],
  seen: Seen,
  protocol: Protocol,
): { readonly truth: Truth; readonly object: ObjectRef | undefined } {
  let open: { readonly truth: Truth; readonly object: ObjectRef } | undefined;
  for (const policy of policies) {
    for (const rule of policy.rules) {
      const truth = rule[protocol]?.(seen) ?? false;
      if (truth === true) return { truth, object: rule.object };
      if (truth !== false) open ??= { truth, object: rule.object };
    }
  }
  return open ?? { truth: false, object: undefined };
}

function refs(object: ObjectRef | undefined): readonly ObjectRef[] {
  return object ? [object] : [];
}
