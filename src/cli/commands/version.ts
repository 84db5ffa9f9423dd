import { type CommandFile, newCommand } from '../command.ts';
import { packageVersion } from '../version.ts';

/** `lattice version`. */
export const version: CommandFile = ({ terminal }) =>
  newCommand('version', 'Print the version', ['lattice version']).action(() => {
    terminal.stdout(`lattice ${packageVersion()} (Node.js ${process.versions.node})\n`);
  });
