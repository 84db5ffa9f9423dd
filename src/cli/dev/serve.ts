import { customResourceDefinitions } from '../../api/index.ts';
import { BeyondLoopbackError, type ControlPlane, startControlPlane } from '../../controlplane/index.ts';
import { type ExitCode, UsageError } from '../command.ts';
import type { GraphFlags } from '../flags.ts';
import { type LoadedObject, titleOf } from '../io/index.ts';
import { hasErrors, printFindings } from '../report.ts';
import type { Terminal } from '../terminal.ts';
import { applyObjects } from './apply-objects.ts';
import { engineDefinitions } from './engine-definitions.ts';
import type { DevInput } from './input.ts';
import { type KubeconfigFile, kubeconfigFile } from './kubeconfig-file.ts';
import { readyText } from './next-steps.ts';
import { proveStored } from './prove-stored.ts';
import { startDevOperator } from './run-operator.ts';

/** The flags of `lattice dev`. */
export interface DevFlags extends Omit<GraphFlags, 'namespace'> {
  readonly port: number;
  readonly host: string;
  readonly beyondLoopback?: true;
  readonly writeKubeconfig?: string;
  /** Whether the operator runs, too. */
  readonly operator: boolean;
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
      return await serve({ plane, input, flags, file, terminal }, ended);
    } finally {
      await plane.close();
    }
  } finally {
    file.forget();
  }
}

interface Serving {
  readonly plane: ControlPlane;
  readonly input: DevInput;
  readonly flags: DevFlags;
  readonly file: KubeconfigFile;
  readonly terminal: Terminal;
}

async function serve(serving: Serving, ended: AbortSignal): Promise<ExitCode> {
  const { plane, input, file, flags, terminal } = serving;
  const applied = await applyObjects(plane, input.objects, input.places);
  for (const object of applied.skipped) {
    const at = input.places.of(object, ['kind']);
    terminal.stderr(
      `lattice: ${at.file}:${at.line}: left out ${titleOf(object)}: nobody defines ${object.kind} in ${object.apiVersion}; give its CustomResourceDefinition too\n`,
    );
  }
  printFindings(applied.refused, terminal);
  if (hasErrors(applied.refused)) return 2;
  if (ended.aborted) return 0;
  const ready = { url: plane.url, kubeconfig: file.path, paths: input.paths, applied };
  if (!flags.operator) {
    file.write(plane.kubeconfig);
    terminal.stdout(readyText(ready));
    await aborted(ended);
    return 0;
  }
  const operator = startDevOperator(plane.kubeconfig, flags, input.config, terminal);
  try {
    await Promise.race([operator.settled(), aborted(ended)]);
    if (ended.aborted) return 0;
    const { proof, objects } = await proveStored(plane, input, flags);
    file.write(plane.kubeconfig);
    terminal.stdout(
      readyText({ ...ready, enforced: { objects, asked: proof.asked, counterexamples: proof.counterexamples.length } }),
    );
    await Promise.race([operator.stopped, aborted(ended)]);
    return 0;
  } finally {
    await operator.close();
  }
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
