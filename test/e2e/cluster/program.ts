// A program that this process started: it is ended by its own process, whatever happens.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';

export interface Program {
  /** The end of what it said, for errors. */
  readonly lastWords: () => string;
  /** False once it has ended. */
  readonly running: () => boolean;
  /** SIGTERM, and SIGKILL to whoever does not heed it. */
  readonly stop: () => Promise<void>;
  /** Ends it at once; for what nobody needs any more. */
  readonly kill: () => Promise<void>;
}

const PATIENCE_MS = 15_000;

/** Starts it with its output going to the file `log`. */
export function startProgram(file: string, args: readonly string[], log: string): Program {
  const output = openSync(log, 'a');
  const child = spawn(file, args, { stdio: ['ignore', output, output] });
  closeSync(output);
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const ended = once(child, 'close').catch((error: unknown) => error);
  void ended.then(() => process.off('exit', kill));
  return {
    lastWords: () => readFileSync(log, 'utf8').slice(-2000),
    running: () => isRunning(child),
    async stop() {
      if (!isRunning(child)) return;
      child.kill('SIGTERM');
      const timer = setTimeout(kill, PATIENCE_MS);
      await ended;
      clearTimeout(timer);
    },
    async kill() {
      if (!isRunning(child)) return;
      kill();
      await ended;
    },
  };
}

const isRunning = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;
