import { createInterface } from 'node:readline';
import { spawn } from 'node:child_process';
import { environment, KEPT, openShell, type Shell, type ShellAnswer } from './shell.ts';

/** A program of the node that did not do what it was asked: its words, not ours. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'CommandFailed';
  readonly exitCode: number | undefined;
  readonly stderr: string;

  constructor(command: string, exitCode: number | undefined, stderr: string, cause?: unknown) {
    const how = exitCode === undefined ? 'did not end by itself' : `ended with ${exitCode}`;
    super(`${command} ${how}: ${firstLines(stderr)}`, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
    this.stderr = stderr;
  }
}

export interface CommandOptions {
  readonly signal: AbortSignal;
  readonly input?: string;
  /** Killed after this long. */
  readonly timeoutMs: number;
}

/** Programs of the node, run one after another or side by side. All throw {@link CommandError}. */
export interface Commands {
  /** Answers what it printed. */
  run(command: string, args: readonly string[], options: CommandOptions): Promise<string>;
  /** Line by line, so that a long answer is never in memory as a whole. */
  lines(
    command: string,
    args: readonly string[],
    options: CommandOptions,
    onLine: (line: string) => void,
  ): Promise<void>;
}

/** Shells that nobody asked for this long end. */
const IDLE_MS = 2000;

/** Runs programs through shells that are kept for the next ones. */
export function openCommands(): Commands {
  const idle: { readonly shell: Shell; readonly timer: NodeJS.Timeout }[] = [];

  /** Nobody is given a shell that ends or has ended. */
  const forget = (shell: Shell): void => {
    const index = idle.findIndex((each) => each.shell === shell);
    for (const { timer } of index < 0 ? [] : idle.splice(index, 1)) clearTimeout(timer);
  };
  const take = (): Shell => {
    const kept = idle.pop();
    clearTimeout(kept?.timer);
    if (kept) return kept.shell;
    const shell = openShell(() => forget(shell));
    return shell;
  };
  const keep = (shell: Shell): void => {
    const end = (): void => {
      forget(shell);
      shell.kill();
    };
    idle.push({ shell, timer: setTimeout(end, IDLE_MS) });
  };
  const stream = async (
    command: string,
    args: readonly string[],
    { signal, input = '', timeoutMs }: CommandOptions,
    onText: (text: string) => void,
  ): Promise<void> => {
    signal.throwIfAborted();
    const shell = take();
    const timer = setTimeout(() => shell.kill(), timeoutMs);
    const onAbort = (): void => shell.kill();
    signal.addEventListener('abort', onAbort, { once: true });
    let answer: ShellAnswer;
    try {
      answer = await shell.run({ command, args, input, onText });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
    signal.throwIfAborted();
    if (answer.code !== undefined) keep(shell);
    if (answer.code !== 0)
      throw new CommandError(command, answer.code, answer.stderr || `no answer within ${timeoutMs} ms`);
  };
  return {
    async run(command, args, options) {
      const parts: string[] = [];
      await stream(command, args, options, (text) => parts.push(text));
      return parts.join('');
    },
    async lines(command, args, options, onLine) {
      let rest = '';
      await stream(command, args, options, (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        lines.forEach(onLine);
      });
      if (rest !== '') onLine(rest);
    },
  };
}

/**
 * Follows a program that is to run until the signal, line by line; without a shell, which would wait for its end.
 * Throws {@link CommandError}.
 */
export async function follow(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  onLine: (line: string) => void,
): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment(),
    signal,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-KEPT);
  });
  createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.on('error', (error) =>
    reject(signal.aborted ? error : new CommandError(command, undefined, error.message, error)),
  );
  child.on('close', (code) => {
    if (code === 0) resolve();
    else reject(new CommandError(command, code ?? undefined, stderr));
  });
  await promise;
}

function firstLines(text: string): string {
  return text.trim().split('\n').slice(0, 4).join(' | ').slice(0, 600);
}
