import { isIPv4 } from 'node:net';
import { type Cidr, containsCidr, formatAddress, formatCidr, parseCidr } from '../api/index.ts';

/** One member in the spelling that nft prints: an address without its full prefix, host bits cleared. */
export interface Member {
  readonly text: string;
  readonly family: 4 | 6;
  readonly isPrefix: boolean;
}

/** Reads one address or prefix. Undefined when it is neither. */
export function memberOf(text: string): Member | undefined {
  // Nearly every member is an IPv4 address, and its spelling is already the canonical one.
  if (isIPv4(text)) return { text, family: 4, isPrefix: false };
  const cidr = parseCidr(text);
  if (!cidr) return undefined;
  const isPrefix = cidr.prefix < (cidr.family === 4 ? 32 : 128);
  return { text: isPrefix ? formatCidr(cidr) : formatAddress(cidr.family, cidr.first), family: cidr.family, isPrefix };
}

/** The members of one family, sorted, without duplicates and without what another prefix covers: nft refuses overlaps. */
export function compact(members: readonly string[], family: 4 | 6): readonly string[] {
  const ranges = members
    .map((text) => parseCidr(text))
    .filter((cidr): cidr is Cidr => cidr?.family === family)
    .toSorted((a, b) => compareBigint(a.first, b.first) || a.prefix - b.prefix);
  const kept: Cidr[] = [];
  for (const range of ranges) {
    const last = kept.at(-1);
    if (!last || !containsCidr(last, range)) kept.push(range);
  }
  const full = family === 4 ? 32 : 128;
  return kept.map((cidr) => (cidr.prefix === full ? formatAddress(family, cidr.first) : formatCidr(cidr)));
}

function compareBigint(a: bigint, b: bigint): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
