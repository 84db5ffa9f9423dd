import { shortHash } from '../name.ts';

/** Something that an object holds one of per peer. */
export interface Sized {
  /** Identifies the peer, so that it stays in its bucket whoever else comes and goes. */
  readonly key: string;
  /** Length of its JSON. */
  readonly bytes: number;
}

/** Part of an object that was too large; `suffix` sets it apart. `whole` says that nothing was split. */
export interface Bucket {
  readonly whole: boolean;
  readonly suffix: string;
  readonly has: (member: Sized) => boolean;
}

const MAX_MEMBERS = 1_000;
/** An API server accepts about 1.5 MB; managed fields and a second copy in an annotation need their room. */
const MAX_BYTES = 400_000;
const MAX_BITS = 8;
const WHOLE: readonly Bucket[] = [{ whole: true, suffix: '', has: () => true }];

/**
 * Splits members into 2^k buckets by a hash of their key. The names carry k: another k writes other objects beside the
 * old ones, so that no object loses a grant before its new home exists.
 */
export function bucketsOf(groups: readonly { readonly members: readonly Sized[] }[]): readonly Bucket[] {
  let count = 0;
  let bytes = 0;
  for (const { members } of groups) {
    count += members.length;
    for (const member of members) bytes += member.bytes;
  }
  if (count <= MAX_MEMBERS && bytes <= MAX_BYTES) return WHOLE;
  const wanted = Math.ceil(Math.log2(Math.max(count / MAX_MEMBERS, bytes / MAX_BYTES)));
  const bits = Math.min(MAX_BITS, Math.max(1, wanted));
  const slots = new Map<string, number>();
  const slotOf = (key: string): number => {
    const slot = slots.get(key) ?? Number.parseInt(shortHash(key).slice(0, 2), 16) >> (MAX_BITS - bits);
    slots.set(key, slot);
    return slot;
  };
  return Array.from({ length: 2 ** bits }, (_, index) => ({
    whole: false,
    suffix: `${bits}-${index.toString(16).padStart(2, '0')}`,
    has: (member) => slotOf(member.key) === index,
  }));
}
