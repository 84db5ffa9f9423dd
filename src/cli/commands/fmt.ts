import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type CommandFile, newCommand, UsageError } from '../command.ts';
import { understand } from '../declared.ts';
import { formatText } from '../format-text.ts';
import { expandPaths, formatFindings, readInput } from '../io/index.ts';

/** `lattice fmt`: 0 = done, or nothing to do; 1 = `--check` found files to format; 2 = invalid input, nothing written. */
export const fmt: CommandFile = ({ terminal, finish }) =>
  newCommand('fmt', 'Rewrite declarations in the canonical spelling and order; comments stay', [
    'lattice fmt services/',
    'lattice fmt --check services/',
    'lattice fmt - < service.yaml',
  ])
    .argument('<path...>', 'files, directories, globs, or "-": standard input to standard output')
    .option('--check', 'write nothing; list the files that are not in canonical form')
    .action(async (paths: readonly string[], options: { readonly check?: true }) => {
      if (paths.includes('-') && paths.length > 1) throw new UsageError('"-" cannot be mixed with files');
      const input = new Map<string, string>();
      const loaded = await readInput(paths, 'default', async () => {
        const bytes = await terminal.stdin();
        input.set('<stdin>', bytes.toString('utf8'));
        return bytes;
      });
      const { findings } = understand(loaded);
      // Two objects of one name are nobody's business here: files are formatted one by one.
      const errors = findings.filter(({ severity, code }) => severity === 'error' && code !== 'DuplicateObject');
      if (errors.length > 0) {
        terminal.stderr(formatFindings(errors, terminal.colour.stderr));
        return finish(2);
      }
      for (const { file, from } of expandPaths(paths).files) {
        if (from === 'disk') input.set(file, readFileSync(file, 'utf8'));
      }
      const changed = [...input].flatMap(([file, text]) => {
        const formatted = formatText(text);
        if (file === '<stdin>' && options.check !== true) terminal.stdout(formatted);
        return formatted === text ? [] : [{ file, formatted }];
      });
      if (options.check === true) {
        terminal.stdout(changed.map(({ file }) => `${file}\n`).join(''));
        return finish(changed.length > 0 ? 1 : 0);
      }
      for (const { file, formatted } of changed) {
        if (file === '<stdin>') continue;
        // Written aside and moved, so that an interruption leaves the old file or the new one.
        const aside = `${file}.lattice-fmt`;
        writeFileSync(aside, formatted);
        renameSync(aside, file);
        terminal.stderr(`formatted ${file}\n`);
      }
      finish(0);
    });
