import type { Finding, Issue } from '../../api/index.ts';
import { formatPath } from '../../api/index.ts';
import { decideExclusive, type Opinion } from '../foreign/index.ts';
import type { Condition, Phase, Verdict } from '../status/index.ts';
import type { Rejection } from './outputs.ts';
import type { Settled } from './settle-unit.ts';

/** All that may be said about one declared service. */
export interface ServiceFacts {
  readonly issues: readonly Issue[];
  /** From the graph: halves, unknown peers, what bars it. */
  readonly findings: readonly Finding[];
  /** From the compilers. */
  readonly compiled: readonly Finding[];
  readonly mode: 'enforce' | 'shadow';
  /** Its namespace extends default deny to all of its pods. */
  readonly managed: boolean;
  /** Why nothing is written at all. */
  readonly closed: readonly Refusal[];
  /** Undefined while nothing was tried, or nothing may be. */
  readonly settled: Settled | undefined;
  readonly missing: readonly { readonly engine: string; readonly kind: string }[];
  readonly rejections: readonly Rejection[];
  /** What weakens an engine as a whole. */
  readonly weak: readonly Refusal[];
  /** What policies of other authors do at its doors, and what was said of that before. */
  readonly foreign: Opinion;
  readonly before: Condition | undefined;
}

/** A reason in one word, and in a sentence with its fix. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

export interface Decided {
  readonly phase: Phase;
  readonly verdicts: readonly Verdict[];
}

/** Findings that say that an agreement lacks its other half. */
const HALVES: ReadonlySet<string> = new Set([
  'HalfAgreement',
  'UnknownPeer',
  'UnknownPort',
  'NoCommonPort',
  'NoPorts',
  'UnknownBuiltin',
  'BuiltinDirection',
]);

/** Phase and conditions of a service, from everything that is known of it. */
export function decideServiceStatus(facts: ServiceFacts): Decided {
  const compiled = decideCompiled(facts);
  const agreed = decideAgreed(facts.findings);
  const enforced = decideEnforced(facts);
  const deny = decideDefaultDeny(facts, enforced);
  // A shadow's own doors are open: there is nothing for others to widen.
  const exclusive = facts.mode === 'shadow' ? undefined : decideExclusive(facts.foreign, facts.before);
  const ready = decideReady(compiled, agreed, enforced, exclusive);
  return {
    phase: phaseOf(facts, compiled, enforced, exclusive),
    verdicts: [ready, compiled, agreed, enforced, deny, ...(exclusive ? [exclusive] : [])],
  };
}

function decideCompiled({ issues, findings, compiled }: ServiceFacts): Verdict {
  const type = 'Compiled';
  if (issues.length > 0) {
    const message = issues
      .map((issue) => `${formatPath(issue.path)}: ${sentence(issue.message, issue.fix)}`)
      .join('; ');
    return { type, status: 'False', reason: 'Invalid', message };
  }
  const errors = [...findings, ...compiled].filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (first) return { type, status: 'False', reason: first.code, message: joined(errors) };
  const advice = compiled.filter(({ severity }) => severity === 'warning');
  return {
    type,
    status: 'True',
    reason: 'Compiled',
    message: advice.length > 0 ? joined(advice) : 'every agreed edge can be enforced',
  };
}

function decideAgreed(findings: readonly Finding[]): Verdict {
  const type = 'Agreed';
  const halves = findings.filter(({ code }) => HALVES.has(code));
  const [first] = halves;
  if (!first) return { type, status: 'True', reason: 'BothSides', message: 'both sides declare every edge' };
  return { type, status: 'False', reason: first.code, message: joined(halves) };
}

/** What keeps a service from being enforced, first one first. */
const HINDRANCES: readonly ((facts: ServiceFacts) => Omit<Verdict, 'type'> | undefined)[] = [
  ({ closed: [first] }) => first && { status: 'False', ...first },
  ({ issues }) =>
    issues.length > 0
      ? {
          status: 'False',
          reason: 'Invalid',
          message: 'what it says cannot be read: its objects stay as they are, its peers close',
        }
      : undefined,
  ({ mode }) =>
    mode === 'shadow'
      ? { status: 'False', reason: 'Shadow', message: 'mode is shadow: its own doors stay open, its peers enforce' }
      : undefined,
  ({ findings, compiled, settled }) => {
    const error = settled ? undefined : [...findings, ...compiled].find(({ severity }) => severity === 'error');
    return error && { status: 'False', reason: error.code, message: sentence(error.message, error.fix) };
  },
  ({ settled }) => (settled ? undefined : { status: 'Unknown', reason: 'Pending', message: 'nothing was written yet' }),
  ({ missing: [first] }) =>
    first && {
      status: 'False',
      reason: 'EngineMissing',
      message: `${first.engine} is not installed: the cluster serves no ${first.kind}; install it, or leave it out of --engine`,
    },
  ({ settled }) => {
    const [first] = settled?.refused ?? [];
    return (
      first && {
        status: 'False',
        reason: first.reason,
        message: `${first.id} exists and belongs to somebody else: delete or rename it`,
      }
    );
  },
  ({ settled }) => {
    const [first] = settled?.failed ?? [];
    return first && { status: 'False', reason: 'WriteFailed', message: `${first.id}: ${first.error.message}` };
  },
  ({ rejections: [first] }) =>
    first && {
      status: 'False',
      reason: 'RejectedByEngine',
      message: `${first.id}: ${first.condition.type} is False: ${first.condition.message || first.condition.reason}`,
    },
  ({ weak: [first] }) => first && { status: 'False', ...first },
  ({ settled }) =>
    settled?.waits === true
      ? { status: 'Unknown', reason: 'Pending', message: 'other objects are written first' }
      : undefined,
];

function decideEnforced(facts: ServiceFacts): Verdict {
  for (const hindrance of HINDRANCES) {
    const found = hindrance(facts);
    if (found) return { type: 'Enforced', ...found };
  }
  return { type: 'Enforced', status: 'True', reason: 'Applied', message: 'every object is in the cluster as compiled' };
}

function decideDefaultDeny({ mode, managed, findings }: ServiceFacts, enforced: Verdict): Verdict {
  const type = 'DefaultDeny';
  if (mode === 'shadow') {
    const unguarded = findings.find(({ code }) => code === 'ShadowBehindWaypoint');
    if (unguarded)
      return { type, status: 'False', reason: unguarded.code, message: sentence(unguarded.message, unguarded.fix) };
    return managed
      ? {
          type,
          status: 'False',
          reason: 'Partial',
          message: 'its namespace is managed, and its pods are left out of the default deny',
        }
      : { type, status: 'False', reason: 'Shadow', message: 'its pods take and make any connection' };
  }
  if (enforced.status === 'True') {
    return {
      type,
      status: 'True',
      reason: 'Applied',
      message: 'what is not agreed and not exempt is closed, in both directions',
    };
  }
  return { type, status: enforced.status, reason: enforced.reason, message: enforced.message };
}

/** The summary that printers show: what is wrong first, else what is still half. */
function decideReady(compiled: Verdict, agreed: Verdict, enforced: Verdict, exclusive: Verdict | undefined): Verdict {
  const type = 'Ready';
  const shadow = enforced.reason === 'Shadow';
  const wrong = [compiled, enforced, exclusive].find((each) => each && each.status !== 'True');
  if (wrong && !(shadow && wrong === enforced)) return { ...wrong, type };
  if (agreed.status !== 'True') return { type, status: 'True', reason: agreed.reason, message: agreed.message };
  if (shadow) return { type, status: 'True', reason: 'Shadow', message: enforced.message };
  return { type, status: 'True', reason: 'Enforced', message: 'exactly what both sides agreed is open' };
}

function phaseOf(facts: ServiceFacts, compiled: Verdict, enforced: Verdict, exclusive: Verdict | undefined): Phase {
  if (facts.issues.length > 0) return 'Failed';
  if (enforced.reason === 'Shadow') return compiled.status === 'True' ? 'Ready' : 'Degraded';
  if (enforced.status === 'Unknown') return 'Pending';
  if (enforced.status === 'False')
    return facts.settled && facts.settled.failed.length + facts.settled.refused.length === 0 ? 'Degraded' : 'Failed';
  if (exclusive?.reason === 'Pending') return 'Pending';
  return compiled.status === 'True' && exclusive?.status !== 'False' && exclusive?.status !== 'Unknown'
    ? 'Ready'
    : 'Degraded';
}

function joined(findings: readonly Finding[]): string {
  return findings.map(({ message, fix }) => sentence(message, fix)).join('; ');
}

function sentence(message: string, fix: string | undefined): string {
  return fix === undefined ? message : `${message} (${fix})`;
}
