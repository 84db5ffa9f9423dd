import { shortHash } from '../name.ts';

/** Something that an object holds one of per peer. */
export interface Sized {
  /** Identifies the peer, so that it stays in its bucket whoever else comes and goes. */
  readonly key: string;
  /** Length of its JSON. */
  readonly bytes: number;
}

/** Part of an object that was too large. `suffix` is empty when nothing was split. */
export interface Bucket {
  readonly suffix: string;
  readonly has: (member: Sized) => boolean;
}

const MAX_MEMBERS = 1_000;
/** An API server accepts about 1.5 MB; managed fields and a second copy in an annotation need their room. */
const MAX_BYTES = 400_000;
const MAX_BITS = 8;
const WHOLE: readonly Bucket[] = [{ suffix: '', has: () => true }];

/**
 * Splits members into 2^k buckets by a hash of their key. The names carry k: another k writes other objects beside the
 * old ones, so that no object loses a grant before its new home exists.
 */
export function bucketsOf(members: readonly Sized[]): readonly Bucket[] {
  const bytes = members.reduce((sum, member) => sum + member.bytes, 0);
  if (members.length <= MAX_MEMBERS && bytes <= MAX_BYTES) return WHOLE;
  const slots = new Map(members.map((member) => [member.key, slotOf(member.key)]));
  const wanted = Math.ceil(Math.log2(Math.max(members.length / MAX_MEMBERS, bytes / MAX_BYTES)));
  const bits = Math.min(MAX_BITS, Math.max(1, wanted));
  return Array.from({ length: 2 ** bits }, (_, index) => ({
    suffix: `${bits}-${index.toString(16).padStart(2, '0')}`,
    has: (member) => (slots.get(member.key) ?? slotOf(member.key)) >> (MAX_BITS - bits) === index,
  }));
}

function slotOf(key: string): number {
  return Number.parseInt(shortHash(key).slice(0, 2), 16);
}
