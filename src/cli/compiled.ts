import type { Finding } from '../api/index.ts';
import { findingsOf } from '../graph/index.ts';
import { compileAll, type Draft, enginesFor } from '../policy/index.ts';
import { type Claim, type JudgedEdge, judgeEdges, policiesAmong } from '../verify/index.ts';
import type { GraphInput } from './load-graph.ts';
import { gather } from './report.ts';

/** A graph, what the compilers made of it, and everything that was said on the way. */
export interface Compiled {
  readonly drafts: readonly Draft[];
  /** Of the input, the graph and the compilers, with places, each once. */
  readonly findings: readonly Finding[];
  /** The compiled objects alone. */
  readonly claim: Claim;
  /** Policies of other authors among the inputs. */
  readonly foreign: readonly unknown[];
}

/** Compiles the whole input. */
export function compiled(input: GraphInput): Compiled {
  const { drafts, findings } = compileAll(input.graph, enginesFor(input.options), input.options);
  return {
    drafts,
    findings: gather(input, findingsOf(input.graph), findings),
    claim: claimOf(
      input,
      drafts.map((draft) => draft.object),
    ),
    foreign: policiesAmong(input.others.map((object) => object.raw)),
  };
}

/** The compiled objects beside the policies of other authors that lie among the inputs. */
export function withForeign({ claim, foreign }: Compiled): Claim {
  return foreign.length === 0 ? claim : { ...claim, objects: [...claim.objects, ...foreign] };
}

/** The graph's edges; those that are agreed and closed say why. */
export function judgedEdges({ claim, findings }: Compiled): readonly JudgedEdge[] {
  return judgeEdges(claim, findings);
}

/** What the evaluators are asked about: the graph, and objects that should enforce it. */
function claimOf({ graph, options }: GraphInput, objects: readonly unknown[]): Claim {
  const { engines, clusterName, trustDomain, exemptions } = options;
  return { graph, objects, engines, clusterName, trustDomain, exemptions };
}
