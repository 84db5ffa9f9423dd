import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics, MetricClashError } from './metrics.ts';

const linesOf = async (metrics: ReturnType<typeof createMetrics>, name: string): Promise<readonly string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith(name));

test('counters, gauges and histograms are what Prometheus reads', async () => {
  const metrics = createMetrics({ runtime: false });
  metrics.counter({ name: 'a_total', help: 'A.', labels: ['x'] }).add({ x: '1' }, 2);
  metrics.gauge({ name: 'b', help: 'B.', read: () => 7 });
  metrics.histogram({ name: 'c_seconds', help: 'C.', buckets: [1, 2] }).observe(1.5);
  assert.deepEqual(await linesOf(metrics, 'a_total'), ['a_total{x="1"} 2']);
  assert.deepEqual(await linesOf(metrics, 'b '), ['b 7']);
  assert.deepEqual(await linesOf(metrics, 'c_seconds_bucket'), [
    'c_seconds_bucket{le="1"} 0',
    'c_seconds_bucket{le="2"} 1',
    'c_seconds_bucket{le="+Inf"} 1',
  ]);
  assert.match(await metrics.text(), /^# HELP a_total A\.\n# TYPE a_total counter$/m);
});

test('a metric asked for twice is one, and one of another kind or with other labels is a defect', async () => {
  const metrics = createMetrics({ runtime: false });
  const spec = { name: 'a_total', help: 'A.', labels: ['x'] };
  metrics.counter(spec).add({ x: '1' });
  metrics.counter(spec).add({ x: '1' });
  assert.deepEqual(await linesOf(metrics, 'a_total'), ['a_total{x="1"} 2']);
  assert.throws(() => metrics.gauge(spec), MetricClashError);
  assert.throws(() => metrics.counter({ ...spec, labels: ['y'] }), MetricClashError);
});

test('a gauge that is registered again is read where it was registered last', async () => {
  const metrics = createMetrics({ runtime: false });
  metrics.gauge({ name: 'b', help: 'B.', read: () => 1 });
  metrics.gauge({ name: 'b', help: 'B.', read: () => 2 });
  assert.deepEqual(await linesOf(metrics, 'b '), ['b 2']);
});

test('a label with ever new values cannot grow without end', async () => {
  const metrics = createMetrics({ runtime: false, maxSeries: 10 });
  const counter = metrics.counter({ name: 'a_total', help: 'A.', labels: ['owner'] });
  for (let i = 0; i < 1000; i++) counter.add({ owner: `o${i}` });
  counter.add({ owner: 'o3' });
  const lines = await linesOf(metrics, 'a_total');
  assert.equal(lines.length, 11);
  assert.ok(lines.includes('a_total{owner="other"} 990'));
  assert.ok(lines.includes('a_total{owner="o3"} 2'));
  assert.deepEqual(await linesOf(metrics, 'lattice_metrics_overflow_total'), [
    'lattice_metrics_overflow_total{metric="a_total"} 990',
  ]);
});
