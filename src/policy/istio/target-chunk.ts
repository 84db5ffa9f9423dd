import { shortHash } from '../name.ts';
import { shareSuffix } from './split.ts';

/** The CRD's limit (I3). */
const MAX_TARGET_REFS = 16;
const MAX_BITS = 8;

/** Services that one policy refers to. */
export interface TargetChunk {
  readonly suffix: string;
  readonly names: readonly string[];
}

/**
 * Divides a service's Services into groups that one policy may refer to: one, else 2^j by a hash of the name, so that
 * a Service stays in its group when others come and go. Undefined when 256 groups are too few.
 */
export function targetChunks(names: readonly string[]): readonly TargetChunk[] | undefined {
  if (names.length <= MAX_TARGET_REFS) return [{ suffix: '', names }];
  for (let bits = 1; bits <= MAX_BITS; bits++) {
    const chunks = Array.from({ length: 2 ** bits }, (_, index) => ({
      suffix: `s${shareSuffix(bits, index)}`,
      names: names.filter((name) => firstByte(name) >> (MAX_BITS - bits) === index),
    }));
    if (chunks.every((chunk) => chunk.names.length <= MAX_TARGET_REFS)) {
      return chunks.filter((chunk) => chunk.names.length > 0);
    }
  }
  return undefined;
}

function firstByte(name: string): number {
  return Number.parseInt(shortHash(name).slice(0, 2), 16);
}
