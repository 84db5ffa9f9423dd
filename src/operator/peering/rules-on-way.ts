import type { PathClass, PeeringParty, PeeringRule } from '../../api/index.ts';

/**
 * Indices of the rules that can be about a packet on one way through a node. What cannot be excluded is included: a rule
 * is left out only where one of its parties is never found on that way.
 */
export function rulesOnWay(rules: readonly PeeringRule[], way: PathClass): readonly number[] {
  return rules.flatMap(({ source, destination }, index) => {
    switch (way) {
      case 'CrossNode':
        return [index];
      case 'SameNode':
        return isElsewhere(source) || isElsewhere(destination) ? [] : [index];
      case 'ToNode':
        return isElsewhere(source) || isElsewhere(destination) || isOfPods(destination) ? [] : [index];
      default:
        return way satisfies never;
    }
  });
}

/** In the peered cluster: its addresses, as they are remapped here, are no pod's of this node, nor the node's. */
function isElsewhere(party: PeeringParty | undefined): boolean {
  return party?.group === 'remote-cluster' || party?.group === 'vc-remote';
}

/** A set of pods that have addresses of their own. A CIDR of pods may hold the node's address on their bridge. */
function isOfPods(party: PeeringParty | undefined): boolean {
  return party?.namespace !== undefined || party?.group === 'offloaded' || party?.group === 'vc-local';
}
