// What every controller of the operator is given, and what it gives back.
import type { LatticeConfig } from '../api/index.ts';
import type { Client, Clock } from '../kube/index.ts';
import type { CompileOptions } from '../policy/index.ts';
import type { Settings } from '../graph/index.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Values that a log line carries beside its message. Never a secret, never a whole object. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[] | Error | undefined>>;

/** Structured log: the message is a constant sentence, everything that varies is a field. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines carry these fields too. */
  with(fields: LogFields): Log;
  /** Whether lines of this level are written; asked before fields that are costly to make. */
  enabled(level: LogLevel): boolean;
}

export type MetricLabels = Readonly<Record<string, string>>;

export interface MetricSpec {
  /** As Prometheus names it, with its unit: `lattice_reconcile_duration_seconds`. */
  readonly name: string;
  readonly help: string;
  /** Names of the labels; every observation gives exactly these. */
  readonly labels?: readonly string[];
}

export interface Counter {
  add(labels?: MetricLabels, by?: number): void;
}

export interface Gauge {
  set(value: number, labels?: MetricLabels): void;
}

export interface Histogram {
  observe(value: number, labels?: MetricLabels): void;
}

/** Where controllers register what they measure. Asked twice for one name, the answer is the same metric. */
export interface Metrics {
  counter(spec: MetricSpec): Counter;
  /** `read` is called when the metric is scraped. */
  gauge(spec: MetricSpec & { readonly read?: () => number }): Gauge;
  /** `buckets` are upper bounds, in the unit of the name. */
  histogram(spec: MetricSpec & { readonly buckets?: readonly number[] }): Histogram;
}

/** What a controller works with for one term: from becoming the leader to its end. */
export interface ControllerContext {
  /** Writes are fenced by the lease, if there is one. */
  readonly client: Client;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Unique to this process. */
  readonly identity: string;
  readonly compile: CompileOptions;
  readonly settings: Settings;
  /** The file of `--config`, if one was given. */
  readonly config: LatticeConfig | undefined;
  /** Aborted: take nothing new, finish what runs. */
  readonly stopping: AbortSignal;
  /** Aborted: stop now. Hand it to every request. */
  readonly signal: AbortSignal;
}

/** A controller at work. It reads `stopping` and `signal` of its context to know when to end. */
export interface RunningController {
  /** Resolves when every cache holds the initial state. Nothing is written before. Never rejects. */
  readonly synced: Promise<void>;
  /** Resolves when the controller has ended after `stopping` or `signal`; rejects when it broke. */
  readonly ended: Promise<void>;
  /** Whether nothing is left to do that is known of; for tests and for the first look. */
  idle(): boolean;
}

/**
 * One part of the operator: watches, decides, writes. `start` is called once for each term of leadership, each time
 * with a fresh context, and returns at once. What it throws, or `ended` rejects with, ends the operator.
 */
export interface Controller {
  /** As in `--controllers`. */
  readonly name: string;
  start(context: ControllerContext): RunningController;
}

/** Says nothing. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
  enabled: () => false,
};

/** Measures nothing. */
export const noMetrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  gauge: () => ({ set: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
};
