// One connection in front of ztunnel: DENY, then ALLOW, as its authorization does.
import type { Verdict } from '../../verdict.ts';
import { firstMatch } from '../first-match.ts';
import type { ZtunnelPolicy } from './attach.ts';
import { type Connection, type L4Rule, ruleMatches } from './l4-policy.ts';

/**
 * The verdict of ztunnel. Reasons: `DenyRule`, `StrictMutualTls`, `DefaultDeny` (no ALLOW matched), `AllowRule`,
 * `NoAllowPolicy` (nothing but DENY policies, none matching), `NoPolicy`; undecided: `SourceIpUnknown`,
 * `DestinationIpUnknown` when a policy looks at an address that the question leaves out.
 */
export function judgeConnection({ denies, allows }: ZtunnelPolicy, connection: Connection): Verdict {
  const matches = (rule: L4Rule) => ruleMatches(rule, connection);
  const denied = firstMatch(denies, matches);
  if (denied.truth === true) {
    const reason = denied.decidedBy[0]?.kind === 'PeerAuthentication' ? 'StrictMutualTls' : 'DenyRule';
    return { verdict: 'denied', reason, decidedBy: denied.decidedBy };
  }
  const allowed = allows.length === 0 ? { truth: true, decidedBy: [] } : firstMatch(allows, matches);
  if (allowed.truth === false) {
    return { verdict: 'denied', reason: 'DefaultDeny', decidedBy: allows.map(({ object }) => object) };
  }
  if (typeof denied.truth === 'string') {
    return { verdict: 'undecided', reason: denied.truth, decidedBy: denied.decidedBy };
  }
  if (typeof allowed.truth === 'string') {
    return { verdict: 'undecided', reason: allowed.truth, decidedBy: allowed.decidedBy };
  }
  if (allows.length > 0) return { verdict: 'allowed', reason: 'AllowRule', decidedBy: allowed.decidedBy };
  return { verdict: 'allowed', reason: denies.length > 0 ? 'NoAllowPolicy' : 'NoPolicy', decidedBy: [] };
}
