import type { Finding } from '../api/index.ts';
import { findingsOf } from '../graph/index.ts';
import { compileAll, type Draft, enginesFor } from '../policy/index.ts';
import { type Claim, isOurs, type JudgedEdge, judgeEdges, policiesAmong } from '../verify/index.ts';
import type { GraphInput } from './load-graph.ts';
import { gather } from './report.ts';

/** A graph, what the compilers made of it, and everything that was said on the way. */
export interface Compiled {
  readonly drafts: readonly Draft[];
  /** Of the input, the graph and the compilers, with places, each once. */
  readonly findings: readonly Finding[];
  /** The compiled objects alone. */
  readonly claim: Claim;
  /** What is enforced: in a live cluster whatever is there, else the compiled objects and the foreign ones. */
  readonly enforced: Claim;
  /** Policies of other authors among the inputs. */
  readonly foreign: readonly unknown[];
}

/** Compiles the whole input. */
export function compiled(input: GraphInput): Compiled {
  const { drafts, findings } = compileAll(input.graph, enginesFor(input.options), input.options);
  const objects = drafts.map((draft) => draft.object);
  // Objects that Lattice wrote earlier are no foreigners; verify judges those of a file with --objects.
  const foreign = policiesAmong(input.others.map((object) => object.raw)).filter((object) => !isOurs(object));
  return {
    drafts,
    findings: gather(input, findingsOf(input.graph), findings),
    claim: claimOf(input, objects),
    enforced: claimOf(input, input.live?.policies ?? [...objects, ...foreign]),
    foreign,
  };
}

/** The graph's edges; those that are agreed and closed say why. */
export function judgedEdges({ claim, findings }: Compiled): readonly JudgedEdge[] {
  return judgeEdges(claim, findings);
}

/** What the evaluators are asked about: the graph, and objects that should enforce it. */
function claimOf({ graph, options, live }: GraphInput, objects: readonly unknown[]): Claim {
  const { engines, clusterName, trustDomain, exemptions } = options;
  const { enforcement, everyCluster, rootNamespace } = live?.engines ?? {};
  return {
    graph,
    objects,
    engines,
    clusterName,
    trustDomain,
    exemptions,
    ...(enforcement === undefined ? {} : { enforcement }),
    ...(everyCluster === undefined ? {} : { everyCluster }),
    ...(rootNamespace === undefined ? {} : { rootNamespace }),
  };
}
