import { customResourceDefinitions } from '../../api/index.ts';
import { BeyondLoopbackError, type ControlPlane, startControlPlane } from '../../controlplane/index.ts';
import { type ExitCode, UsageError } from '../command.ts';
import { type LoadedObject, titleOf } from '../io/index.ts';
import { hasErrors, printFindings } from '../report.ts';
import type { Terminal } from '../terminal.ts';
import { applyObjects } from './apply-objects.ts';
import { engineDefinitions } from './engine-definitions.ts';
import type { DevInput } from './input.ts';
import { type KubeconfigFile, kubeconfigFile } from './kubeconfig-file.ts';
import { readyText } from './next-steps.ts';

/** The flags of `lattice dev`. */
export interface DevFlags {
  readonly port: number;
  readonly host: string;
  readonly beyondLoopback?: true;
  readonly writeKubeconfig?: string;
}

/**
 * Serves a control plane with the objects of PATHs until `ended`. 0 = it was ended; 2 = the server refuses an object:
 * then standard output stays empty and no kubeconfig is written.
 * @throws UsageError for flags that cannot be followed: a port that is taken, a file that is somebody else's.
 */
export async function serveDev(
  input: DevInput,
  flags: DevFlags,
  terminal: Terminal,
  ended: AbortSignal,
): Promise<ExitCode> {
  const file = kubeconfigFile(flags.writeKubeconfig);
  try {
    const plane = await start(flags, input.objects, terminal);
    try {
      return await serve(plane, input, file, terminal, ended);
    } finally {
      await plane.close();
    }
  } finally {
    file.forget();
  }
}

async function serve(
  plane: ControlPlane,
  { paths, objects, places }: DevInput,
  file: KubeconfigFile,
  terminal: Terminal,
  ended: AbortSignal,
): Promise<ExitCode> {
  const applied = await applyObjects(plane, objects, places);
  for (const object of applied.skipped) {
    const at = places.of(object, ['kind']);
    terminal.stderr(
      `lattice: ${at.file}:${at.line}: left out ${titleOf(object)}: nobody defines ${object.kind} in ${object.apiVersion}; give its CustomResourceDefinition too\n`,
    );
  }
  printFindings(applied.refused, terminal);
  if (hasErrors(applied.refused)) return 2;
  if (ended.aborted) return 0;
  file.write(plane.kubeconfig);
  terminal.stdout(readyText({ url: plane.url, kubeconfig: file.path, paths, applied }));
  await aborted(ended);
  return 0;
}

async function start(flags: DevFlags, objects: readonly LoadedObject[], terminal: Terminal): Promise<ControlPlane> {
  // A definition among the inputs, such as the engine's own, takes the place of ours.
  const given = new Set(objects.filter(({ kind }) => kind === 'CustomResourceDefinition').map(({ name }) => name));
  const crds = [...customResourceDefinitions(), ...engineDefinitions()].filter(
    ({ metadata }) => !given.has(metadata.name),
  );
  try {
    return await startControlPlane({
      port: flags.port,
      host: flags.host,
      ...(flags.beyondLoopback ? { beyondLoopback: true } : {}),
      crds,
      report: (error) => terminal.stderr(`lattice: ${error instanceof Error ? error.message : String(error)}\n`),
    });
  } catch (error) {
    if (error instanceof BeyondLoopbackError) {
      throw new UsageError(
        `--host ${flags.host} is not a loopback address: whoever reaches the port and has the token owns the server; add --beyond-loopback if that is meant`,
        { cause: error },
      );
    }
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const reason = typeof code === 'string' && Object.hasOwn(SOCKET_ERRORS, code) ? SOCKET_ERRORS[code] : undefined;
    if (reason === undefined) throw error;
    throw new UsageError(`cannot listen on ${flags.host} port ${flags.port}: ${reason}`, { cause: error });
  }
}

const SOCKET_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken',
  EACCES: 'this user may not use the port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'nobody knows that name',
  EAI_AGAIN: 'nobody knows that name',
  EAFNOSUPPORT: 'this machine has no such kind of address',
};

async function aborted(signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
