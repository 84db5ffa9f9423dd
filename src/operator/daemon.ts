// The operator as a process of a cluster: what it says of itself, and the webhook, around what it does.
import { type Client, createClient, systemClock } from '../kube/index.ts';
import { type Admission, type AdmissionOptions, judgeWith, startAdmission } from './admission/index.ts';
import type { Log } from './context.ts';
import { type OperatorOptions, startOperator } from './operator.ts';
import { type Address, startTelemetry, type Telemetry } from './telemetry/index.ts';

export interface DaemonOptions extends Omit<OperatorOptions, 'metrics' | 'wrapClient'> {
  readonly log: Log;
  readonly version: string;
  /** Where metrics, health and readiness are served; nowhere when undefined. */
  readonly telemetry: Address | undefined;
  /** No webhook when undefined. */
  readonly webhook: Webhook | undefined;
}

export interface Webhook extends Address, Pick<AdmissionOptions, 'service' | 'secret' | 'configuration'> {}

export interface Daemon {
  /** As of the operator; rejects when the webhook broke too. */
  readonly stopped: Promise<'closed' | 'lost'>;
  /** Where it listens. */
  readonly ports: { readonly telemetry: number | undefined; readonly webhook: number | undefined };
  close(): Promise<void>;
}

/** Rejects when a port cannot be had; nothing is left running then. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const clock = options.clock ?? systemClock;
  const telemetry = await startTelemetry(options.telemetry, { ...options, clock });
  const webhook = await serveWebhook(options, telemetry).catch(async (error: unknown) => {
    await telemetry.close();
    throw error;
  });
  const operator = startOperator({
    ...options,
    metrics: telemetry.metrics,
    wrapClient: (client) => telemetry.wrapClient(client),
  });
  let ending = false;
  telemetry.attach(() => ({ state: operator.state(), admission: webhook?.admission.ready(), ending }));
  const run = async (): Promise<'closed' | 'lost'> => {
    try {
      return await Promise.race([operator.stopped, ...(webhook ? [webhook.broken] : [])]);
    } finally {
      ending = true;
      await operator.close();
      await webhook?.close();
      await telemetry.close();
    }
  };
  const stopped = run();
  // Whoever does not wait for it must not be told by a crash.
  stopped.catch(() => undefined);
  return {
    stopped,
    ports: { telemetry: telemetry.port, webhook: webhook?.admission.port },
    async close() {
      ending = true;
      await operator.close();
      await stopped.catch(() => undefined);
    },
  };
}

interface ServedWebhook {
  readonly admission: Admission;
  /** Rejects when it broke; never resolves. */
  readonly broken: Promise<never>;
  readonly close: () => Promise<void>;
}

async function serveWebhook(options: DaemonOptions, telemetry: Telemetry): Promise<ServedWebhook | undefined> {
  const { webhook, access, compile, settings } = options;
  if (!webhook) return undefined;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  // Its own: the operator's is fenced by the lease, and closed with it.
  const client: Client = createClient(access, { clock, random, maxInFlight: 4 });
  const { promise: broken, reject } = Promise.withResolvers<never>();
  try {
    const admission = await startAdmission({
      ...webhook,
      client,
      clock,
      random,
      metrics: telemetry.metrics,
      log: options.log,
      judge: judgeWith({ settings, compile }),
    });
    admission.ended.catch(reject);
    options.log.info('admission: listens', { port: admission.port });
    return {
      admission,
      broken,
      async close() {
        try {
          await admission.close();
        } finally {
          await client.close();
        }
      },
    };
  } catch (error) {
    await client.close();
    throw error;
  }
}
