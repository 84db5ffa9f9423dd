import { Command, Option } from 'commander';
import type { Terminal } from './terminal.ts';

/** 0 = yes or clean, 1 = no, findings, a difference or undecided, 2 = bad usage or input. */
export type ExitCode = 0 | 1 | 2;

/** What a command is given: the terminal, and where its answer goes. */
export interface Context {
  readonly terminal: Terminal;
  readonly finish: (code: ExitCode) => void;
}

/** One command: its flags and what it does. Heavy rooms are imported by the file of the command alone. */
export type CommandFile = (context: Context) => Command;

/** A mistake in how the command line was called: printed as one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A commander command in Lattice's habits. `examples` are shown below the help. */
export function newCommand(name: string, summary: string, examples: readonly string[]): Command {
  const command = new Command(name)
    .summary(summary)
    .description(summary)
    .showHelpAfterError(`(see "lattice ${name} -h")`);
  const text = examples.map((example) => `  $ ${example}\n`).join('');
  return text === '' ? command : command.addHelpText('after', `\nExamples:\n${text}`);
}

/** An option with a fixed set of values. */
export function choice<T extends string>(
  flags: string,
  description: string,
  values: readonly T[],
  fallback: T,
): Option {
  return new Option(flags, description).choices(values).default(fallback);
}
