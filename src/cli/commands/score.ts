import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Finding, isLattice, parseObject } from '../../api/index.ts';
import { fromScore, isScore } from '../../import/index.ts';
import { choice, type CommandFile, newCommand, UsageError } from '../command.ts';
import { type ObjectFormat, readInput, writeObjects } from '../io/index.ts';
import { hasErrors, printFindings } from '../report.ts';

/** `lattice score`: 0 = converted, perhaps with something for a human to look at, 2 = invalid input and no output. */
export const score: CommandFile = ({ terminal, finish }) =>
  newCommand('score', 'Turn Score files (score.dev/v1b1) into LatticeServices', [
    'lattice score score.yaml',
    'lattice score score.yaml | lattice render -',
  ])
    .argument('<path...>', 'files, directories, globs, or "-" for standard input')
    .addOption(choice('-o, --output <format>', 'format', ['yaml', 'json'], 'yaml'))
    .action(async (paths: readonly string[], flags: { readonly output: ObjectFormat }) => {
      const loaded = await readInput(paths, 'default', terminal.stdin);
      const documents = loaded.objects.filter(({ raw }) => isScore(raw));
      if (documents.length === 0 && !hasErrors(loaded.findings))
        throw new UsageError('no document of score.dev/v1b1 in PATH');
      const findings: Finding[] = [...loaded.findings];
      const services: unknown[] = [];
      for (const object of documents) {
        const converted = fromScore(object.raw, (source) => readBeside(object.source.file, source));
        for (const finding of converted.findings)
          findings.push({ ...finding, ...loaded.places.of(object, finding.path ?? []) });
        const parsed = isLattice(converted.service) ? parseObject(converted.service) : undefined;
        if (parsed?.ok === true) services.push(parsed.value);
        for (const { message, path, fix } of parsed?.ok === false ? parsed.issues : []) {
          const place = loaded.places.of(object, path[0] === 'spec' ? path.slice(1) : path);
          const about = { kind: 'Workload', namespace: '', name: object.name };
          findings.push({
            code: 'ScoreInvalid',
            severity: 'error',
            message,
            object: about,
            path,
            ...(fix === undefined ? {} : { fix }),
            ...place,
          });
        }
      }
      printFindings(findings, terminal);
      if (hasErrors(findings)) return finish(2);
      writeObjects(services, flags.output, terminal.stdout);
      finish(0);
    });

function readBeside(file: string, source: string): string | undefined {
  try {
    return readFileSync(join(dirname(file), source), 'utf8');
  } catch {
    // The importer says which file is missing.
    return undefined;
  }
}
