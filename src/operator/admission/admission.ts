// The admission webhook as a whole: a server, and the certificates that it shows. Every replica runs one, leading or not.
import type { Client, Clock, Ref } from '../../kube/index.ts';
import type { Log, Metrics } from '../context.ts';
import type { Judge } from './judge.ts';
import { keepCredentials } from './keeper.ts';
import { type Limits, startWebhookServer } from './server.ts';

export interface AdmissionOptions {
  /** Not fenced: replicas that do not lead keep the certificates too. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly judge: Judge;
  readonly host: string;
  readonly port: number;
  /** The Service that the API server calls, in the namespace of the operator. */
  readonly service: Required<Ref>;
  /** Name of the Secret, in the same namespace. */
  readonly secret: string;
  /** Name of the ValidatingWebhookConfiguration. */
  readonly configuration: string;
  readonly limits?: Partial<Limits>;
}

export interface Admission {
  readonly port: number;
  /** Whether it has a certificate to show. */
  readonly ready: () => boolean;
  /** Rejects when it broke; resolves after close(). */
  readonly ended: Promise<void>;
  readonly close: () => Promise<void>;
}

/** Listens and starts to look after the certificates. Rejects when the port cannot be had. */
export async function startAdmission(options: AdmissionOptions): Promise<Admission> {
  const { service, log } = options;
  const server = await startWebhookServer(options);
  const ending = new AbortController();
  const expiry = options.metrics.gauge({
    name: 'lattice_admission_certificate_expiry_timestamp_seconds',
    help: 'When the certificate of the webhook ends, in seconds since the epoch.',
  });
  const run = async (): Promise<void> => {
    try {
      await keepCredentials(
        {
          ...options,
          secret: { namespace: service.namespace, name: options.secret },
          names: [`${service.name}.${service.namespace}.svc`],
          onServing(serving) {
            server.show(serving);
            expiry.set(serving.expiresAt / 1000);
            log.info('admission: shows a certificate', { until: new Date(serving.expiresAt).toISOString() });
          },
        },
        ending.signal,
      );
    } finally {
      await server.close();
    }
  };
  const ended = run();
  // Whoever does not look at it must not be told by a crash.
  ended.catch(() => undefined);
  return {
    port: server.port,
    ready: server.serving,
    ended,
    async close() {
      ending.abort(new Error('the webhook is closed'));
      await ended;
    },
  };
}
