import { closest, jsonSchema, KINDS } from '../../api/index.ts';
import { type CommandFile, newCommand, UsageError } from '../command.ts';

/** `lattice schema KIND`: for an editor's YAML support. */
export const schema: CommandFile = ({ terminal }) =>
  newCommand('schema', 'Print the JSON Schema (draft 2020-12) of a kind, for editors', [
    'lattice schema LatticeService > lattice-service.json',
  ])
    .argument('<kind>', Object.keys(KINDS).join(', '))
    .action((word: string) => {
      const kinds = Object.keys(KINDS);
      const kind = kinds.filter(isKind).find((name) => name.toLowerCase() === word.toLowerCase());
      if (kind === undefined) {
        const near = closest(word, kinds);
        throw new UsageError(
          `unknown kind "${word}": ${near === undefined ? `one of ${kinds.join(', ')}` : `did you mean ${near}?`}`,
        );
      }
      terminal.stdout(`${JSON.stringify(jsonSchema(kind), undefined, 2)}\n`);
    });

function isKind(name: string): name is keyof typeof KINDS {
  return Object.hasOwn(KINDS, name);
}
