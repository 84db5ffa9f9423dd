import { type Finding, formatPath } from '../../api/index.ts';
import type { Condition, Verdict } from '../status/index.ts';

/** What is known of the policies of other authors at one service's doors. */
export type Opinion =
  /** They were judged; none may have a say. */
  | { readonly kind: 'judged'; readonly policies: number; readonly findings: readonly Finding[] }
  /** Some have a say, and were not judged yet. */
  | { readonly kind: 'pending' }
  | { readonly kind: 'tooMany'; readonly policies: number }
  /** Policies of this kind may not be read. */
  | { readonly kind: 'unreadable'; readonly what: string };

/** Nobody else has a say. */
export const ALONE: Opinion = { kind: 'judged', policies: 0, findings: [] };

const TYPE = 'Exclusive';
/** Findings that are written out; the others are counted. */
const SHOWN = 3;

/** Whether Lattice alone decides at the doors of a service. What was said before stands until it is judged anew. */
export function decideExclusive(opinion: Opinion, before: Condition | undefined): Verdict {
  switch (opinion.kind) {
    case 'pending':
      return before
        ? { type: TYPE, status: before.status, reason: before.reason, message: before.message }
        : { type: TYPE, status: 'Unknown', reason: 'Pending', message: 'policies of other authors are being judged' };
    case 'unreadable':
      return {
        type: TYPE,
        status: 'Unknown',
        reason: 'PoliciesUnreadable',
        message: `${opinion.what} may not be read, so that nothing is known of what others wrote: grant list and watch`,
      };
    case 'tooMany':
      return {
        type: TYPE,
        status: 'Unknown',
        reason: 'TooManyPolicies',
        message: `${opinion.policies} policies of other authors have a say at its doors, too many to be judged here: ask lattice lint`,
      };
    case 'judged':
      return judged(opinion);
  }
}

function judged({ policies, findings: found }: Extract<Opinion, { kind: 'judged' }>): Verdict {
  const findings = found.toSorted((a, b) => rank(a) - rank(b));
  const [first] = findings;
  if (first) {
    const shown = findings.slice(0, SHOWN).map(sentence).join('; ');
    const more = findings.length > SHOWN ? `; and ${findings.length - SHOWN} more` : '';
    const status = first.code === 'ForeignPolicyUndecided' ? 'Unknown' : 'False';
    return { type: TYPE, status, reason: first.code, message: `${shown}${more}` };
  }
  return policies === 0
    ? { type: TYPE, status: 'True', reason: 'NoForeignPolicy', message: 'no policy of another author selects its pods' }
    : {
        type: TYPE,
        status: 'True',
        reason: 'ForeignPolicyHarmless',
        message: `${policies === 1 ? 'a policy' : `${policies} policies`} of other authors opens and closes nothing here`,
      };
}

const RANKS: readonly string[] = ['ForeignPolicyWidens', 'ForeignPolicyBlocks', 'ForeignPolicyUndecided'];

function rank({ code }: Finding): number {
  const at = RANKS.indexOf(code);
  return at < 0 ? RANKS.length : at;
}

function sentence({ object, path, message, fix }: Finding): string {
  const name = object ? `${object.kind} ${object.namespace ? `${object.namespace}/` : ''}${object.name}` : '';
  const place = path && path.length > 0 ? ` ${formatPath(path)}` : '';
  return `${name}${place} ${message}${fix === undefined ? '' : ` (${fix})`}`;
}
