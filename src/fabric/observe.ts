/** Values beside a message; never a secret, never a whole object. */
export type AgentLogFields = Readonly<
  Record<string, string | number | boolean | readonly string[] | Error | undefined>
>;

/** What the agent says. The operator's log is one of these. */
export interface AgentLog {
  info(message: string, fields?: AgentLogFields): void;
  warn(message: string, fields?: AgentLogFields): void;
  error(message: string, fields?: AgentLogFields): void;
}

export type LoadKind = 'swap' | 'members' | 'disarm';

/** What the agent measures. */
export interface AgentMeter {
  /** A change is in the kernel, this long after it was heard of. */
  loaded(kind: LoadKind, seconds: number): void;
  /** The kernel refused, or did not answer. */
  failed(): void;
  /** Somebody else changed one of our tables. */
  foreign(): void;
  /** Connections were cut because their program denies them now. */
  cut(connections: number): void;
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
