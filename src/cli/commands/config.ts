import { DEFAULT_CONFIG, edgesOf } from '../../graph/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { exemptionRows } from '../exemption-rows.ts';
import { type GraphFlags, withGraphFlags } from '../flags.ts';
import { toResult, toTable, toYaml } from '../io/index.ts';
import { loadGraph, optionsFor, readConfig } from '../load-graph.ts';

interface Flags extends GraphFlags {
  readonly output: 'table' | 'yaml' | 'json';
}

/** `lattice config`: what is open without an agreement, and for whom. */
export const config: CommandFile = ({ terminal, finish }) =>
  withGraphFlags(
    newCommand('config', 'List exemptions and built-in peers: what each opens, and for whom', [
      'lattice config',
      'lattice config services/',
      'lattice config -o yaml > lattice-config.yaml',
    ]),
  )
    .argument('[path...]', 'declarations: names the services that use each built-in peer')
    .addOption(
      choice('-o, --output <format>', 'format; yaml is the configuration in force', ['table', 'yaml', 'json'], 'table'),
    )
    .action(async (paths: readonly string[], flags: Flags) => {
      const file = flags.config === undefined ? undefined : readConfig(flags.config, terminal);
      if (file === false) return finish(2);
      if (flags.output === 'yaml') {
        const { metadata, ...fields } = file ?? DEFAULT_CONFIG;
        terminal.stdout(
          toYaml({
            apiVersion: fields.apiVersion,
            kind: fields.kind,
            ...(metadata ? { metadata } : {}),
            dns: { ...DEFAULT_CONFIG.dns, ...fields.dns },
            probes: { ...DEFAULT_CONFIG.probes, ...fields.probes },
            peers: { ...DEFAULT_CONFIG.peers, ...fields.peers },
            network: { ...DEFAULT_CONFIG.network, ...fields.network },
          }),
        );
        return finish(0);
      }
      const asked = paths.length > 0 || flags.context !== undefined || flags.kubeconfig !== undefined;
      const input = asked ? await loadGraph(paths, flags, terminal) : undefined;
      if (asked && !input) return finish(2);
      const { options } = optionsFor(flags, file);
      const rows = exemptionRows(options, input ? edgesOf(input.graph) : undefined);
      if (flags.output === 'json') terminal.stdout(toResult('config', 'yes', [], { exemptions: rows }));
      else {
        terminal.stdout(
          toTable(
            ['NAME', 'DIRECTION', 'OPENS', 'FOR'],
            rows.map((row) => [row.name, row.direction, row.opens, row.forWhom]),
          ),
        );
      }
      finish(0);
    });
