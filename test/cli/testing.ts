import { run } from '../../src/cli/run.ts';

export interface Ran {
  readonly code: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command line as a terminal without colours would see it. */
export async function lattice(argv: readonly string[], stdin: string | Buffer = ''): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await run(argv, {
    stdin: async () => Promise.resolve(Buffer.from(stdin)),
    stdout: (text) => {
      out.push(text);
    },
    stderr: (text) => {
      err.push(text);
    },
    colour: { stdout: false, stderr: false },
    interactive: false,
  });
  return { code, stdout: out.join(''), stderr: err.join('') };
}
