import type { LatticeExternalService } from '../api/index.ts';
import type { ServiceGraph, ServiceView } from '../graph/index.ts';
import type { Provisions } from './class/provisions.ts';
import type { ClusterValues, Surroundings } from './surroundings.ts';

export interface AroundGraph {
  /** Built from what {@link Provisions} made of the declarations. */
  readonly graph: ServiceGraph;
  readonly provisions: Provisions;
  readonly cluster: ClusterValues;
  /** Declared external services, by key. */
  readonly external: (key: string) => LatticeExternalService | undefined;
  /** Data of the ConfigMap `lattice-config`, by namespace. */
  readonly config: (namespace: string) => Readonly<Record<string, string>>;
}

/** The surroundings of services, as the graph and the resource classes have them now. */
export function aroundGraph({ graph, provisions, cluster, external, config }: AroundGraph): Surroundings {
  // One service asks for several of its peers in a row.
  let last: { readonly key: string; readonly view: ServiceView | undefined } | undefined;
  const viewOf = (key: string): ServiceView | undefined => {
    if (last?.key !== key) last = { key, view: graph.service(key) };
    return last.view;
  };
  return {
    cluster,
    callee(caller, callee) {
      const workload = graph.state.workloads.get(callee);
      if (!workload) return undefined;
      const link = viewOf(caller)?.outbound.find(({ peer }) => peer.key === callee);
      return { agreed: link?.ports ?? [], ports: workload.ports };
    },
    external,
    agreedEndpoints(caller, key) {
      const link = viewOf(caller)?.egress.find((each) => each.external.key === key);
      return link?.endpoints.map(({ name }) => name) ?? [];
    },
    instance: (service, entry) => provisions.instanceOf(service, entry),
    config,
  };
}
