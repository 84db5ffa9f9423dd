import type { Command } from 'commander';
import { type CommandFile, type Context, newCommand, UsageError } from '../command.ts';
import { COMMANDS } from '../commands.ts';
import { type CompletedCommand, completionScript, SHELLS } from '../completion-script.ts';

/** `lattice completion SHELL`. */
export const completion: CommandFile = (context) =>
  newCommand('completion', 'Print the completion script of a shell', [
    'source <(lattice completion bash)',
    'lattice completion fish > ~/.config/fish/completions/lattice.fish',
  ])
    .argument('<shell>', SHELLS.join(', '))
    .action(async (word: string) => {
      const shell = SHELLS.find((name) => name === word);
      if (!shell) throw new UsageError(`unknown shell "${word}": one of ${SHELLS.join(', ')}`);
      context.terminal.stdout(completionScript(shell, await allCommands(context)));
    });

async function allCommands(context: Context): Promise<CompletedCommand[]> {
  return await Promise.all(
    COMMANDS.map(async ({ name, summary, load }) => ({ name, summary, options: optionsOf((await load())(context)) })),
  );
}

function optionsOf(command: Command): CompletedCommand['options'] {
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      flag: option.long ?? option.short ?? '',
      summary: option.description,
      takesValue: option.required || option.optional,
      values: option.argChoices ?? [],
    }));
}
