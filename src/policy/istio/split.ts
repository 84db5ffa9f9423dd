import { shortHash } from '../name.ts';
import type { Rule } from './objects.ts';

/** Whether a caller, by its key, belongs to the policy at hand. */
export type Accepts = (key: string) => boolean;

/** One policy's share of a door: several ALLOW policies unite (I2). */
export interface Share {
  /** Empty for the only share, else three characters. */
  readonly suffix: string;
  readonly rules: readonly Rule[];
}

/** The CRD's limit (I19). */
const MAX_RULES = 512;
/** Characters of callers in one policy: twice as much still fits the 256 KiB that an annotation may hold. */
const MAX_CHARACTERS = 100_000;
const MAX_BITS = 8;

/**
 * Divides a door's rules over as few policies as fit: one, else 2^k by the first k bits of a hash of the caller's key,
 * so that a caller's grant stays where it is when others come and go. The suffix names k too: when k changes, the new
 * policies have new names and are written beside the old ones before those go. Undefined when 256 policies are too few.
 */
export function split(rulesFor: (accepts: Accepts) => readonly Rule[]): readonly Share[] | undefined {
  const whole = rulesFor(() => true);
  if (fits(whole)) return [{ suffix: '', rules: whole }];
  const firstByte = new Map<string, number>();
  const byteOf = (key: string): number => {
    const known = firstByte.get(key) ?? Number.parseInt(shortHash(key).slice(0, 2), 16);
    firstByte.set(key, known);
    return known;
  };
  for (let bits = 1; bits <= MAX_BITS; bits++) {
    if (characters(whole) > MAX_CHARACTERS * 2 ** bits) continue;
    const shares = Array.from({ length: 2 ** bits }, (_, index) => ({
      suffix: shareSuffix(bits, index),
      rules: rulesFor((key) => byteOf(key) >> (MAX_BITS - bits) === index),
    }));
    if (shares.every((share) => fits(share.rules))) return shares.filter((share) => share.rules.length > 0);
  }
  return undefined;
}

/** A letter for the number of bits, so that no suffix reads as another with a longer number before it, and two digits. */
export function shareSuffix(bits: number, index: number): string {
  return `${String.fromCharCode('a'.charCodeAt(0) + bits)}${index.toString(16).padStart(2, '0')}`;
}

function fits(rules: readonly Rule[]): boolean {
  return rules.length <= MAX_RULES && characters(rules) <= MAX_CHARACTERS;
}

function characters(rules: readonly Rule[]): number {
  let sum = 0;
  for (const rule of rules) {
    const { source } = rule.from[0];
    const texts = 'principals' in source ? source.principals : (source.ipBlocks ?? []);
    for (const text of texts) sum += text.length + 3;
    for (const port of rule.to[0].operation.ports) sum += port.length + 3;
  }
  return sum;
}
