import { buffer } from 'node:stream/consumers';

/** Where a command reads and writes; tests give their own. */
export interface Terminal {
  readonly stdin: () => Promise<Buffer>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Whether colours are wanted on each stream. */
  readonly colour: { readonly stdout: boolean; readonly stderr: boolean };
  /** Whether somebody watches: progress is shown only then. */
  readonly interactive: boolean;
}

/** The process's own streams. A reader that went away (`| head`) ends the output, not with an error. */
export function processTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  return {
    stdin: async () => {
      if (stdin.isTTY) stderr.write('lattice: reading from the terminal; end with Ctrl-D\n');
      return await buffer(stdin);
    },
    stdout: (text) => {
      if (!stdout.destroyed && !stdout.errored) stdout.write(text);
    },
    stderr: (text) => {
      if (!stderr.destroyed && !stderr.errored) stderr.write(text);
    },
    colour: { stdout: stdout.isTTY && stdout.hasColors(), stderr: stderr.isTTY && stderr.hasColors() },
    interactive: stderr.isTTY,
  };
}
