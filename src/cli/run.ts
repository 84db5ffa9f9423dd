import { Command, CommanderError } from 'commander';
import { closest } from '../api/index.ts';
import { type Context, type ExitCode, UsageError } from './command.ts';
import { COMMANDS } from './commands.ts';
import type { Terminal } from './terminal.ts';
import { packageVersion } from './version.ts';

/** Runs one command line (without node and script) against a terminal. Never throws: every mistake is an exit code. */
export async function run(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = 0;
  const context: Context = {
    terminal,
    finish: (answer) => {
      code = answer;
    },
  };
  try {
    const program = await programFor(argv, context);
    await program.parseAsync([...argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof UsageError) {
      terminal.stderr(`lattice: ${error.message}\n`);
      return 2;
    }
    const reason = error instanceof Error ? error.message : String(error);
    terminal.stderr(
      `lattice: internal error: ${reason}\nThis is a defect of Lattice: please report the command and its input.\n`,
    );
    return 2;
  }
}

/** The program with the one command that `argv` names loaded, or with the names of all of them. */
async function programFor(argv: readonly string[], context: Context): Promise<Command> {
  const { terminal } = context;
  const output = { writeOut: terminal.stdout, writeErr: terminal.stderr, outputError: writeError(terminal) };
  const program = new Command('lattice')
    .usage('COMMAND [options]')
    .description('Declare who talks to whom; both sides agree; the engines of the cluster enforce it.')
    .configureOutput(output)
    .exitOverride()
    .helpOption('-h, --help', 'Show help')
    .helpCommand('help [command]', 'Show the help of a command')
    .version(packageVersion(), '-V, --version', 'Print the version')
    .showHelpAfterError(false);
  const words = argv.filter((word) => !word.startsWith('-'));
  const named = words[0] === 'help' ? words[1] : words[0];
  for (const { name, summary, load } of COMMANDS) {
    const command = name === named ? (await load())(context) : new Command(name).summary(summary).description(summary);
    for (const part of [command, ...command.commands])
      part.configureOutput(output).exitOverride().helpOption('-h, --help', 'Show help');
    program.addCommand(command);
  }
  program.action(() => {
    const [word] = words;
    if (word === undefined) {
      terminal.stderr(program.helpInformation());
      context.finish(2);
      return;
    }
    const near = closest(
      word,
      COMMANDS.map(({ name }) => name),
    );
    throw new UsageError(
      `unknown command "${word}"${near === undefined ? '' : `: did you mean "lattice ${near}"?`} (lattice -h lists them)`,
    );
  });
  return program.argument('[command]').allowExcessArguments();
}

function writeError(terminal: Terminal): (text: string) => void {
  return (text) => terminal.stderr(`lattice: ${text.replace(/^error: /, '')}`);
}
