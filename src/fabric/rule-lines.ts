import type { FirewallParty, FirewallRule } from '../api/index.ts';
import { compact } from './members.ts';
import { type SetForm, setNames, type Spelling } from './names.ts';

/** What a rule needs to know of the sets that it names. */
export interface SetSpelling {
  readonly formOf: (set: string) => SetForm;
  readonly spelling: Spelling;
}

const FAMILIES = [4, 6] as const;
const KEYWORD = { 4: 'ip', 6: 'ip6' } as const;

/**
 * One rule as statements of nft: one for each family that both sides can have, none when no packet can match (a list
 * or set without addresses matches nobody, never everybody).
 */
export function ruleLines(rule: FirewallRule, sets: SetSpelling): readonly string[] {
  const rest = [...transport(rule), 'counter', rule.action === 'allow' ? 'accept' : 'drop', comment(rule.name)];
  const { source, destination } = rule;
  if (source === undefined && destination === undefined) return [rest.join(' ')];
  return FAMILIES.flatMap((family) => {
    const from = matchParty('saddr', source, family, sets);
    const to = matchParty('daddr', destination, family, sets);
    return from === undefined || to === undefined ? [] : [[...from, ...to, ...rest].join(' ')];
  });
}

/** The match of one side; empty for any address, undefined when nobody of the family is meant. */
function matchParty(
  field: 'saddr' | 'daddr',
  party: FirewallParty | undefined,
  family: 4 | 6,
  sets: SetSpelling,
): readonly string[] | undefined {
  if (party === undefined) return [];
  if ('set' in party) {
    return [`${KEYWORD[family]} ${field} @${setNames(party.set, sets.formOf(party.set), sets.spelling)[family]}`];
  }
  const ranges = compact(party.cidrs, family);
  if (ranges.length === 0) return undefined;
  return [`${KEYWORD[family]} ${field} ${oneOrSet(ranges)}`];
}

function transport({ protocol, ports }: FirewallRule): readonly string[] {
  if (protocol === undefined) return [];
  const name = protocol.toLowerCase();
  return ports === undefined ? [`meta l4proto ${name}`] : [`${name} dport ${oneOrSet(portRanges(ports))}`];
}

/** Sorted ranges that do not touch: nft refuses overlaps. */
function portRanges(ports: NonNullable<FirewallRule['ports']>): readonly string[] {
  const merged: { first: number; last: number }[] = [];
  const sorted = ports.map(({ port, endPort }) => ({ first: port, last: endPort ?? port }));
  for (const range of sorted.toSorted((a, b) => a.first - b.first || a.last - b.last)) {
    const before = merged.at(-1);
    if (before && range.first <= before.last + 1) before.last = Math.max(before.last, range.last);
    else merged.push({ ...range });
  }
  return merged.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`));
}

function oneOrSet(values: readonly string[]): string {
  const [only, ...others] = values;
  return only !== undefined && others.length === 0 ? only : `{ ${values.join(', ')} }`;
}

/** nft has no way to write a quote inside of a comment, and refuses more than 128 bytes. */
export function comment(text: string): string {
  return `comment "${text.replaceAll(/[^ !#-[\]-~]/g, '_').slice(0, 120)}"`;
}
