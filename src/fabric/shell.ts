import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';

/** One program to run. */
export interface ShellCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly input: string;
  /** Hears what it prints, piece by piece. */
  readonly onText: (text: string) => void;
}

/** How a program ended. `code` is undefined when the shell itself ended. */
export interface ShellAnswer {
  readonly code: number | undefined;
  readonly stderr: string;
}

/** A small process that runs programs one after another. */
export interface Shell {
  readonly run: (command: ShellCommand) => Promise<ShellAnswer>;
  /** Ends it and whatever it runs. */
  readonly kill: () => void;
}

/** Of what a program says is wrong, so many characters are kept. */
export const KEPT = 64 * 1024;

/** Messages are read by us and by people: one language. */
export const environment = (): NodeJS.ProcessEnv => ({ PATH: process.env['PATH'], LC_ALL: 'C' });

/**
 * Starts a shell. To fork this process costs milliseconds, in which nothing else is done, because of all the memory that
 * it has; a shell has none. `onEnd` is called when it has ended, whoever ended it.
 */
export function openShell(onEnd: () => void): Shell {
  const child = spawn('/bin/sh', [], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environment(),
    // A group of its own, so that a program that hangs ends with it.
    detached: true,
  });
  let trouble = '';
  let stderr = '';
  let code: number | undefined;
  let finish: ((answer: ShellAnswer) => void) | undefined;
  let onText: (text: string) => void = () => undefined;
  let left = 0;

  const streamEnded = (): void => {
    left -= 1;
    if (left > 0) return;
    finish?.({ code, stderr });
    finish = undefined;
  };
  // Behind what a program printed come NUL, its exit code and NUL; behind its errors NUL.
  const readOutput = reader(
    (text) => onText(text),
    (mark) => {
      code = Number(mark);
      streamEnded();
    },
  );
  const readErrors = reader(
    (text) => {
      if (stderr.length < KEPT) stderr += text;
    },
    () => streamEnded(),
  );
  child.stdout.setEncoding('utf8').on('data', readOutput);
  child.stderr.setEncoding('utf8').on('data', readErrors);
  // A shell that was ended says so by its end.
  child.stdin.on('error', () => undefined);
  child.on('error', (error) => {
    trouble = error.message;
  });
  child.on('close', () => {
    finish?.({ code: undefined, stderr: stderr || trouble });
    finish = undefined;
    onEnd();
  });

  return {
    run(asked) {
      const { promise, resolve } = Promise.withResolvers<ShellAnswer>();
      [finish, onText, stderr, code, left] = [resolve, asked.onText, '', undefined, 2];
      child.stdin.write(scriptOf(asked));
      return promise;
    },
    kill() {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended already: `close` says so.
      }
    },
  };
}

function scriptOf({ command, args, input }: ShellCommand): string {
  const end = `end-${randomBytes(16).toString('hex')}`;
  const text = input === '' || input.endsWith('\n') ? input : `${input}\n`;
  const words = [command, ...args].map(quoted).join(' ');
  return `${words} <<'${end}'\n${text}${end}\nprintf '\\000%s\\000' "$?"; printf '\\000\\000' >&2\n`;
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Splits a stream into text and what stands between two NULs. */
function reader(onText: (text: string) => void, onMark: (mark: string) => void): (chunk: string) => void {
  let mark: string | undefined;
  return (chunk) => {
    for (const [index, part] of chunk.split('\0').entries()) {
      if (index > 0) {
        if (mark === undefined) mark = '';
        else {
          const whole = mark;
          mark = undefined;
          onMark(whole);
        }
      }
      if (mark !== undefined) mark += part;
      else if (part !== '') onText(part);
    }
  };
}
