import { run } from './run.ts';
import { processTerminal } from './terminal.ts';

/** Runs the command line in `argv` (without node and script) and resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  return await run(argv, processTerminal());
}
