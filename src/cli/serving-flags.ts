import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Address, DaemonOptions } from '../operator/index.ts';

/** Where the operator listens, as it is after parsing. */
export interface ServingFlags {
  readonly telemetry?: Address;
  readonly webhook?: Address;
  readonly webhookService: { readonly namespace: string; readonly name: string };
  readonly webhookSecret: string;
  readonly webhookConfiguration: string;
}

/** Declares the flags of {@link ServingFlags} on a command. */
export function withServingFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--telemetry <host:port>',
        'serve /metrics, /healthz, /readyz, and to loopback /debug/profile (default: nowhere)',
      ).argParser(address),
    )
    .addOption(new Option('--webhook <host:port>', 'serve the admission webhook (default: nowhere)').argParser(address))
    .addOption(
      new Option('--webhook-service <ns/name>', 'the Service by which the API server calls it')
        .default({ namespace: 'lattice-system', name: 'lattice-webhook' }, 'lattice-system/lattice-webhook')
        .argParser(namespaced),
    )
    .option(
      '--webhook-secret <name>',
      'the Secret beside that Service where its certificates are kept',
      'lattice-webhook',
    )
    .option('--webhook-configuration <name>', 'the ValidatingWebhookConfiguration that calls it', 'lattice');
}

/** The part of a daemon's options that these flags decide. */
export function servingOf(flags: ServingFlags): Pick<DaemonOptions, 'telemetry' | 'webhook'> {
  const { webhook, webhookService, webhookSecret, webhookConfiguration } = flags;
  return {
    telemetry: flags.telemetry,
    webhook: webhook && {
      ...webhook,
      service: webhookService,
      secret: webhookSecret,
      configuration: webhookConfiguration,
    },
  };
}

/** `:8080` is every address of the machine, IPv6 stands in brackets. */
function address(text: string): Address {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new InvalidArgumentError('Write HOST:PORT, such as 127.0.0.1:8080 or :8080.');
  return { host: match[1] ?? (match[2] || '::'), port };
}

function namespaced(text: string): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = '', ...rest] = text.split('/');
  if (rest.length === 0 && namespace !== '' && name !== '') return { namespace, name };
  throw new InvalidArgumentError('Write NAMESPACE/NAME.');
}
