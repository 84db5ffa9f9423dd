import { isIP } from 'node:net';
import { InvalidArgumentError, Option } from 'commander';
import { runCanaryPod } from '../../canary/index.ts';
import { type CommandFile, newCommand } from '../command.ts';
import { addressList, port } from '../fabric/arguments.ts';
import { untilSignal } from '../fabric/until-signal.ts';

interface Flags {
  readonly address: readonly string[];
  readonly node: string;
  readonly port: number;
}

/** `lattice fabric-canary`: 0 = ended by a signal, 1 = it broke, 2 = bad usage. */
export const fabricCanary: CommandFile = ({ terminal, finish }) =>
  newCommand(
    'fabric-canary',
    "Send and answer the datagrams by which a node's agent sees which way pods' packets take",
    ['lattice fabric-canary --address 10.1.0.7,fd00::7 --node 192.0.2.11'],
  )
    .addOption(
      new Option('--address <addresses>', 'of this pod').env('POD_IPS').argParser(addressList).makeOptionMandatory(),
    )
    .addOption(new Option('--node <address>', 'of its node').env('NODE_IP').argParser(oneAddress).makeOptionMandatory())
    .addOption(new Option('--port <port>', 'of TCP and UDP, the same on every node').default(9811).argParser(port))
    .action(async (flags: Flags) => {
      const say = (what: string, error: Error): void =>
        terminal.stderr(`${JSON.stringify({ level: 'warn', message: what, error: error.message })}\n`);
      try {
        await untilSignal((signal) =>
          runCanaryPod({ addresses: flags.address, node: flags.node, port: flags.port, onTrouble: say }, signal),
        );
        finish(0);
      } catch (error) {
        say('the canary ended', error instanceof Error ? error : new Error(String(error)));
        finish(1);
      }
    });

function oneAddress(text: string): string {
  if (isIP(text) !== 0) return text;
  throw new InvalidArgumentError('An IPv4 or IPv6 address.');
}
