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

/** More statements than this for one family of one rule are written with sets of ranges instead. */
const MOST_LINES = 64;

/**
 * One rule as statements of nft: none where no packet can match (a list or set without addresses matches nobody, never
 * everybody). Ranges become statements of their own: a nameless set of ranges is empty for a moment when the kernel
 * takes over the rule that it belongs to, and a packet of a denied flow would pass.
 */
export function ruleLines(rule: FirewallRule, sets: SetSpelling): readonly string[] {
  const verdict = ['counter', rule.action === 'allow' ? 'accept' : 'drop', comment(rule.name)].join(' ');
  const { source, destination } = rule;
  const families = source === undefined && destination === undefined ? [4 as const] : FAMILIES;
  return families.flatMap((family) => {
    const from = matchesOf('saddr', source, family, sets);
    const to = matchesOf('daddr', destination, family, sets);
    const through = transport(rule);
    const isMany = from.length * to.length * through.length > MOST_LINES;
    const sides = isMany ? [joined(from), joined(to), joined(through)] : [from, to, through];
    return product(sides).map((parts) => [...parts.filter((part) => part !== ''), verdict].join(' '));
  });
}

/** Ways to match one side, any of which will do; one empty way is any address, no way is nobody of the family. */
function matchesOf(
  field: 'saddr' | 'daddr',
  party: FirewallParty | undefined,
  family: 4 | 6,
  sets: SetSpelling,
): readonly string[] {
  if (party === undefined) return [''];
  const key = `${KEYWORD[family]} ${field}`;
  if ('set' in party) return [`${key} @${setNames(party.set, sets.formOf(party.set), sets.spelling)[family]}`];
  return compact(party.cidrs, family).map((range) => `${key} ${range}`);
}

function transport({ protocol, ports }: FirewallRule): readonly string[] {
  if (protocol === undefined) return [''];
  const name = protocol.toLowerCase();
  if (ports === undefined) return [`meta l4proto ${name}`];
  const ranges = portRanges(ports);
  // A set of single numbers is a hash, which has no such moment.
  if (ranges.length > 1 && ranges.every((range) => !range.includes('-')))
    return [`${name} dport { ${ranges.join(', ')} }`];
  return ranges.map((range) => `${name} dport ${range}`);
}

/** Matches of one key as one match over a nameless set. */
function joined(matches: readonly string[]): readonly string[] {
  const [first, ...others] = matches;
  if (first === undefined || others.length === 0) return matches;
  const key = first.slice(0, first.lastIndexOf(' '));
  return [`${key} { ${matches.map((match) => match.slice(key.length + 1)).join(', ')} }`];
}

function product(sides: readonly (readonly string[])[]): readonly (readonly string[])[] {
  return sides.reduce<readonly (readonly string[])[]>(
    (all, side) => all.flatMap((parts) => side.map((part) => [...parts, part])),
    [[]],
  );
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

/** nft has no way to write a quote inside of a comment, and refuses more than 128 bytes. */
export function comment(text: string): string {
  return `comment "${text.replaceAll(/[^ !#-[\]-~]/g, '_').slice(0, 120)}"`;
}
