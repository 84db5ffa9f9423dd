// One request at a waypoint: CUSTOM, then DENY, then ALLOW, as its Envoy filters do.
import type { Verdict } from '../../verdict.ts';
import { firstMatch } from '../first-match.ts';
import type { L7Rule, WaypointPolicy } from './attach.ts';
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
  const matches = (rule: L7Rule) => rule[protocol]?.(seen) ?? false;
  const denied = firstMatch(denies, matches);
  if (denied.truth === true) return { verdict: 'denied', reason: 'DenyRule', decidedBy: denied.decidedBy };
  const allowed = allows.length === 0 ? { truth: true, decidedBy: [] } : firstMatch(allows, matches);
  if (allowed.truth === false) {
    return { verdict: 'denied', reason: 'DefaultDeny', decidedBy: allows.map(({ object }) => object) };
  }
  // Everything else lets the request through or might, so that an external authorizer has the last word.
  const asked = firstMatch(customs, matches);
  if (asked.truth !== false) return { verdict: 'undecided', reason: 'CustomAction', decidedBy: asked.decidedBy };
  if (typeof denied.truth === 'string') {
    return { verdict: 'undecided', reason: denied.truth, decidedBy: denied.decidedBy };
  }
  if (typeof allowed.truth === 'string') {
    return { verdict: 'undecided', reason: allowed.truth, decidedBy: allowed.decidedBy };
  }
  if (allows.length > 0) return { verdict: 'allowed', reason: 'AllowRule', decidedBy: allowed.decidedBy };
  return { verdict: 'allowed', reason: denies.length > 0 ? 'NoAllowPolicy' : 'NoPolicy', decidedBy: [] };
}
