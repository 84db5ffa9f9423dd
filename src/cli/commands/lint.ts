import { lint as lintAll } from '../../verify/index.ts';
import { compiled } from '../compiled.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { formatFindings, toResult } from '../io/index.ts';
import { loadGraph } from '../load-graph.ts';
import { gather } from '../report.ts';

interface Flags extends GraphFlags {
  readonly output: 'text' | 'json';
}

/** `lattice lint`: 0 = nothing but advice, 1 = a warning or an error, 2 = invalid input. */
export const lint: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand(
      'lint',
      'Find half agreements, dangling ids, grants too wide, shared identities, and what defeats them',
      ['lattice lint services/', 'lattice lint services/ manifests/ -o json'],
    ),
  )
    .argument('[path...]', 'files, directories, globs, or "-" for standard input')
    .addOption(choice('-o, --output <format>', 'format', ['text', 'json'], 'text'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadGraph(paths, flags, terminal);
      if (!input) return finish(2);
      const { claim, findings, foreign } = compiled(input);
      const all = gather(input, lintAll(claim, foreign), findings);
      const clean = all.every(({ severity }) => severity === 'info');
      if (flags.output === 'json') terminal.stdout(toResult('lint', clean ? 'yes' : 'no', all, {}));
      else terminal.stdout(all.length === 0 ? 'nothing to report\n' : formatFindings(all, terminal.colour.stdout));
      finish(clean ? 0 : 1);
    });
