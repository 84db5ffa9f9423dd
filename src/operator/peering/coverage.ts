import {
  type FabricBypass,
  type FabricNodeStatus,
  type FabricPath,
  PATH_CLASSES,
  type PathClass,
  type PeeringRule,
} from '../../api/index.ts';
import { rulesOnWay } from './rules-on-way.ts';

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
  /** Ways of packets that no rule sees and that some rule is about, one sentence each, sorted. */
  readonly bypassed: readonly string[];
  /** The rules that these ways leave unenforced, a phrase for each way, sorted. */
  readonly unenforced: readonly string[];
  /** Nodes where a canary has seen every way pass. */
  readonly seen: number;
  /** Milliseconds until a report that counts now will be too old; undefined when none does. */
  readonly staleInMs: number | undefined;
}

/**
 * Judges the reports of the nodes on one generation of a program that stands for `rules`. A report three times as old as
 * its interval is of an agent that is gone. A way that is bypassed counts where one of the rules may be about it.
 */
export function coverageOf(
  program: string,
  generation: number,
  rules: readonly PeeringRule[],
  nodes: Iterable<NodeFact>,
  reportOf: (node: string) => NodeReport | undefined,
  now: number,
): Coverage {
  const missing: string[] = [];
  const bypassed: string[] = [];
  const lives: number[] = [];
  const onWay = new Map(PATH_CLASSES.map((way) => [way, rulesOnWay(rules, way)]));
  const open = new Set<PathClass>();
  let count = 0;
  let seen = 0;
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
    if (PATH_CLASSES.every((way) => isSeen(way, report.paths))) seen++;
    for (const each of report.bypassed) {
      if (onWay.get(each.class)?.length === 0) continue;
      bypassed.push(`${name}: ${each.class} (${each.reason}${judgedBy(each)}): ${each.message}`);
      open.add(each.class);
    }
  }
  return {
    nodes: count,
    loaded: count - missing.length,
    missing: missing.sort(),
    bypassed: bypassed.sort(),
    unenforced: [...open].sort().map((way) => `${way}: ${rulesText(onWay.get(way) ?? [], rules.length)}`),
    seen,
    staleInMs: lives.length > 0 ? Math.min(...lives) : undefined,
  };
}

/** Milliseconds for which a report still counts. */
export function lifeOf({ reportedAt, reportSeconds }: NodeReport, now: number): number {
  const at = Date.parse(reportedAt);
  return Number.isNaN(at) ? 0 : at + 3000 * reportSeconds - now;
}

function isSeen(way: PathClass, paths: readonly FabricPath[] = []): boolean {
  return paths.some((path) => path.class === way && path.canary === 'Passed');
}

function judgedBy({ judgedBy: evidence }: FabricBypass): string {
  return evidence ? `, by ${evidence.join(' and ').toLowerCase()}` : '';
}

const NAMED = 20;

function rulesText(indices: readonly number[], all: number): string {
  if (indices.length === all) return 'every rule';
  const more = indices.length > NAMED ? ` and ${indices.length - NAMED} more` : '';
  return `${indices.length === 1 ? 'rule' : 'rules'} ${indices.slice(0, NAMED).join(', ')}${more}`;
}
