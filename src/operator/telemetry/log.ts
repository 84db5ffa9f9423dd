// The operator's log: one line for each decision, JSON for machines, words for people at a terminal.
import { pino } from 'pino';
import type { Log, LogFields, LogLevel } from '../context.ts';
import { readable } from './readable.ts';
import { redacted } from './redact.ts';

export interface LogOptions {
  readonly level: LogLevel;
  /** Takes whole lines, with their ends. */
  readonly write: (line: string) => void;
  /** Words instead of JSON. */
  readonly terminal: boolean;
  readonly colour?: boolean;
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

/** A log whose lines are written at once, in order, and never hold what {@link redacted} knows as a secret. */
export function createLog({ level, write, terminal, colour = false, wall }: LogOptions): Log {
  const destination = { write: terminal ? (line: string) => write(readable(line, colour)) : write };
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return logWith(logger);
}

function logWith(logger: pino.Logger): Log {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (logger.isLevelEnabled(level)) logger[level](redacted(fields), message);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => logWith(logger.child(redacted(fields))),
    enabled: (level) => logger.isLevelEnabled(level),
  };
}
