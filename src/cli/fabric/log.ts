import { pino } from 'pino';
import type { AgentLog } from '../../fabric/index.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * The agent's log: a line of JSON for each message, as the operator writes them. Its own, because the operator's would
 * bring the whole operator into the memory of every node.
 */
export function agentLog(level: LogLevel, node: string, write: (line: string) => void, wall: () => number): AgentLog {
  const logger = pino(
    {
      level,
      base: { node },
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date(wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      // Without the stack: that says nothing to who runs a node.
      serializers: { error: (error: unknown) => (error instanceof Error ? error.message : error) },
    },
    { write },
  );
  return {
    info: (message, fields = {}) => logger.info(fields, message),
    warn: (message, fields = {}) => logger.warn(fields, message),
    error: (message, fields = {}) => logger.error(fields, message),
  };
}
