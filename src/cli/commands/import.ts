import { fromKubernetes, type ImportMode } from '../../import/index.ts';
import { choice, type CommandFile, newCommand } from '../command.ts';
import { type ObjectFormat, readInput, writeObjects } from '../io/index.ts';
import { hasErrors, printFindings } from '../report.ts';

interface Flags {
  readonly output: ObjectFormat;
  readonly mode: ImportMode;
  readonly namespace: string;
}

/** `lattice import kubernetes`: 0 = converted, with what a human must look at on standard error, 2 = invalid input. */
export const importCommand: CommandFile = ({ terminal, finish }) =>
  newCommand('import', "Turn other tools' files into declarations", [
    'lattice import kubernetes manifests/',
  ]).addCommand(
    newCommand('kubernetes', 'Turn existing manifests into LatticeServices; what cannot be known is marked', [
      'lattice import kubernetes manifests/ > services.yaml',
      'kustomize build . | lattice import kubernetes - --mode deploy',
    ])
      .argument('<path...>', 'files, directories, globs, or "-" for standard input')
      .addOption(
        choice('--mode <mode>', 'adopt the pods that exist, or deploy them from now on', ['adopt', 'deploy'], 'adopt'),
      )
      .addOption(choice('-o, --output <format>', 'format', ['yaml', 'json'], 'yaml'))
      .option('-n, --namespace <ns>', 'namespace of objects that name none', 'default')
      .action(async (paths: readonly string[], flags: Flags) => {
        const loaded = await readInput(paths, flags.namespace, terminal.stdin);
        const { services, findings } = fromKubernetes(
          loaded.objects.map(({ raw }) => raw),
          flags.namespace,
          flags.mode,
        );
        printFindings([...loaded.findings, ...findings], terminal);
        if (hasErrors(loaded.findings)) return finish(2);
        writeObjects(services, flags.output, terminal.stdout);
        finish(0);
      }),
  );
