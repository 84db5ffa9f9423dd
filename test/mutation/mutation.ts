/** One rule broken by one edit, as a slip of the pen would. */
export interface Mutation {
  /** The rule's name, with a letter behind it where it is broken in several ways. */
  readonly rule: string;
  /** What the rule says. */
  readonly says: string;
  /** What the edit makes of it. */
  readonly broken: string;
  /** Relative to the root of the repository. */
  readonly file: string;
  /** Text that occurs once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** A mutation's text is gone, or no longer alone: the list has to follow the code. */
export class StaleMutationError extends Error {
  readonly code = 'STALE_MUTATION';
  readonly rule: string;

  constructor({ rule, file, find }: Mutation, times: number) {
    super(`${rule}: its text occurs ${times} times in ${file}, not once: ${find}`);
    this.name = 'StaleMutationError';
    this.rule = rule;
  }
}

/** The file's text with the rule broken. Throws {@link StaleMutationError}. */
export function mutated(text: string, mutation: Mutation): string {
  const parts = text.split(mutation.find);
  if (parts.length !== 2) throw new StaleMutationError(mutation, parts.length - 1);
  return parts.join(mutation.replace);
}
