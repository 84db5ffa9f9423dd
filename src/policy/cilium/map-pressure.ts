import type { Finding } from '../../api/index.ts';
import type { Workload } from '../../graph/index.ts';
import { aboutService } from './finding.ts';
import type { Group } from './grants.ts';

/** Three quarters of the default size of an endpoint's policy map (C30). */
const EARLY = 12_288;

/** Warns where identities times ports come near what an endpoint's policy map holds: an overflow breaks enforcement. */
export function mapPressure(self: Workload, groups: readonly Group[]): readonly Finding[] {
  const entries = groups.reduce((sum, group) => sum + identities(group) * group.ports.ports.length, 0);
  if (entries <= EARLY) return [];
  return [
    aboutService(
      self,
      'PolicyMapPressure',
      `${self.key} needs about ${entries} entries of Cilium's policy map, which holds 16384 per pod by default`,
      'raise bpf.policyMapMax in the Cilium configuration, or split the service',
      'warning',
    ),
  ];
}

function identities(group: Group): number {
  let count = 0;
  for (const member of group.members) count += member.kind === 'endpoints' ? member.selectors.length : 1;
  return count;
}
