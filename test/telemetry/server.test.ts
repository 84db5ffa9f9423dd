import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { request } from 'undici';
import { handClock } from '../../src/kube/testing/hand-clock.ts';
import { createMetrics } from '../../src/operator/telemetry/metrics.ts';
import { createProfiler } from '../../src/operator/telemetry/profile.ts';
import { startTelemetryServer, type TelemetryServer } from '../../src/operator/telemetry/server.ts';

suite('what the operator says of itself', () => {
  const clock = handClock();
  const against = { deadly: [] as string[], unready: [] as string[] };
  let server: TelemetryServer;
  before(async () => {
    server = await startTelemetryServer({
      host: '127.0.0.1',
      port: 0,
      metrics: createMetrics(),
      deadly: () => against.deadly,
      unready: () => against.unready,
      profiler: createProfiler(clock),
      onError: (error) => assert.fail(error),
    });
  });
  after(() => server.close());
  const ask = async (
    method: 'GET' | 'POST',
    path: string,
  ): Promise<{ readonly status: number; readonly text: string }> => {
    const { statusCode, body } = await request(`http://127.0.0.1:${server.port}${path}`, { method });
    return { status: statusCode, text: await body.text() };
  };

  test('health and readiness are ok, or say each reason why not', async () => {
    assert.deepEqual(await ask('GET', '/healthz'), { status: 200, text: 'ok\n' });
    against.unready = ['one', 'two'];
    assert.deepEqual(await ask('GET', '/readyz'), { status: 503, text: 'one\ntwo\n' });
    assert.deepEqual(await ask('GET', '/healthz'), { status: 200, text: 'ok\n' });
    against.deadly = ['stuck'];
    assert.deepEqual(await ask('GET', '/healthz'), { status: 503, text: 'stuck\n' });
  });

  test('metrics hold the runtime too', async () => {
    const { status, text } = await ask('GET', '/metrics');
    assert.equal(status, 200);
    assert.match(text, /^process_resident_memory_bytes \d/m);
    assert.match(text, /^nodejs_eventloop_lag_seconds /m);
  });

  test('a CPU profile is taken on demand, one at a time', async () => {
    const first = ask('POST', '/debug/profile?seconds=5');
    await clock.until(1);
    assert.deepEqual(clock.waiting(), [5000]);
    assert.equal((await ask('POST', '/debug/profile?seconds=5')).status, 409);
    clock.wind(5000);
    const { status, text } = await first;
    assert.equal(status, 200);
    const profile: unknown = JSON.parse(text);
    assert.ok(typeof profile === 'object' && profile !== null && 'nodes' in profile && Array.isArray(profile.nodes));
    const second = ask('POST', '/debug/profile?seconds=1');
    await clock.until(1);
    clock.wind(1000);
    assert.equal((await second).status, 200, 'and again');
  });

  test('what is asked wrongly is refused', async () => {
    assert.equal((await ask('GET', '/debug/profile')).status, 405);
    assert.equal((await ask('POST', '/metrics')).status, 405);
    assert.equal((await ask('POST', '/debug/profile?seconds=0')).status, 400);
    assert.equal((await ask('POST', '/debug/profile?seconds=3600')).status, 400);
    assert.equal((await ask('GET', '/debug/pprof')).status, 404);
  });
});
