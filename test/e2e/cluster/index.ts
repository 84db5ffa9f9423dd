import { embeddedCluster } from './embedded.ts';
import { givenCluster } from './given.ts';
import { realCluster } from './real.ts';
import type { Cluster, Place } from './cluster.ts';

export type { Cluster } from './cluster.ts';

/** Which server to run against. */
export type Target =
  | { readonly kind: 'embedded' }
  | { readonly kind: 'real'; readonly binaries: string }
  | { readonly kind: 'given'; readonly kubeconfig: string };

/** Starts or reaches it. Resolves when it is ready. */
export function openCluster(target: Target, place: Place): Promise<Cluster> {
  switch (target.kind) {
    case 'embedded':
      return embeddedCluster(place);
    case 'real':
      return realCluster(target.binaries, place);
    case 'given':
      return givenCluster(target.kubeconfig, place);
  }
}
