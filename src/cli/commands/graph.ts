import { edgesOf } from '../../graph/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { drawDot, drawMermaid, drawTable, edgeResult } from '../draw-graph.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { toResult } from '../io/index.ts';
import { loadGraph } from '../load-graph.ts';
import { printFindings } from '../report.ts';

interface Flags extends GraphFlags {
  readonly output: 'table' | 'mermaid' | 'dot' | 'json';
}

const DRAW = { table: drawTable, mermaid: drawMermaid, dot: drawDot } as const;

/** `lattice graph`: every declared edge, agreed or half. */
export const graph: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand('graph', 'Show the agreements, and the halves that nobody answers', [
      'lattice graph services/',
      'lattice graph services/ -o mermaid',
    ]),
  )
    .argument('<path...>', 'files, directories, globs, or "-" for standard input')
    .addOption(choice('-o, --output <format>', 'format', ['table', 'mermaid', 'dot', 'json'], 'table'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadGraph(paths, flags, terminal);
      if (!input) return finish(2);
      const edges = edgesOf(input.graph);
      if (flags.output === 'json') {
        terminal.stdout(toResult('graph', 'yes', input.findings, { edges: edges.map(edgeResult) }));
      } else {
        printFindings(input.findings, terminal);
        terminal.stdout(DRAW[flags.output](edges));
      }
      finish(0);
    });
