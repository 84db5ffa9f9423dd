import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { AgentHealth, AgentMeter } from '../../fabric/index.ts';

/** The agent's metrics for Prometheus. `health` is asked when they are scraped. */
export function fabricMeter(health: () => AgentHealth): {
  readonly meter: AgentMeter;
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
} {
  const registry = new Registry();
  const registers = [registry];
  const loads = new Histogram({
    name: 'lattice_fabric_load_duration_seconds',
    help: 'From hearing of a change until the kernel holds it.',
    labelNames: ['kind'],
    buckets: [0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 5],
    registers,
  });
  const failures = new Counter({ name: 'lattice_fabric_load_failures_total', help: 'Changes refused.', registers });
  const foreign = new Counter({
    name: 'lattice_fabric_foreign_edits_total',
    help: 'Times that somebody else changed a table of ours.',
    registers,
  });
  const cut = new Counter({
    name: 'lattice_fabric_connections_cut_total',
    help: 'Established connections that a change of rules or members revoked.',
    registers,
  });
  registry.registerMetric(
    new Gauge({
      name: 'lattice_fabric_programs',
      help: 'Programs of this node.',
      labelNames: ['state'],
      registers: [],
      collect() {
        const reports = health().programs;
        const failing = reports.filter(({ error }) => error !== undefined).length;
        const loaded = reports.filter(
          ({ error, generation }) => error === undefined && generation !== undefined,
        ).length;
        this.set({ state: 'failing' }, failing);
        this.set({ state: 'loaded' }, loaded);
        this.set({ state: 'pending' }, reports.length - failing - loaded);
      },
    }),
  );
  return {
    meter: {
      loaded: (kind, seconds) => loads.observe({ kind }, seconds),
      failed: () => failures.inc(),
      foreign: () => foreign.inc(),
      cut: (connections) => cut.inc(connections),
    },
    metrics: async () => ({ type: registry.contentType, text: await registry.metrics() }),
  };
}
