import type { Step } from '../../kube/index.ts';
import type { Part } from '../../policy/index.ts';

/** What becomes of a unit: its doors stand, it opted out but its agreements hold (shadow), or nobody declares it any more. */
export type Fate = 'enforced' | 'leaving' | 'gone';

/** Steps that may be done at the same time; a phase begins when the one before has ended. */
export interface Phase {
  readonly does: 'apply' | 'prune';
  readonly part: Part;
  readonly steps: readonly Step[];
}

/** Opening is not by accident: exemptions and grants stand before the default deny that would cut them off. */
const APPLY: readonly Part[] = ['exemption', 'grant', 'deny'];
/**
 * What is no longer desired goes after all applies, because a grant that moved to another object stands there by then
 * (C). A revocation leaves the deny for last (S). Who opts out keeps the grants for longest (C).
 */
const PRUNE: Readonly<Record<Fate, readonly Part[]>> = {
  enforced: ['grant', 'exemption', 'deny'],
  leaving: ['deny', 'grant', 'exemption'],
  gone: ['grant', 'deny', 'exemption'],
};

/** The order of one unit's writes; phases without steps are left out. */
export function orderSteps(steps: readonly Step[], partOf: (id: string) => Part, fate: Fate): readonly Phase[] {
  const phases: Phase[] = [
    ...APPLY.map((part): Phase => ({ does: 'apply', part, steps: pick(steps, 'apply', part, partOf) })),
    ...PRUNE[fate].map((part): Phase => ({ does: 'prune', part, steps: pick(steps, 'prune', part, partOf) })),
  ];
  return phases.filter((phase) => phase.steps.length > 0);
}

function pick(steps: readonly Step[], does: Phase['does'], part: Part, partOf: (id: string) => Part): readonly Step[] {
  return steps.filter((step) => doesOf(step) === does && partOf(step.id) === part);
}

function doesOf({ kind }: Step): Phase['does'] {
  return kind === 'delete' || kind === 'check' ? 'prune' : 'apply';
}
