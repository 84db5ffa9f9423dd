// Finds the rules whose subject selects an identity without asking every rule.
import type { Identity } from './identity.ts';
import { buildLabelIndex } from './label-index.ts';
import type { Rule } from './rule.ts';

export interface RuleIndex {
  /** Every rule that selects the identity, in the order given to buildRuleIndex. */
  rulesOf(identity: Identity): readonly Rule[];
}

/** Indexes rules by the labels that their subjects require. */
export function buildRuleIndex(rules: readonly Rule[]): RuleIndex {
  const index = buildLabelIndex(rules, (rule) => [rule.subject]);
  return {
    rulesOf: (identity) => index.candidates(identity).filter((rule) => rule.subject.selects(identity) === 'yes'),
  };
}
