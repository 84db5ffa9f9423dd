import type { ObjectRef } from '../verdict.ts';
import type { Truth } from './truth.ts';

/** What a list of policies says of one question, and the object of the rule that says it; none where no rule does. */
export interface Match {
  readonly truth: Truth;
  readonly decidedBy: readonly ObjectRef[];
}

/** The first rule that matches, else the first that might. */
export function firstMatch<Rule extends { readonly object: ObjectRef }>(
  policies: readonly { readonly rules: readonly Rule[] }[],
  matches: (rule: Rule) => Truth,
): Match {
  let open: Match | undefined;
  for (const policy of policies) {
    for (const rule of policy.rules) {
      const truth = matches(rule);
      if (truth === true) return { truth, decidedBy: [rule.object] };
      if (truth !== false) open ??= { truth, decidedBy: [rule.object] };
    }
  }
  return open ?? { truth: false, decidedBy: [] };
}
