import type { FabricProgramReport } from '../api/index.ts';
import type { Book, Held } from './book.ts';
import type { Spelling } from './names.ts';

/** What the kernel holds of one program, as far as is known. */
export interface HeldTable extends Held {
  readonly peering: string;
  readonly spelling: Spelling;
  readonly nftSets: readonly string[];
  readonly disarmed: boolean;
}

/** The structure of a table that is ours and does not hold what is declared. */
export const UNKNOWN_STRUCTURE = 'unknown';

/** One program of this node: what is declared, what the kernel holds, what is in the way. */
export interface Entry {
  readonly name: string;
  readonly book: Book;
  held: HeldTable | undefined;
  loadedAt: string | undefined;
  /** Why the kernel does not hold what is declared. */
  error: string | undefined;
  /** Why nothing is known that could be loaded: the object is gone or cannot be read. What is loaded stays. */
  trouble: string | undefined;
  gone: boolean;
  /** Whether the kernel has to be read before anything is written: at the start, after foreign edits and failures. */
  doubtful: boolean;
  failures: number;
  /** When the oldest change was heard of that is not in the kernel yet. */
  since: number | undefined;
}

export function newEntry(name: string, book: Book): Entry {
  return {
    name,
    book,
    held: undefined,
    loadedAt: undefined,
    error: undefined,
    trouble: undefined,
    gone: false,
    doubtful: true,
    failures: 0,
    since: undefined,
  };
}

/** An entry as its node reports it. */
export function reportOf({ name, held: found, loadedAt, error, trouble }: Entry): FabricProgramReport {
  const problem = trouble ?? error;
  // No generation is claimed that is still to be loaded.
  const held = found?.structure === UNKNOWN_STRUCTURE ? undefined : found;
  return {
    name,
    ...(held ? { generation: held.generation } : {}),
    ...(held && !held.disarmed ? { hash: held.structure } : {}),
    ...(held?.disarmed ? { disarmed: true } : {}),
    ...(held && loadedAt !== undefined ? { loadedAt } : {}),
    ...(problem === undefined ? {} : { error: problem.slice(0, 4000) }),
  };
}
