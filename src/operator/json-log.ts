import type { Clock } from '../kube/index.ts';
import type { Log, LogFields, LogLevel } from './context.ts';

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** One line of JSON for each message. */
export function jsonLog(level: LogLevel, clock: Clock, write: (line: string) => void, more: LogFields = {}): Log {
  const enabled = (of: LogLevel): boolean => RANK[of] >= RANK[level];
  const say = (of: LogLevel, message: string, fields: LogFields = {}): void => {
    if (!enabled(of)) return;
    const line = { time: new Date(clock.wall()).toISOString(), level: of, message, ...more, ...fields };
    write(`${JSON.stringify(line, (_key, value: unknown) => (value instanceof Error ? textOf(value) : value))}\n`);
  };
  return {
    debug: (message, fields) => say('debug', message, fields),
    info: (message, fields) => say('info', message, fields),
    warn: (message, fields) => say('warn', message, fields),
    error: (message, fields) => say('error', message, fields),
    with: (fields) => jsonLog(level, clock, write, { ...more, ...fields }),
    enabled,
  };
}

/** With what caused it, and without the stack: that says nothing to who runs the operator. */
function textOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message}: ${textOf(error.cause)}` : error.message;
}
