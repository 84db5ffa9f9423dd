import { compiled, judgedEdges } from '../compiled.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { drawDot, drawMermaid, drawTable, edgeResult } from '../draw-graph.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { toResult } from '../io/index.ts';
import { loadGraph } from '../load-graph.ts';
import { isError, printFindings } from '../report.ts';

interface Flags extends GraphFlags {
  readonly output: 'table' | 'mermaid' | 'dot' | 'json';
}

const DRAW = { table: drawTable, mermaid: drawMermaid, dot: drawDot } as const;

/** `lattice graph`: every declared edge: agreed, half, or agreed and closed all the same. */
export const graph: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand('graph', 'Show the agreements, and the halves that nobody answers', [
      'lattice graph services/',
      'lattice graph services/ -o mermaid',
    ]),
  )
    .argument('[path...]', 'files, directories, globs, or "-" for standard input')
    .addOption(choice('-o, --output <format>', 'format', ['table', 'mermaid', 'dot', 'json'], 'table'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadGraph(paths, flags, terminal);
      if (!input) return finish(2);
      const all = compiled(input);
      const edges = judgedEdges(all);
      const findings = [...new Set([...input.findings, ...all.findings.filter(isError)])];
      if (flags.output === 'json') {
        terminal.stdout(toResult('graph', 'yes', findings, { edges: edges.map(edgeResult) }));
      } else {
        printFindings(findings, terminal);
        terminal.stdout(DRAW[flags.output](edges));
      }
      finish(0);
    });
