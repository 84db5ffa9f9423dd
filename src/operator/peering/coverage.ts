import type { FabricNodeStatus } from '../../api/index.ts';

/** A node that may hold pods: Linux, and not a virtual one. */
export interface NodeFact {
  readonly name: string;
  readonly counts: boolean;
}

export type NodeReport = NonNullable<FabricNodeStatus['status']>;

/** How far a program has got. */
export interface Coverage {
  readonly nodes: number;
  readonly loaded: number;
  /** Why some node does not enforce it, one sentence each, sorted. */
  readonly missing: readonly string[];
  /** Ways of packets that no rule sees, one sentence each, sorted. */
  readonly bypassed: readonly string[];
  /** Milliseconds until a report that counts now will be too old; undefined when none does. */
  readonly staleInMs: number | undefined;
}

/** Judges the reports of the nodes on one generation of a program. A report three times as old as its interval is of an agent that is gone. */
export function coverageOf(
  program: string,
  generation: number,
  nodes: Iterable<NodeFact>,
  reportOf: (node: string) => NodeReport | undefined,
  now: number,
): Coverage {
  const missing: string[] = [];
  const bypassed: string[] = [];
  const lives: number[] = [];
  let count = 0;
  for (const { name, counts } of nodes) {
    if (!counts) continue;
    count++;
    const report = reportOf(name);
    const life = report ? lifeOf(report, now) : 0;
    if (!report || life <= 0) {
      missing.push(`${name}: ${report ? 'its agent has fallen silent' : 'no agent reports'}`);
      continue;
    }
    lives.push(life);
    const own = report.programs.find((each) => each.name === program);
    if (own?.error !== undefined) missing.push(`${name}: ${own.error}`);
    else if (own?.generation !== generation) missing.push(`${name}: has not loaded it yet`);
    for (const each of report.bypassed) bypassed.push(`${name}: ${each.class} (${each.reason}): ${each.message}`);
  }
  return {
    nodes: count,
    loaded: count - missing.length,
    missing: missing.sort(),
    bypassed: bypassed.sort(),
    staleInMs: lives.length > 0 ? Math.min(...lives) : undefined,
  };
}

/** Milliseconds for which a report still counts. */
export function lifeOf({ reportedAt, reportSeconds }: NodeReport, now: number): number {
  const at = Date.parse(reportedAt);
  return Number.isNaN(at) ? 0 : at + 3000 * reportSeconds - now;
}
