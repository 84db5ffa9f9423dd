import { InvalidArgumentError, Option } from 'commander';
import { type CommandFile, newCommand } from '../command.ts';
import { withCompileFlags } from '../flags.ts';
import { readDevInput } from '../dev/input.ts';
import { type DevFlags, serveDev } from '../dev/serve.ts';

/** `lattice dev`: 0 = ended by a signal, 2 = invalid input or flags; then nothing is served. */
export const dev: CommandFile = ({ terminal, finish }) =>
  withCompileFlags(
    newCommand('dev', 'Serve a Kubernetes API in memory, with PATHs in it and the operator at work', [
      'lattice dev',
      'lattice dev services/ manifests/',
      'lattice dev --port 6443 --write-kubeconfig ./kubeconfig',
    ]),
  )
    .description(
      [
        'Serve a Kubernetes API in memory, with the CustomResourceDefinitions and PATHs in it, and run the operator on',
        'it. For laptops and tests: nothing runs pods, and no engine is there to enforce what the operator writes.',
      ].join(' '),
    )
    .argument('[path...]', 'files, directories, globs, or "-" for standard input: objects to apply')
    .addOption(new Option('--port <number>', 'port; 0 takes a free one').default(0).argParser(portNumber))
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--beyond-loopback', 'allow a --host that other machines reach')
    .option('--no-operator', 'store objects, and compile nothing')
    .option('--write-kubeconfig <file>', 'where the kubeconfig goes (default: a temporary file, removed at the end)')
    .action(async (paths: readonly string[], flags: DevFlags) => {
      const input = await readDevInput(paths, terminal, flags.config);
      if (!input) return finish(2);
      // Only now: whoever still types standard input must be able to interrupt it.
      const ending = new AbortController();
      const end = (): void => ending.abort();
      for (const signal of SIGNALS) process.on(signal, end);
      try {
        finish(await serveDev(input, flags, terminal, ending.signal));
      } finally {
        for (const signal of SIGNALS) process.off(signal, end);
      }
    });

/** A terminal sends Ctrl-C to a whole group, and a launcher sends it on: a second one must not cut the end short. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('A whole number from 0 to 65535.');
}
