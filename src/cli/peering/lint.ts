import { lintPeerings } from '../../peering/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { formatFindings, toResult } from '../io/index.ts';
import { loadPeerings, type PeeringFlags, withPeeringInput } from './load.ts';

interface Flags extends PeeringFlags {
  readonly output: 'text' | 'json';
}

/** `lattice peering lint`: 0 = nothing but advice, 1 = a warning or an error, 2 = invalid input. */
export const peeringLint: CommandFile = ({ terminal, finish }) =>
  withPeeringInput(
    newCommand(
      'lint',
      'Find rules that never decide, reach too far or miss what they seem to cover, and empty groups',
      ['lattice peering lint peering.yaml cluster.yaml'],
    ),
  )
    .addOption(choice('-o, --output <format>', 'format', ['text', 'json'], 'text'))
    .action(async (paths: readonly string[], flags: Flags) => {
      const input = await loadPeerings(paths, flags, terminal);
      if (!input) return finish(2);
      const found = [...input.findings, ...lintPeerings(input.peerings, input.topology)].map(input.placed);
      const clean = found.every(({ severity }) => severity === 'info');
      if (flags.output === 'json') terminal.stdout(toResult('peeringLint', clean ? 'yes' : 'no', found, {}));
      else terminal.stdout(found.length === 0 ? 'nothing to report\n' : formatFindings(found, terminal.colour.stdout));
      finish(clean ? 0 : 1);
    });
