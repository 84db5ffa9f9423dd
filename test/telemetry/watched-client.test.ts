import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, createWatch, fieldsProjection } from '../../src/kube/index.ts';
import { configMap, CONFIG_MAP } from '../../src/kube/testing/kinds.ts';
import { mockServer } from '../../src/kube/testing/mock-server.ts';
import { createMetrics } from '../../src/operator/telemetry/metrics.ts';
import { watchedClient } from '../../src/operator/telemetry/watched-client.ts';

const PATH = '/api/v1/configmaps';

test('a watch is known while it runs: its signs of life, and its failures in a row until it works again', async (t) => {
  const server = await mockServer();
  const metrics = createMetrics({ runtime: false });
  let now = 0;
  const { client, collections } = watchedClient(createClient(server.access()), metrics, () => now);
  t.after(async () => {
    await client.close();
    await server.close();
  });
  let failing = false;
  server.onRequest(() => (failing ? { kind: 'status', code: 500 } : undefined));
  const troubled = Promise.withResolvers<void>();
  const put = Promise.withResolvers<void>();
  let troubles = 0;
  const watch = createWatch(client, {
    kind: CONFIG_MAP,
    projection: fieldsProjection('data'),
    onChange: () => put.resolve(),
    onTrouble: () => {
      troubles += 1;
      if (troubles === 3) troubled.resolve();
    },
    timing: { backoff: { baseMs: 1, capMs: 1 } },
  });
  const ending = new AbortController();
  const running = watch.run(ending.signal);
  await watch.synced;
  assert.deepEqual(collections(), [{ path: PATH, lastSign: 0, failures: 0, failingSince: undefined }]);

  now = 1000;
  failing = true;
  (await server.watch(PATH, 1)).reset();
  await troubled.promise;
  const [broken] = collections();
  assert.equal(broken?.failingSince, 1000);
  assert.ok((broken?.failures ?? 0) >= 3);

  now = 2000;
  failing = false;
  server.put(CONFIG_MAP, configMap('shop/a'));
  await put.promise;
  assert.deepEqual(collections(), [{ path: PATH, lastSign: 2000, failures: 0, failingSince: undefined }]);
  assert.match(await metrics.text(), /lattice_watch_failures_total\{resource="configmaps"\} [3-9]/);

  ending.abort();
  await running;
  assert.deepEqual(collections(), [], 'what is no longer followed is no reason for worry');
});

test('requests are measured by verb and by what came of them', async (t) => {
  const server = await mockServer();
  const metrics = createMetrics({ runtime: false });
  const { client } = watchedClient(createClient(server.access()), metrics, () => 0);
  t.after(async () => {
    await client.close();
    await server.close();
  });
  const call = { signal: new AbortController().signal };
  await client.apply(CONFIG_MAP, configMap('shop/a'), call);
  await client.read(CONFIG_MAP, { namespace: 'shop', name: 'a' }, call);
  await assert.rejects(client.read(CONFIG_MAP, { namespace: 'shop', name: 'b' }, call));
  const text = await metrics.text();
  for (const labels of ['verb="apply",result="ok"', 'verb="get",result="ok"', 'verb="get",result="notFound"'])
    assert.ok(text.includes(`lattice_kube_request_duration_seconds_count{${labels}} 1`), text);
});
