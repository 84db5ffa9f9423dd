import { findingsOf } from '../../graph/index.ts';
import { compileAll, enginesFor } from '../../policy/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { type ObjectFormat, writeObjects } from '../io/index.ts';
import { loadGraph } from '../load-graph.ts';
import { progressOn } from '../progress.ts';
import { gather, hasErrors, printFindings } from '../report.ts';
import { writeFiles } from '../write-files.ts';

interface Flags extends GraphFlags {
  readonly output: ObjectFormat;
  readonly out?: string;
}

/** `lattice compile`: 0 = every agreement was compiled, 1 = one was refused, 2 = invalid input and no output. */
export const compile: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand('compile', "Print the engines' objects that enforce the agreements", [
      'lattice compile services/',
      'kustomize build . | lattice compile -',
      'lattice compile services/ manifests/ --engine kubernetes --out policies/',
    ]),
  )
    .argument('[path...]', 'files, directories, globs, or "-" for standard input')
    .addOption(choice('-o, --output <format>', 'format', ['yaml', 'json'], 'yaml'))
    .option(
      '--out <dir>',
      'write one file per namespace into a directory; files of an earlier run that are not needed any more go',
    )
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadGraph(paths, flags, terminal);
      if (!input) return finish(2);
      const progress = progressOn(terminal);
      progress.begin('compiling', input.graph.units().length / 5);
      const { drafts, findings } = compileAll(input.graph, enginesFor(input.options), input.options);
      const all = gather(input, findingsOf(input.graph), findings);
      progress.done();
      printFindings(all, terminal);
      const objects = drafts.map(({ object }) => object);
      if (flags.out === undefined) writeObjects(objects, flags.output, terminal.stdout);
      else writeFiles(objects, flags.output, flags.out);
      finish(hasErrors(all) ? 1 : 0);
    });
