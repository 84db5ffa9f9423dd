import { nameOf, queryReach, readOperand } from '../../verify/index.ts';
import { compiled, judgedEdges } from '../compiled.ts';
import { choice, type CommandFile, newCommand, UsageError } from '../command.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { toResult, toTable } from '../io/index.ts';
import { type GraphInput, loadGraph } from '../load-graph.ts';

interface Flags extends GraphFlags {
  readonly output: 'table' | 'json';
  readonly from?: string;
  readonly to?: string;
  readonly reachable?: true;
}

/** `lattice query`: 0 = somebody, 1 = nobody, 2 = bad usage or input. */
export const query: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand('query', 'Ask who may call whom, directly or through others', [
      'lattice query services/ --to redis-cart',
      'lattice query services/ --from frontend --reachable',
    ]),
  )
    .argument('[path...]', 'files, directories, globs, or "-" for standard input')
    .option('--from <name>', 'only what this one may call')
    .option('--to <name>', 'only who may call this one')
    .option('--reachable', 'through others too')
    .addOption(choice('-o, --output <format>', 'format', ['table', 'json'], 'table'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadGraph(paths, flags, terminal);
      if (!input) return finish(2);
      const from = flags.from === undefined ? {} : { from: party(flags.from, input, flags.namespace) };
      const to = flags.to === undefined ? {} : { to: party(flags.to, input, flags.namespace) };
      const found = queryReach(judgedEdges(compiled(input)), { ...from, ...to, reachable: flags.reachable === true });
      if (flags.output === 'json')
        terminal.stdout(toResult('query', found.length > 0 ? 'yes' : 'no', input.findings, { flows: found }));
      else if (found.length > 0) {
        terminal.stdout(
          toTable(
            ['FROM', 'TO', 'PORTS', 'VIA'],
            found.map((each) => [each.from, each.to, each.ports.join(', '), each.via.slice(1, -1).join(' -> ')]),
          ),
        );
      } else terminal.stderr('nobody\n');
      finish(found.length > 0 ? 0 : 1);
    });

function party(text: string, input: GraphInput, namespace: string): string {
  if (text.startsWith('builtin:')) return text;
  const operand = readOperand(text, input.graph, namespace);
  if (!operand.ok) throw new UsageError(operand.message);
  return nameOf(operand.value);
}
