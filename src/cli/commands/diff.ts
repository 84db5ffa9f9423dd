import { type ChangedFlow, diffFlows } from '../../verify/index.ts';
import { compiled } from '../compiled.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { type GraphFlags, withFileFlags } from '../flags.ts';
import { toResult } from '../io/index.ts';
import { loadGraph } from '../load-graph.ts';

interface Flags extends GraphFlags {
  readonly output: 'text' | 'json';
  readonly failOn: 'opened' | 'closed' | 'any';
}

/** `lattice diff OLD NEW`: 0 = no such change, 1 = there is one, 2 = bad usage or input. */
export const diff: CommandFile = ({ terminal, finish }) =>
  withFileFlags(
    newCommand('diff', 'Show which flows a change opens and closes', [
      'lattice diff main/services/ services/',
      'lattice diff main/services/ services/ --fail-on opened',
    ]),
  )
    .argument('<old>', 'file, directory or glob')
    .argument('<new>', 'file, directory or glob')
    .addOption(choice('--fail-on <change>', 'which change makes the exit code 1', ['opened', 'closed', 'any'], 'any'))
    .addOption(choice('-o, --output <format>', 'format', ['text', 'json'], 'text'))
    .action(async (oldPath: string, newPath: string, flags: Flags) => {
      const before = await loadGraph([oldPath], flags, terminal);
      const after = await loadGraph([newPath], flags, terminal);
      if (!before || !after) return finish(2);
      const { opened, closed } = diffFlows(compiled(before).claim, compiled(after).claim);
      const counted = { opened: opened.length, closed: closed.length, any: opened.length + closed.length };
      const failed = counted[flags.failOn] > 0;
      if (flags.output === 'json')
        terminal.stdout(toResult('diff', failed ? 'no' : 'yes', after.findings, { opened, closed }));
      else
        terminal.stdout([...opened.map((flow) => line('+', flow)), ...closed.map((flow) => line('-', flow))].join(''));
      finish(failed ? 1 : 0);
    });

function line(sign: '+' | '-', { from, to, port, protocol, host, why }: ChangedFlow): string {
  const where = port === '*' ? '' : `:${port}/${protocol}`;
  const place = host === undefined ? to : `${to} (${host})`;
  return `${sign} ${from} -> ${place}${where}${why === undefined ? '' : `  (${why})`}\n`;
}
