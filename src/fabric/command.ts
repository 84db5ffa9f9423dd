import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

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

const KEPT = 64 * 1024;

/** Runs a program without a shell and answers what it printed. Throws {@link CommandError}. */
export async function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const chunks: Buffer[] = [];
  await runStreaming(command, args, options, (stdout) => {
    stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  });
  return Buffer.concat(chunks).toString('utf8');
}

/** As {@link runCommand}, line by line, so that a long answer is never in memory as a whole. */
export async function runLines(
  command: string,
  args: readonly string[],
  options: CommandOptions,
  onLine: (line: string) => void,
): Promise<void> {
  await runStreaming(command, args, options, (stdout) => {
    createInterface({ input: stdout, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
  });
}

async function runStreaming(
  command: string,
  args: readonly string[],
  { signal, input, timeoutMs }: CommandOptions,
  read: (stdout: NodeJS.ReadableStream) => void,
): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Messages are read by us and by people: one language.
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    signal,
    killSignal: 'SIGKILL',
    timeout: timeoutMs,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (chunk: string) => {
    if (stderr.length < KEPT) stderr += chunk;
  });
  read(child.stdout);
  // A program that ends before it has read everything says why by its exit code.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.on('error', (error) =>
    reject(signal.aborted ? error : new CommandError(command, undefined, error.message, error)),
  );
  child.on('close', (code) => {
    if (code === 0) resolve();
    else reject(new CommandError(command, code ?? undefined, stderr || `no answer within ${timeoutMs} ms`));
  });
  await promise;
}

function firstLines(text: string): string {
  return text.trim().split('\n').slice(0, 4).join(' | ').slice(0, 600);
}
