/** Runs the command line in `argv` (without node and script) and resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  process.stderr.write(`lattice: unknown command ${argv.join(' ')}\n`);
  return 2;
}
