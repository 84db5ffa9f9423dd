// Promise 3 in sight: what both sides agreed and no door lets through, with the reason.
import type { Finding } from '../../api/index.ts';
import { barredReason, type Edge, edgesOf } from '../../graph/index.ts';
import type { Claim } from '../prove/prove.ts';
import { judgeEdge } from './edge-flow.ts';
import { type FlowAnswer, FlowJudge } from './judge-flow.ts';

/** Why an agreed edge is closed. */
export interface Closure {
  /** A finding's code, or `DoorClosed` when a door denies and nobody said why. */
  readonly code: string;
  readonly message: string;
  readonly fix?: string;
}

export interface JudgedEdge extends Edge {
  /** Present when both sides agree and the edge is closed all the same. */
  readonly closed?: Closure;
}

/**
 * Every declared edge; those that are agreed and closed say why. `claim.objects` are what the compilers made of the same
 * graph, `findings` what they said. Edges between two shadows are nobody's to close.
 */
export function judgeEdges(claim: Claim, findings: readonly Finding[]): readonly JudgedEdge[] {
  const judge = new FlowJudge(claim);
  const told = new Map(findings.flatMap((each) => namesOf(each).map((name) => [name, each] as const)).toReversed());
  return edgesOf(claim.graph).map((edge) => {
    const closed = closureOf(edge, judge, claim, told);
    return closed ? { ...edge, closed } : edge;
  });
}

/** Edges that are agreed and closed. */
export function closedAmong(edges: readonly JudgedEdge[]): readonly (JudgedEdge & { readonly closed: Closure })[] {
  return edges.flatMap((edge) => (edge.closed ? [{ ...edge, closed: edge.closed }] : []));
}

function closureOf(
  edge: Edge,
  judge: FlowJudge,
  { graph, clusterName }: Claim,
  told: ReadonlyMap<string, Finding>,
): Closure | undefined {
  if (!edge.agreed) return undefined;
  if (edge.barred !== undefined) return { code: edge.barred, ...barredReason(edge.barred) };
  if (edge.enforcedAt === 'none') return undefined;
  const answer = judgeEdge(edge, judge, graph, clusterName);
  const own = toldOf(edge, told);
  // Where no door is on the path the compiler's word is all there is.
  if (own) return answer === undefined || answer.verdict === 'denied' ? reason(own) : undefined;
  if (answer?.verdict !== 'denied') return undefined;
  const about = told.get(edge.from) ?? told.get(edge.to) ?? (edge.host === undefined ? undefined : told.get(GATEWAY));
  return about ? reason(about) : atDoor(answer);
}

/** What was said of this very edge; a built-in peer is refused for both directions at once. */
function toldOf({ from, to, host }: Edge, told: ReadonlyMap<string, Finding>): Finding | undefined {
  const builtin = from.startsWith('builtin:') || to.startsWith('builtin:');
  return (
    told.get(nameOf(from, to)) ??
    (host === undefined ? undefined : told.get(nameOf(from, host))) ??
    (builtin ? told.get(nameOf(to, from)) : undefined)
  );
}

const GATEWAY = 'the egress waypoint';

/** A closed door that no declaration of this edge answers for, such as that of a built-in peer's own pods. */
function atDoor({ doors }: FlowAnswer): Closure {
  const closed = doors.find(({ verdict }) => verdict === 'denied');
  const [by] = closed?.decidedBy ?? [];
  const object = by ? ` by ${by.kind} ${by.namespace === '' ? '' : `${by.namespace}/`}${by.name}` : '';
  return {
    code: 'DoorClosed',
    message: `${closed?.door ?? 'a door'} at ${closed?.at ?? 'its path'} is closed${object} (${closed?.reason ?? ''})`,
    fix: 'declare the edge for the pods behind that door too',
  };
}

/** What a finding closes: an edge by its ends, a service by its key, or whatever goes through the egress waypoint. */
function namesOf({ edge, severity, object }: Finding): readonly string[] {
  if (severity !== 'error') return [];
  if (edge) return [nameOf(edge.from, edge.to)];
  if (!object) return [];
  if (object.kind === 'Gateway') return [GATEWAY];
  return object.kind === 'LatticeService' ? [`${object.namespace}/${object.name}`] : [];
}

function nameOf(from: string, to: string): string {
  return `${from} -> ${to}`;
}

function reason({ code, message, fix }: Finding): Closure {
  return { code, message, ...(fix === undefined ? {} : { fix }) };
}
