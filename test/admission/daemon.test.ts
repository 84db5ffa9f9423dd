import assert from 'node:assert/strict';
import { test } from 'node:test';
import { request } from 'undici';
import { optionsFor } from '../../src/cli/load-graph.ts';
import { CONTROLLERS, createLog, startDaemon } from '../../src/operator/index.ts';
import { recordOf, text } from '../controlplane/talk.ts';
import { until } from '../e2e/until.ts';
import { CONFIGURATION, openPlane, SERVICE } from './replicas.ts';

const SERVICES = '/apis/lattice.dev/v1alpha1/namespaces/default/latticeservices';

test('an operator is ready when its caches have synced and its webhook can be called, and tells of what it does', async (t) => {
  const ports: { webhook: number | undefined }[] = [];
  const { plane, talk, access } = await openPlane(() => ports[0]?.webhook);
  t.after(() => plane.close());
  const { settings, options } = optionsFor(
    { engine: ['cilium'], trustDomain: 'cluster.local', clusterName: 'default' },
    undefined,
  );
  const lines: string[] = [];
  const daemon = await startDaemon({
    access,
    settings,
    compile: options,
    controllers: [CONTROLLERS.service()],
    identity: 'test',
    log: createLog({ level: 'info', write: (line) => lines.push(line), terminal: false, wall: Date.now }),
    version: '1.2.3',
    telemetry: { host: '127.0.0.1', port: 0 },
    webhook: { host: '127.0.0.1', port: 0, service: SERVICE, secret: 'lattice-webhook', configuration: CONFIGURATION },
  });
  ports.push({ webhook: daemon.ports.webhook });
  const ask = async (path: string): Promise<{ readonly status: number; readonly body: string }> => {
    const { statusCode, body } = await request(`http://127.0.0.1:${daemon.ports.telemetry}${path}`);
    return { status: statusCode, body: await body.text() };
  };
  await until('it is ready', async () => ((await ask('/readyz')).status === 200 ? true : undefined));
  assert.equal((await ask('/healthz')).status, 200);

  const spec = { selector: { matchLabels: { host: 'a' } } };
  const cart = { apiVersion: 'lattice.dev/v1alpha1', kind: 'LatticeService', metadata: { name: 'cart' }, spec };
  await until('the webhook is asked', async () => {
    const { body } = await talk.send('POST', `${SERVICES}?dryRun=All`, cart);
    return /LabelSwitchesCilium/.test(text(body.message)) ? true : undefined;
  });
  const { body } = await ask('/metrics');
  for (const line of [
    'lattice_build_info{version="1.2.3"',
    'lattice_leader 1',
    'lattice_ready 1',
    'lattice_watches_failing 0',
    'lattice_admission_reviews_total{operation="CREATE",verdict="refused"} 1',
    'lattice_admission_certificate_expiry_timestamp_seconds 1',
  ])
    assert.ok(body.includes(`\n${line}`), `${line}\n${body}`);
  const reviewed = lines
    .map((line) => recordOf(JSON.parse(line)))
    .find(({ message }) => message === 'admission: reviewed');
  assert.deepEqual(reviewed?.reasons, ['LabelSwitchesCilium']);

  await daemon.close();
  assert.equal(await daemon.stopped, 'closed');
  await assert.rejects(ask('/healthz'), 'nothing listens any more');
});

test('a port that is taken is said at once, and nothing is left running', async () => {
  const { settings, options } = optionsFor(
    { engine: ['cilium'], trustDomain: 'cluster.local', clusterName: 'default' },
    undefined,
  );
  const { plane, access } = await openPlane(() => undefined);
  const { port } = new URL(plane.url);
  const started = startDaemon({
    access,
    settings,
    compile: options,
    controllers: [],
    identity: 'test',
    log: createLog({ level: 'error', write: () => undefined, terminal: false, wall: Date.now }),
    version: '1.2.3',
    telemetry: { host: '127.0.0.1', port: 0 },
    webhook: {
      host: '127.0.0.1',
      port: Number(port),
      service: SERVICE,
      secret: 'lattice-webhook',
      configuration: CONFIGURATION,
    },
  });
  await assert.rejects(started, { code: 'EADDRINUSE' });
  await plane.close();
});
