import { customResourceDefinitions } from '../../api/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { type ObjectFormat, writeObjects } from '../io/index.ts';

/** `lattice crds`: what an administrator applies once. */
export const crds: CommandFile = ({ terminal }) =>
  newCommand('crds', 'Print the CustomResourceDefinitions of Lattice', [
    'lattice crds | kubectl apply --server-side -f -',
  ])
    .addOption(choice('-o, --output <format>', 'format', ['yaml', 'json'], 'yaml'))
    .action((options: { readonly output: ObjectFormat }) => {
      writeObjects(customResourceDefinitions(), options.output, terminal.stdout);
    });
