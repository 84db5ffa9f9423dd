import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import { after, before, suite, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { makeCredentials } from '../../src/controlplane/server/certificate.ts';
import { CONFIG_MAPS, configMap, recordOf, type Talk, talkTo, text } from './talk.ts';

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';

const credentials = await makeCredentials(['127.0.0.1', 'hooks.default.svc'], Date.now());

suite('an admission webhook', () => {
  const asked: unknown[] = [];
  let plane: ControlPlane;
  let talk: Talk;
  let port = 0;

  /** Refuses what is named bad, labels everything else. */
  const server = createServer({ cert: credentials.certificate, key: credentials.key }, (message, reply) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const review = recordOf(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      const admission = recordOf(review.request);
      asked.push(admission.operation);
      const meta = recordOf(recordOf(admission.object).metadata);
      const patch = [{ op: 'add', path: '/metadata/labels', value: { ...recordOf(meta.labels), seen: 'yes' } }];
      const response =
        text(meta.name) === 'bad'
          ? { uid: admission.uid, allowed: false, status: { message: 'no bad ones' } }
          : {
              uid: admission.uid,
              allowed: true,
              warnings: ['it was seen'],
              ...(message.url === '/mutate'
                ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }
                : {}),
            };
      reply.writeHead(200, { 'content-type': 'application/json' });
      reply.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }));
    });
  });

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    port = typeof address === 'object' && address !== null ? address.port : 0;
    plane = await startControlPlane({
      resolveService: ({ name }) => (name === 'hooks' ? `https://127.0.0.1:${port}` : undefined),
    });
    talk = talkTo(plane);
  });
  after(async () => {
    await plane.close();
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  });

  const configuration = (kind: string, config: object, more: object = {}): object => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'test' },
    webhooks: [
      {
        name: 'test.lattice.dev',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
        clientConfig: { caBundle: Buffer.from(credentials.ca).toString('base64'), ...config },
        rules: [{ operations: ['CREATE', 'DELETE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
        ...more,
      },
    ],
  });

  test('changes what is written, and warns', async () => {
    const url = `https://127.0.0.1:${port}/mutate`;
    await talk.must(
      'POST',
      `${ADMISSION}/mutatingwebhookconfigurations`,
      configuration('MutatingWebhookConfiguration', { url }),
    );
    const response = await plane.inject({ method: 'POST', url: CONFIG_MAPS, body: JSON.stringify(configMap('a')) });
    assert.equal(response.status, 201);
    assert.equal(response.headers.warning, '299 - "it was seen"');
    const stored = await talk.must('GET', `${CONFIG_MAPS}/a`);
    assert.deepEqual(recordOf(stored.metadata).labels, { seen: 'yes' });
    await talk.must('DELETE', `${ADMISSION}/mutatingwebhookconfigurations/test`);
  });

  test('refuses, reached through a Service, and is asked about deletes too', async () => {
    const service = { service: { namespace: 'default', name: 'hooks', path: '/validate' } };
    await talk.must(
      'POST',
      `${ADMISSION}/validatingwebhookconfigurations`,
      configuration('ValidatingWebhookConfiguration', service),
    );
    const refused = await talk.send('POST', CONFIG_MAPS, configMap('bad'));
    assert.equal(refused.status, 403);
    assert.equal(refused.body.message, 'admission webhook "test.lattice.dev" denied the request: no bad ones');
    await talk.must('POST', CONFIG_MAPS, configMap('good'));
    asked.length = 0;
    await talk.must('DELETE', `${CONFIG_MAPS}/good`);
    assert.deepEqual(asked, ['DELETE']);
    await talk.must('DELETE', `${ADMISSION}/validatingwebhookconfigurations/test`);
  });

  test('that is out of reach fails the write, unless it may be ignored', async () => {
    const service = { service: { namespace: 'default', name: 'nowhere' } };
    const kind = 'ValidatingWebhookConfiguration';
    const path = `${ADMISSION}/validatingwebhookconfigurations`;
    await talk.must('POST', path, configuration(kind, service));
    const failed = await talk.send('POST', CONFIG_MAPS, configMap('c'));
    assert.equal(failed.status, 500);
    assert.match(
      text(failed.body.message),
      /failed calling webhook "test\.lattice\.dev": service default\/nowhere is not reachable/,
    );
    await talk.must('DELETE', `${path}/test`);
    await talk.must('POST', path, configuration(kind, service, { failurePolicy: 'Ignore' }));
    await talk.must('POST', CONFIG_MAPS, configMap('c'));
    await talk.must('DELETE', `${path}/test`);
  });

  test('is not asked about what its selectors leave out', async () => {
    const url = `https://127.0.0.1:${port}/validate`;
    const path = `${ADMISSION}/validatingwebhookconfigurations`;
    await talk.must(
      'POST',
      path,
      configuration('ValidatingWebhookConfiguration', { url }, { objectSelector: { matchLabels: { judged: 'yes' } } }),
    );
    await talk.must('POST', CONFIG_MAPS, configMap('bad'));
    const judged = await talk.send('POST', CONFIG_MAPS, configMap('bad', { labels: { judged: 'yes' } }));
    assert.equal(judged.status, 403);
    await talk.must('DELETE', `${path}/test`);
  });
});
