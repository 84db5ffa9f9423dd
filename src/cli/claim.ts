import type { Claim } from '../verify/index.ts';
import type { GraphInput } from './load-graph.ts';

/** What the evaluators are asked about: the graph, and objects that should enforce it. */
export function claimOf({ graph, options }: GraphInput, objects: readonly unknown[]): Claim {
  const { engines, clusterName, trustDomain, exemptions } = options;
  return { graph, objects, engines, clusterName, trustDomain, exemptions };
}
