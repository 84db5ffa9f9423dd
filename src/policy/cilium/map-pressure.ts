import type { Group } from './grants.ts';

/** Three quarters of what an endpoint's policy map holds by default (C30): an overflow breaks enforcement. */
const EARLY = 12_288;

/** What to say about a pod whose policy needs too many entries, identities times ports; undefined when it does not. */
export function mapPressure(groups: readonly Group[]): { readonly message: string; readonly fix: string } | undefined {
  const entries = groups.reduce((sum, group) => sum + identities(group) * group.ports.ports.length, 0);
  if (entries <= EARLY) return undefined;
  return {
    message: `needs about ${entries} entries of Cilium's policy map, which holds 16384 per pod by default`,
    fix: 'raise bpf.policyMapMax in the Cilium configuration, or split the service',
  };
}

function identities(group: Group): number {
  let count = 0;
  for (const member of group.members) count += member.kind === 'endpoints' ? member.selectors.length : 1;
  return count;
}
