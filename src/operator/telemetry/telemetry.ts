// Metrics, health and profile of one process, and the server that shows them.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Client, Clock } from '../../kube/index.ts';
import type { Log } from '../context.ts';
import type { OperatorState } from '../operator.ts';
import { deadly, unready, type Vitals } from './health.ts';
import { createMetrics, type Registered } from './metrics.ts';
import { createProfiler } from './profile.ts';
import { startTelemetryServer } from './server.ts';
import { type WatchedClient, watchedClient } from './watched-client.ts';

export interface Address {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** What only the other parts of the process know. */
export interface Condition {
  readonly state: OperatorState;
  readonly admission: boolean | undefined;
  readonly ending: boolean;
}

export interface Telemetry {
  readonly metrics: Registered;
  /** Measures a client from now on, instead of the one before: an operator works with one at a time. */
  wrapClient(client: Client): Client;
  /** From now on it is known how the process is; before, it is alive and not ready. */
  attach(condition: () => Condition): void;
  /** Undefined when nothing is served. */
  readonly port: number | undefined;
  close(): Promise<void>;
}

const STARTING: Condition = { state: { leading: true, controllers: [] }, admission: false, ending: false };
const LOOP_WINDOW_MS = 60_000;
/** Between two looks, which is part of what is measured. */
const LOOP_EVERY_MS = 200;

/** Rejects when the port cannot be had. Without an address everything is measured and nothing served. */
export async function startTelemetry(
  address: Address | undefined,
  { version, log, clock }: { readonly version: string; readonly log: Log; readonly clock: Clock },
): Promise<Telemetry> {
  const metrics = createMetrics();
  const delays = monitorEventLoopDelay({ resolution: LOOP_EVERY_MS });
  delays.enable();
  let cancel = (): void => undefined;
  const renew = (): void => {
    cancel = clock.after(LOOP_WINDOW_MS, () => {
      delays.reset();
      renew();
    });
  };
  renew();
  let watched: WatchedClient | undefined;
  let condition = (): Condition => STARTING;
  const vitals = (): Vitals => ({
    ...condition(),
    collections: watched?.collections() ?? [],
    loopDelayMs: delays.count === 0 ? 0 : delays.percentile(50) / 1e6 - LOOP_EVERY_MS,
    now: clock.monotonic(),
  });
  describe(metrics, version, vitals);
  const server =
    address &&
    (await startTelemetryServer({
      ...address,
      metrics,
      deadly: () => deadly(vitals()),
      unready: () => unready(vitals()),
      profiler: createProfiler(clock),
      onError: (error) => log.error('telemetry: an answer failed', { error }),
    }));
  if (server) log.info('telemetry: serves /metrics, /healthz and /readyz', { port: server.port });
  return {
    metrics,
    wrapClient(client) {
      watched = watchedClient(client, metrics, () => clock.monotonic());
      return watched.client;
    },
    attach(next) {
      condition = next;
    },
    port: server?.port,
    async close() {
      cancel();
      delays.disable();
      await server?.close();
    },
  };
}

function describe(metrics: Registered, version: string, vitals: () => Vitals): void {
  metrics
    .gauge({ name: 'lattice_build_info', help: 'Always 1.', labels: ['version', 'node'] })
    .set(1, { version, node: process.versions.node });
  metrics.gauge({
    name: 'lattice_leader',
    help: 'Whether this process works: 1, or 0 while another one holds the lease.',
    read: () => Number(vitals().state.leading),
  });
  metrics.gauge({
    name: 'lattice_ready',
    help: 'Whether /readyz says ok.',
    read: () => Number(unready(vitals()).length === 0),
  });
  metrics.gauge({
    name: 'lattice_watches',
    help: 'Collections of the API server that are followed.',
    read: () => vitals().collections.length,
  });
  metrics.gauge({
    name: 'lattice_watches_failing',
    help: 'Those of them whose last request failed.',
    read: () => vitals().collections.filter(({ failures }) => failures > 0).length,
  });
}
