import { networkInterfaces } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import {
  type Agent,
  type AgentOptions,
  createAgent,
  createKernel,
  judgeDatapath,
  readDatapath,
  serveHealth,
} from '../../fabric/index.ts';
import { createClient, systemClock } from '../../kube/index.ts';
import { choice, type CommandFile, newCommand, UsageError } from '../command.ts';
import { addressList, port, positiveNumber } from '../fabric/arguments.ts';
import { agentLog, LOG_LEVELS, type LogLevel } from '../fabric/log.ts';
import { fabricMeter } from '../fabric/meter.ts';
import { accessFor } from '../live/access.ts';
import { untilSignal } from '../fabric/until-signal.ts';

interface Flags {
  readonly node: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly listen: { readonly host: string; readonly port: number } | 'none';
  readonly cniDir: string;
  readonly canaryAddress: readonly string[];
  readonly canaryPort: number;
  readonly canaryNamespace?: string;
  readonly canarySeconds: number;
  readonly logLevel: LogLevel;
}

/** `lattice fabric-agent`: 0 = ended by a signal, 1 = it broke, 2 = bad usage or no way to a cluster. */
export const fabricAgent: CommandFile = ({ terminal, finish }) =>
  newCommand('fabric-agent', "Keep one node's packet filter at the firewall programs of its cluster's peerings", [
    'lattice fabric-agent --node worker-1',
    'lattice fabric-agent --node worker-1 --kubeconfig ./kubeconfig --listen 127.0.0.1:9810',
  ])
    .addOption(new Option('--node <name>', 'the Node that this runs on').env('NODE_NAME').makeOptionMandatory())
    .option('--kubeconfig <file>', 'how to reach the cluster (default: as kubectl does; in a pod, its account)')
    .option('--context <name>', 'a context of the kubeconfig')
    .addOption(
      new Option('--listen <address>', 'where /healthz, /readyz and /metrics are served, or "none"')
        .default({ host: '127.0.0.1', port: 9810 }, '127.0.0.1:9810')
        .argParser(hostAndPort),
    )
    .option('--cni-dir <folder>', 'where the CNI configuration of the node is', '/etc/cni/net.d')
    .addOption(
      new Option(
        '--canary-address <addresses>',
        "the node's, where its canary pods connect; without them none is asked",
      )
        .default([], 'none')
        .argParser(addressList),
    )
    .addOption(new Option('--canary-port <port>', 'of TCP and UDP at these addresses').default(9811).argParser(port))
    .option('--canary-namespace <name>', 'where the canary pods are')
    .addOption(
      new Option('--canary-seconds <seconds>', 'between two trials of a node where every way was seen to pass')
        .default(600)
        .argParser(positiveNumber),
    )
    .addOption(choice('--log-level <level>', 'least level that is logged', LOG_LEVELS, 'info'))
    .action(async (flags: Flags) => {
      const log = agentLog(flags.logLevel, flags.node, terminal.stderr, () => systemClock.wall());
      const client = createClient(await accessFor(flags));
      const health = (): ReturnType<Agent['health']> => agent.health();
      const { meter, metrics } = fabricMeter(health);
      const agent = createAgent({
        client,
        node: flags.node,
        clock: systemClock,
        random: Math.random,
        log,
        meter,
        // Another range of marks than the agent before it: its last ones are still in the kernel.
        kernel: createKernel(Math.floor(Math.random() * 0xffff_ffff)),
        localAddresses,
        canary: canaryOf(flags),
        datapath: async (signal) => judgeDatapath(await readDatapath(client, flags.cniDir, '/', signal)),
      });
      const server = flags.listen === 'none' ? undefined : await serveHealth({ ...flags.listen, health, metrics });
      try {
        await untilSignal((signal) => agent.run(signal));
        finish(0);
      } catch (error) {
        log.error('the agent ended; what is loaded stays', { error: error instanceof Error ? error : String(error) });
        finish(1);
      } finally {
        server?.close();
        await client.close();
      }
    });

function canaryOf({ canaryAddress, canaryPort, canaryNamespace, canarySeconds }: Flags): AgentOptions['canary'] {
  if (canaryAddress.length === 0) return undefined;
  if (canaryNamespace === undefined) {
    throw new UsageError(
      '--canary-address asks for --canary-namespace: the pods that are listened to are looked up there',
    );
  }
  return { addresses: canaryAddress, port: canaryPort, namespace: canaryNamespace, seconds: canarySeconds };
}

function localAddresses(): ReadonlySet<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((list) => list?.map(({ address }) => address) ?? []));
}

function hostAndPort(text: string): Flags['listen'] {
  if (text === 'none') return text;
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const [, six, four, port] = match ?? [];
  const host = six ?? four;
  if (host !== undefined && Number(port) <= 65_535) return { host, port: Number(port) };
  throw new InvalidArgumentError('An address and a port such as 127.0.0.1:9810 or [::1]:9810, or "none".');
}
