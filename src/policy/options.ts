import type { Exemptions, MeshMode, Waypoint } from '../graph/index.ts';

export type EngineName = 'cilium' | 'istio' | 'kubernetes';

/** What a compiler must know besides the node: flags of the command line, the same for `compile` and the operator. */
export interface CompileOptions {
  /** Sorted, without duplicates. */
  readonly engines: readonly EngineName[];
  /** The mesh's trust domain, the first part of every principal (I4). */
  readonly trustDomain: string;
  /** Cilium's name of this cluster (C10). */
  readonly clusterName: string;
  readonly mesh: MeshMode;
  readonly egressWaypoint?: Waypoint;
  readonly exemptions: Exemptions;
}
