import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { systemClock } from '../../kube/index.ts';
import {
  CONTROLLERS,
  type ControllerFlags,
  type ControllerName,
  createLog,
  type Daemon,
  type DaemonOptions,
  DEFAULT_CONTROLLERS,
  ENGINE_NAMESPACES,
  isControllerName,
  type LeaderElection,
  type LogLevel,
  startDaemon,
} from '../../operator/index.ts';
import { choice, type CommandFile, newCommand, UsageError } from '../command.ts';
import { type GraphFlags, withCompileFlags } from '../flags.ts';
import { accessFor } from '../live/access.ts';
import { optionsFor, readConfig } from '../load-graph.ts';
import { type ServingFlags, servingOf, withServingFlags } from '../serving-flags.ts';
import { packageVersion } from '../version.ts';

interface Flags extends GraphFlags, ServingFlags {
  readonly controllers: readonly ControllerName[];
  readonly enforcer: NonNullable<ControllerFlags['enforcer']>;
  readonly ciliumNamespace: string;
  readonly istioNamespace: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly leaderElect?: true;
  readonly leaseNamespace: string;
  readonly leaseDuration: number;
  readonly renewDeadline: number;
  readonly retryPeriod: number;
  readonly logLevel: LogLevel;
}

const LEASE_NAME = 'lattice-operator';

/** `lattice operator`: 0 = ended by a signal, 1 = the lease was lost or it broke, 2 = bad usage or no way to a cluster. */
export const operator: CommandFile = ({ terminal, finish }) =>
  withServingFlags(
    withRunFlags(
      withCompileFlags(
        newCommand('operator', 'Keep a cluster as it is declared: compile, apply, repair', [
          'lattice operator --engine cilium --cluster-name default',
          'lattice operator --leader-elect --config lattice.yaml',
          'lattice operator --telemetry 127.0.0.1:8080 --log-level debug',
        ]),
      ),
    ),
  ).action(async (flags: Flags) => {
    const leaderElection = flags.leaderElect ? electionFor(flags) : undefined;
    const config = flags.config === undefined ? undefined : readConfig(flags.config, terminal);
    if (config === false) return finish(2);
    const { settings, options } = optionsFor(flags, config, 'live');
    const access = await accessFor(flags);
    const running = await started({
      access,
      settings,
      compile: options,
      ...(config ? { config } : {}),
      controllers: flags.controllers.map((name) => CONTROLLERS[name](controllerFlags(flags))),
      ...(leaderElection ? { leaderElection } : {}),
      identity: `${hostname()}_${randomUUID()}`,
      log: createLog({
        level: flags.logLevel,
        write: terminal.stderr,
        terminal: terminal.interactive,
        colour: terminal.colour.stderr,
        wall: () => systemClock.wall(),
      }),
      version: packageVersion(),
      ...servingOf(flags),
    });
    finish(await untilEnded(running));
  });

function controllerFlags({ enforcer, ciliumNamespace, istioNamespace }: Flags): ControllerFlags {
  return { enforcer, engineNamespaces: { cilium: ciliumNamespace, istio: istioNamespace } };
}

/** A port that cannot be had is a mistake of who starts it. */
async function started(options: DaemonOptions): Promise<Daemon> {
  try {
    return await startDaemon(options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (error instanceof Error && /^(?:EADDRINUSE|EADDRNOTAVAIL|EACCES|ENOTFOUND)$/.test(String(code)))
      throw new UsageError(`cannot listen: ${error.message}; choose another --telemetry or --webhook`, {
        cause: error,
      });
    throw error;
  }
}

/** Runs until a signal comes, the lease is lost, or the operator breaks, which throws. */
async function untilEnded(running: Daemon): Promise<0 | 1> {
  const end = (): void => void running.close();
  for (const signal of SIGNALS) process.on(signal, end);
  try {
    return (await running.stopped) === 'lost' ? 1 : 0;
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
}

/** A terminal sends Ctrl-C to a whole group, and a launcher sends it on: a second one must not cut the end short. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function withRunFlags(command: Command): Command {
  const names = Object.keys(CONTROLLERS);
  return command
    .addOption(
      new Option('--controllers <names>', `what to run: ${names.join(', ')}`)
        .default(DEFAULT_CONTROLLERS, DEFAULT_CONTROLLERS.join(','))
        .argParser(controllerNames),
    )
    .addOption(
      choice(
        '--enforcer <name>',
        'who enforces peerings: the node agent (nft), Liqo itself, or whichever can',
        ['auto', 'nft', 'liqo'],
        'auto',
      ),
    )
    .addOption(
      new Option('--cilium-namespace <ns>', "where Cilium's configuration is: ConfigMap cilium-config").default(
        ENGINE_NAMESPACES.cilium,
      ),
    )
    .addOption(
      new Option('--istio-namespace <ns>', "where the mesh's configuration is: ConfigMap istio").default(
        ENGINE_NAMESPACES.istio,
      ),
    )
    .option('--kubeconfig <file>', 'how to reach the cluster (default: as kubectl does; in a pod, its account)')
    .option('--context <name>', 'a context of the kubeconfig')
    .option('--leader-elect', 'work only while holding a Lease: for several replicas')
    .addOption(
      new Option('--lease-namespace <ns>', 'where the Lease is').env('POD_NAMESPACE').default('lattice-system'),
    )
    .addOption(duration('--lease-duration <time>', 'how long a leader that fell silent is waited for', '15s'))
    .addOption(duration('--renew-deadline <time>', 'how long a leader tries to renew before it stops', '10s'))
    .addOption(duration('--retry-period <time>', 'time between tries', '2s'))
    .addOption(choice('--log-level <level>', 'least level that is logged', ['debug', 'info', 'warn', 'error'], 'info'));
}

function electionFor({ leaseNamespace, leaseDuration, renewDeadline, retryPeriod }: Flags): LeaderElection {
  if (!(retryPeriod < renewDeadline && renewDeadline < leaseDuration)) {
    throw new UsageError('--retry-period must be less than --renew-deadline, and that less than --lease-duration');
  }
  return {
    namespace: leaseNamespace,
    name: LEASE_NAME,
    timing: { leaseMs: leaseDuration, renewMs: renewDeadline, retryMs: retryPeriod },
  };
}

function controllerNames(text: string): readonly ControllerName[] {
  const names = new Set<ControllerName>();
  for (const name of text.split(',')) {
    if (!isControllerName(name)) {
      throw new InvalidArgumentError(`"${name}" is not one of ${Object.keys(CONTROLLERS).join(', ')}.`);
    }
    names.add(name);
  }
  return [...names];
}

/** Kept in milliseconds. */
function duration(flags: string, description: string, fallback: string): Option {
  return new Option(flags, description).default(milliseconds(fallback), fallback).argParser(milliseconds);
}

function milliseconds(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|)$/.exec(text);
  const value = Number(match?.[1]) * ({ ms: 1, s: 1000, m: 60_000, '': 1000 }[match?.[2] ?? ''] ?? Number.NaN);
  if (value > 0) return value;
  throw new InvalidArgumentError('A time such as 15s, 500ms or 1m.');
}
