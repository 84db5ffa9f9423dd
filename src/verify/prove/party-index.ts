import type { ServiceGraph } from '../../graph/index.ts';
import { hasIdentity, type Party, type PodParty, wearsLabelsOf } from './party.ts';
import type { Who } from './grants.ts';

/** Parties by what rows and selectors name them by, so that no question tries them all. */
export interface PartyIndex {
  readonly all: readonly Party[];
  readonly pods: readonly PodParty[];
  /** A few parties that nothing should ever admit by accident: asked at every door. */
  readonly strangers: readonly Party[];
  at(who: Who): readonly Party[];
}

/** Indexes a universe. */
export function indexParties(parties: readonly Party[], graph: ServiceGraph, clusterName: string): PartyIndex {
  const pods = parties.filter((party) => party.kind === 'pod');
  const outside = parties.filter((party) => party.kind !== 'pod');
  const byNamespace = Map.groupBy(pods, (pod) => pod.namespace);
  const byService = new Map<string, PodParty[]>();
  for (const pod of pods) {
    for (const key of graph.state.selectors.selecting(pod.namespace, pod.labels)) {
      const workload = graph.state.workloads.get(key);
      if (!workload || !wearsLabelsOf(pod, workload, clusterName)) continue;
      const known = byService.get(key);
      if (known) known.push(pod);
      else byService.set(key, [pod]);
    }
  }
  const byAccount = Map.groupBy(pods, (pod) => `${pod.namespace}/${pod.account}`);
  const plaintext = parties.filter((party) => party.kind !== 'pod' || !hasIdentity(party));
  const undeclared = pods.filter((pod) => pod.id === 'lattice-nowhere/undeclared');
  const addresses = parties.filter((party) => party.kind === 'address').slice(-3);
  const reserved = parties.filter((party) => party.kind === 'reserved');
  return {
    all: parties,
    pods,
    strangers: [...undeclared, ...reserved, ...addresses],
    at(who) {
      switch (who.kind) {
        case 'service':
          return byService.get(who.key) ?? [];
        case 'namespace':
          return byNamespace.get(who.namespace) ?? [];
        case 'accounts':
          return who.accounts.flatMap((account) => byAccount.get(`${who.namespace}/${account}`) ?? []);
        case 'plaintext':
          return plaintext;
        case 'outside':
          return outside;
      }
    },
  };
}
