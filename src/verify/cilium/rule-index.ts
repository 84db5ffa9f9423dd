// Finds the rules whose subject selects an identity without asking every rule.
import type { Identity } from './identity.ts';
import type { Rule } from './rule.ts';
import type { Selector } from './selector.ts';

/** Rules filed under one label that their subject requires. */
export interface RuleIndex {
  /** Every rule that selects the identity, in the order given to buildRuleIndex. */
  rulesOf(identity: Identity): readonly Rule[];
}

/** Files each rule under the rarest label value that its subject requires; the rest are asked every time. */
export function buildRuleIndex(rules: readonly Rule[]): RuleIndex {
  const bySubject = new Map<Selector, number[]>();
  for (const [position, rule] of rules.entries()) append(bySubject, rule.subject, position);
  const popularity = new Map<string, number>();
  for (const subject of bySubject.keys())
    for (const label of labelsOf(subject)) popularity.set(label, (popularity.get(label) ?? 0) + 1);
  const byLabel = new Map<string, Selector[]>();
  const unfiled: Selector[] = [];
  for (const subject of bySubject.keys()) {
    const rarest = labelsOf(subject).toSorted((a, b) => (popularity.get(a) ?? 0) - (popularity.get(b) ?? 0))[0];
    if (rarest === undefined) unfiled.push(subject);
    else append(byLabel, rarest, subject);
  }
  return {
    rulesOf(identity) {
      const filed = [...identity.byKey.values()].flatMap((label) => byLabel.get(`${label.key}=${label.value}`) ?? []);
      const selecting = [...unfiled, ...filed].filter((subject) => subject.selects(identity) === 'yes');
      const positions = selecting.flatMap((subject) => bySubject.get(subject) ?? []).toSorted((a, b) => a - b);
      return positions.map((position) => rules[position]).filter((rule) => rule !== undefined);
    },
  };
}

/** The source is left out: `any:` keys match labels of every source. Address keys match by containment, not by text. */
function labelsOf(subject: Selector): string[] {
  return subject.required.filter(({ key }) => key.source !== 'cidr').map(({ key, value }) => `${key.key}=${value}`);
}

function append<K, V>(groups: Map<K, V[]>, key: K, value: V): void {
  const group = groups.get(key);
  if (group) group.push(value);
  else groups.set(key, [value]);
}
