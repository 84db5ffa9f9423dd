import { type Labels, podsWith, type ServiceGraph, type Workload } from '../../graph/index.ts';
import type { Attachment } from '../../verify/index.ts';
import type { ForeignObject } from './foreign-object.ts';

/** One policy of another author. */
export interface ForeignPolicy {
  /** `Kind namespace/name`. */
  readonly id: string;
  /** Empty for those that no namespace holds. */
  readonly namespace: string;
  readonly object: ForeignObject;
  readonly attachment: Attachment;
}

/** The policies of other authors by where they may have a say. */
export interface PolicyBook {
  put(policy: ForeignPolicy): void;
  delete(id: string): void;
  /** Whether there is none at all. */
  isEmpty(): boolean;
  /** Those that have a say at a door of this service, by id. */
  reaching(service: Workload, graph: ServiceGraph, namespaceLabels: Labels): readonly ForeignPolicy[];
}

/** `everywhere` names the namespace whose policies hold in all others: Istio's root. */
export function policyBook(everywhere: string): PolicyBook {
  const byNamespace = new Map<string, Map<string, ForeignPolicy>>();
  const homes = new Map<string, string>();
  const take = (id: string): void => {
    const home = homes.get(id);
    if (home === undefined) return;
    const policies = byNamespace.get(home);
    policies?.delete(id);
    if (policies?.size === 0) byNamespace.delete(home);
    homes.delete(id);
  };
  return {
    put(policy) {
      take(policy.id);
      homes.set(policy.id, policy.namespace);
      const policies = byNamespace.get(policy.namespace) ?? new Map<string, ForeignPolicy>();
      byNamespace.set(policy.namespace, policies.set(policy.id, policy));
    },
    delete: take,
    isEmpty: () => homes.size === 0,
    reaching(service, graph, namespaceLabels) {
      // A waypoint enforces what targets it where it lives, and what targets its Services where they do.
      const places = new Set(['', everywhere, service.namespace, service.waypoint?.namespace ?? '']);
      const near = [...places].flatMap((place) => [...(byNamespace.get(place)?.values() ?? [])]);
      if (near.length === 0) return [];
      const pods = podsOf(service, graph, namespaceLabels);
      return near
        .filter(({ attachment }) => pods.some((pod) => attachment.pod(pod)) || isAtWaypoint(attachment, service))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
    },
  };
}

/** The pods that the service declares, and those that live, which may wear more labels. */
function podsOf({ namespace, selectors, accounts }: Workload, graph: ServiceGraph, namespaceLabels: Labels) {
  return selectors.flatMap((selector) => [
    ...accounts.map((account) => ({ namespace, namespaceLabels, labels: selector, account })),
    ...podsWith(graph.state, namespace, selector).map(({ labels, account }) => ({
      namespace,
      namespaceLabels,
      labels,
      account,
    })),
  ]);
}

function isAtWaypoint(attachment: Attachment, { waypoint, namespace, services }: Workload): boolean {
  return waypoint !== undefined && attachment.services(waypoint, namespace, services);
}
