import { choice, type CommandFile, newCommand } from '../command.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { type ObjectFormat, writeObjects } from '../io/index.ts';
import { loadGraph } from '../load-graph.ts';
import { renderAll } from '../render-all.ts';
import { gather, hasErrors, printFindings } from '../report.ts';

interface Flags extends GraphFlags {
  readonly output: ObjectFormat;
}

/** `lattice render`: 0 = every service was rendered, 1 = one was refused, 2 = invalid input and no output. */
export const render: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand(
      'render',
      'Print the objects that run the services: Deployments, Services, volumes and what goes with them',
      ['lattice render services/', 'lattice render services/ classes.yaml --config lattice-config.yaml -o json'],
    ),
  )
    .argument('<path...>', 'files, directories, globs, or "-" for standard input')
    .addOption(choice('-o, --output <format>', 'format', ['yaml', 'json'], 'yaml'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadGraph(paths, flags, terminal);
      if (!input) return finish(2);
      const { objects, findings } = renderAll(input, flags.namespace);
      const all = gather(input, findings);
      printFindings(all, terminal);
      writeObjects(objects, flags.output, terminal.stdout);
      finish(hasErrors(all) ? 1 : 0);
    });
