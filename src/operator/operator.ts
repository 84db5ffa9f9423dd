import type { LatticeConfig } from '../api/index.ts';
import type { Settings } from '../graph/index.ts';
import {
  type Client,
  type ClusterAccess,
  createClient,
  createElector,
  type Clock,
  type KubeError,
  type LeaseTiming,
  leaseStore,
  type Life,
  sleep,
  systemClock,
  withGrace,
} from '../kube/index.ts';
import type { CompileOptions } from '../policy/index.ts';
import {
  type Controller,
  type ControllerContext,
  type Log,
  type Metrics,
  noMetrics,
  type RunningController,
  silentLog,
} from './context.ts';

export interface LeaderElection {
  readonly namespace: string;
  readonly name: string;
  readonly timing?: LeaseTiming;
}

export interface OperatorOptions {
  readonly access: ClusterAccess;
  readonly compile: CompileOptions;
  readonly settings: Settings;
  readonly config?: LatticeConfig;
  readonly controllers: readonly Controller[];
  /** Without it this process works at once, and must be the only one. */
  readonly leaderElection?: LeaderElection;
  /** Unique to this process, also after a restart. */
  readonly identity: string;
  readonly log?: Log;
  readonly metrics?: Metrics;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Time to finish running work at the end, in milliseconds. Default 5,000. */
  readonly graceMs?: number;
  /** Requests at a time. Default 32. */
  readonly maxInFlight?: number;
  /** What controllers work with instead of a client, once for each term: to measure it. */
  readonly wrapClient?: (client: Client) => Client;
}

/** What health checks and readiness are made of. */
export interface OperatorState {
  readonly leading: boolean;
  readonly controllers: readonly { readonly name: string; readonly synced: boolean; readonly idle: boolean }[];
}

export interface Operator {
  /** Resolves when this process leads and all controllers have synced for the first time; rejects if it ends before. */
  readonly ready: Promise<void>;
  /** Resolves after close(), or when the lease is lost; rejects with what broke. */
  readonly stopped: Promise<'closed' | 'lost'>;
  state(): OperatorState;
  /** Resolves when it is ready and no controller has anything left to do; for tests and for the first look. */
  settled(): Promise<void>;
  /** Stops in order: no new work, what runs is finished, the lease is given back. */
  close(): Promise<void>;
}

/**
 * Runs controllers against one cluster, and while it leads only. A lost lease ends it (`stopped` is `lost`): the process
 * should end too and be started anew, because only then is it sure that nothing of the old term is left.
 */
export function startOperator(options: OperatorOptions): Operator {
  const { controllers, identity } = options;
  const clock = options.clock ?? systemClock;
  const random = options.random ?? Math.random;
  const log = options.log ?? silentLog;
  const graceMs = options.graceMs ?? 5000;
  const stopping = new AbortController();
  const first = Promise.withResolvers<void>();
  // Whoever does not ask when it is ready must not be told by a crash.
  first.promise.catch(() => undefined);
  let running: readonly Term[] = [];
  let leading = false;

  const work = async (fence: () => void, life: Life): Promise<void> => {
    const plain = createClient(options.access, { clock, random, fence, maxInFlight: options.maxInFlight ?? 32 });
    const client = options.wrapClient?.(plain) ?? plain;
    leading = true;
    try {
      // One that breaks takes the others with it.
      const broken = new AbortController();
      const stoppingNow = AbortSignal.any([life.stopping, broken.signal]);
      running = controllers.map((controller): Term => {
        const context: ControllerContext = {
          client,
          clock,
          random,
          identity,
          compile: options.compile,
          settings: options.settings,
          config: options.config,
          log: log.with({ controller: controller.name }),
          metrics: options.metrics ?? noMetrics,
          stopping: stoppingNow,
          signal: AbortSignal.any([life.signal, broken.signal]),
        };
        return termOf(controller, context);
      });
      void Promise.all(running.map((term) => term.running.synced)).then(() => first.resolve());
      await allEnded(running, (error) => broken.abort(error));
    } finally {
      leading = false;
      running = [];
      await client.close();
    }
  };
  const run = async (): Promise<'closed' | 'lost'> => {
    const election = options.leaderElection;
    if (!election) {
      await withGrace((life) => work(() => undefined, life), { stopping: stopping.signal, graceMs, clock });
      return 'closed';
    }
    // The lease has connections of its own: work that fills the others must not keep it from being renewed.
    const client = createClient(options.access, { clock, random });
    const elector = createElector({
      store: leaseStore(client, election.namespace, election.name),
      identity,
      clock,
      random,
      ...(election.timing ? { timing: election.timing } : {}),
      onTrouble: (error: KubeError) => log.warn('lease: a try failed', { error, identity }),
    });
    try {
      log.info('lease: waiting for it', { identity });
      const end = await elector.lead(
        async (life) => {
          log.info('lease: this process leads', { identity });
          await work(elector.fence, life);
        },
        stopping.signal,
        graceMs,
      );
      return end === 'lost' ? 'lost' : 'closed';
    } finally {
      await client.close();
    }
  };
  const stopped = run();
  stopped.then(
    (end) => {
      log.info('operator: ended', { end });
      first.reject(new Error(`the operator ended before it was ready (${end})`));
    },
    (error: unknown) => first.reject(error),
  );
  return {
    ready: first.promise,
    stopped,
    state: () => ({
      leading,
      controllers: controllers.map(({ name }, index) => {
        const term = running[index];
        return { name, synced: term?.synced ?? false, idle: term?.running.idle() ?? false };
      }),
    }),
    async settled() {
      await first.promise;
      while (running.some((term) => !term.running.idle())) await sleep(clock, IDLE_MS, stopping.signal);
    },
    async close() {
      stopping.abort(new Error('the operator is closed'));
      await stopped.then(
        () => undefined,
        () => undefined,
      );
    },
  };
}

/** Between looks at whether there is work left. */
const IDLE_MS = 20;

/** One controller in this term. */
interface Term {
  readonly running: RunningController;
  synced: boolean;
}

function termOf(controller: Controller, context: ControllerContext): Term {
  const term: Term = { running: controller.start(context), synced: false };
  void term.running.synced.then(() => {
    term.synced = true;
    context.log.info('synced');
  });
  return term;
}

/** Resolves when all have ended. The first that breaks is told of at once, and its error thrown when all have ended. */
async function allEnded(terms: readonly Term[], onBroken: (error: unknown) => void): Promise<void> {
  const ends = await Promise.allSettled(
    terms.map(async ({ running }) => {
      try {
        await running.ended;
      } catch (error) {
        onBroken(error);
        throw error;
      }
    }),
  );
  const broken = ends.find((end) => end.status === 'rejected');
  if (broken) throw broken.reason;
}
