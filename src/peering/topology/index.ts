// What of a cluster peerings depend on, kept up incrementally.
export type { CidrClaim, Fact, PodFact } from './fact.ts';
export type { Membership, SetKey } from './members.ts';
export { readFact, type ReadOptions } from './read-fact.ts';
export {
  type Changed,
  LOCAL,
  namespaceSet,
  offloadedSet,
  peerRanges,
  type Ranges,
  Topology,
  VC_LOCAL,
  vcRemoteSet,
} from './topology.ts';
