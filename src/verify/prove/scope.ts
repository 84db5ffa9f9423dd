import { aroundService, type ServiceGraph } from '../../graph/index.ts';
import type { Singled } from './distinctions.ts';

type State = ServiceGraph['state'];
type External = State['externals'] extends Map<string, infer T> ? T : never;
type Pod = State['pods'] extends Map<string, infer T> ? T : never;

/** The part of the graph whose members are parties of a proof. */
export interface Scope {
  /** Keys of declared services, in the order in which they become parties. */
  readonly services: readonly string[];
  readonly externals: readonly External[];
  readonly namespaces: readonly string[];
  /** Pods of the cluster or of manifests, declared or not. */
  readonly pods: readonly Pod[];
}

/** Everything that is declared, and every pod that is known. */
export function wholeScope(graph: ServiceGraph): Scope {
  const { state } = graph;
  return {
    services: graph.units().flatMap((unit) => (unit.kind === 'service' ? [`${unit.namespace}/${unit.name}`] : [])),
    externals: [...state.externals.values()],
    namespaces: [...new Set([...state.members.keys(), ...state.namespaces.keys()])].sort(),
    pods: [...state.pods.values()],
  };
}

/** The services, whom they name and who names them, declared or not. */
export function neighboursOf({ state }: ServiceGraph, about: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...about, ...[...about].flatMap((key) => aroundService(state, key))]);
}

/**
 * These services, their neighbours, and whom some selector names: all that their doors can tell apart. Its size is that
 * of the neighbourhood, not of the cluster.
 */
export function scopeAround(graph: ServiceGraph, about: ReadonlySet<string>, named: readonly Singled[]): Scope {
  const { state } = graph;
  const services = new Set(neighboursOf(graph, about));
  for (const { namespace, account, labels } of named) {
    if (namespace === undefined) continue;
    for (const each of state.selectors.selecting(namespace, labels)) services.add(each);
    if (account !== undefined) for (const each of state.identities.get(`${namespace}/${account}`)) services.add(each);
  }
  const externals = new Set(
    [...about].flatMap((key) => {
      const { egress, ingress } = state.services.get(key) ?? {};
      return [...(egress?.keys() ?? []), ...(ingress?.keys() ?? [])];
    }),
  );
  const declared = [...services].filter((key) => state.workloads.has(key)).sort();
  return {
    services: declared,
    externals: [...externals].sort().flatMap((key) => state.externals.get(key) ?? []),
    namespaces: [...new Set(declared.flatMap((key) => state.workloads.get(key)?.namespace ?? []))].sort(),
    pods: [],
  };
}
