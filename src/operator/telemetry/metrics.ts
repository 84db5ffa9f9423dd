// Prometheus metrics behind the operator's own interface. Series per metric are capped: names of objects are users' to
// choose, and must not fill the memory of whoever scrapes.
import {
  collectDefaultMetrics,
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  Registry,
} from 'prom-client';
import type { Counter, Gauge, Histogram, MetricLabels, Metrics, MetricSpec } from '../context.ts';

export interface Registered extends Metrics {
  /** The text format of Prometheus. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  /** Label combinations that one metric may have; what comes later is counted under `other`. Default 500. */
  readonly maxSeries?: number;
  /** Process and runtime metrics too (`process_*`, `nodejs_*`). Default true. */
  readonly runtime?: boolean;
}

/** A metric is asked for under the name of another kind or with other labels: a defect of ours. */
export class MetricClashError extends Error {
  readonly code = 'MetricClash';
  constructor(name: string) {
    super(`metric ${name} is registered twice, and differently`);
    this.name = 'MetricClashError';
  }
}

const OTHER = 'other';
/** Between two looks at the event loop. A look wakes the process: the library's 10 ms would be half of what an idle one costs. */
const LOOP_EVERY_MS = 100;

export function createMetrics({ maxSeries = 500, runtime = true }: MetricsOptions = {}): Registered {
  const registry = new Registry();
  if (runtime) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_EVERY_MS });
  /** The newest reader of each gauge: a controller registers again in its next term. */
  const readers = new Map<string, () => number>();
  const known = new Map<string, { readonly kind: string; readonly labels: string; readonly metric: object }>();
  const overflows = new PromCounter({
    name: 'lattice_metrics_overflow_total',
    help: 'Observations counted under "other" because their metric has too many label values.',
    labelNames: ['metric'],
    registers: [registry],
  });

  /** The labels to count under: at most `maxSeries` combinations, the first that came. */
  const capFor = ({ name, labels = [] }: MetricSpec): ((given?: MetricLabels) => Record<string, string>) => {
    const series = new Set<string>();
    return (given = {}) => {
      if (labels.length === 0) return {};
      const values = labels.map((label) => given[label] ?? '');
      const key = values.join('\0');
      if (!series.has(key) && series.size >= maxSeries) {
        overflows.inc({ metric: name });
        return Object.fromEntries(labels.map((label) => [label, OTHER]));
      }
      series.add(key);
      return Object.fromEntries(labels.map((label, index) => [label, values[index] ?? '']));
    };
  };
  /** Asked twice for one name, the answer is the same metric. */
  const once = <M extends object>(
    kind: string,
    spec: MetricSpec,
    is: (metric: object) => metric is M,
    make: () => M,
  ): M => {
    const labels = (spec.labels ?? []).join();
    const found = known.get(spec.name);
    if (!found) {
      const metric = make();
      known.set(spec.name, { kind, labels, metric });
      return metric;
    }
    if (found.kind !== kind || found.labels !== labels || !is(found.metric)) throw new MetricClashError(spec.name);
    return found.metric;
  };
  const common = (spec: MetricSpec) => ({
    name: spec.name,
    help: spec.help,
    labelNames: [...(spec.labels ?? [])],
    registers: [registry],
  });
  return {
    counter: (spec) =>
      once<Counter>('counter', spec, isCounter, () => {
        const counter = new PromCounter(common(spec));
        const cap = capFor(spec);
        return { add: (labels, by = 1) => counter.inc(cap(labels), by) };
      }),
    gauge(spec) {
      const { name, read } = spec;
      if (read) readers.set(name, read);
      return once<Gauge>('gauge', spec, isGauge, () => {
        const gauge = new PromGauge({
          ...common(spec),
          ...(read
            ? {
                collect() {
                  this.set(readers.get(name)?.() ?? 0);
                },
              }
            : {}),
        });
        const cap = capFor(spec);
        return { set: (value, labels) => gauge.set(cap(labels), value) };
      });
    },
    histogram: (spec) =>
      once<Histogram>('histogram', spec, isHistogram, () => {
        const { buckets } = spec;
        const histogram = new PromHistogram({ ...common(spec), ...(buckets ? { buckets: [...buckets] } : {}) });
        const cap = capFor(spec);
        return { observe: (value, labels) => histogram.observe(cap(labels), value) };
      }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

const isCounter = (metric: object): metric is Counter => 'add' in metric;
const isGauge = (metric: object): metric is Gauge => 'set' in metric;
const isHistogram = (metric: object): metric is Histogram => 'observe' in metric;
