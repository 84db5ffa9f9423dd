// What the chart renders to, taken by a real API server.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { data, readDefinitions } from './engines.ts';
import { at } from '../../at.ts';
import { until } from '../../e2e/until.ts';
import { root, template } from '../rendered.ts';
import { lacksServer, type Server, startServer } from './server.ts';

suite('the chart on a real API server', { skip: lacksServer }, () => {
  let server: Server;
  before(async () => {
    server = await startServer();
  });
  after(() => server.close());
  const everything = {
    namespace: { create: true },
    config: { probes: { cidrs: ['169.254.7.127/32'] } },
    imagePullSecrets: [{ name: 'pull' }],
    priorityClassName: 'system-cluster-critical',
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ key: 'a', operator: 'Exists' }],
    podAnnotations: { a: 'b' },
    podLabels: { c: 'd' },
    networkPolicy: { metricsFrom: [{ namespaceSelector: { matchLabels: { name: 'monitoring' } } }] },
  };

  test('install.yaml is applied by the server, strictly, and applied again without a change', async () => {
    const args = ['apply', '--server-side', '--validate=strict', '-f', join(root, 'install.yaml')];
    server.must(args);
    const versions = (): string =>
      server.must([
        'get',
        'all,secret,networkpolicy,pdb,role',
        '-n',
        'lattice-system',
        '-o',
        'jsonpath={.items[*].metadata.resourceVersion}',
      ]);
    await server.established();
    await looked(server);
    const before = versions();
    server.must(args);
    assert.equal(versions(), before);
  });

  test('and so is it from the client', () => {
    const { code, stderr } = server.kubectl(['apply', '--validate=strict', '-f', join(root, 'install.yaml')]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr.replaceAll(/^Warning: resource \S+ is missing the .*$/gm, ''), /warning/i);
  });

  for (const [title, values] of [
    ['every value that adds something', everything],
    ['NetworkPolicy alone', { engines: ['kubernetes'], networkPolicy: { kind: 'none' } }],
    [
      'no webhook, no definitions, no metrics',
      { admission: { enabled: false }, crds: { install: false }, telemetry: { service: { enabled: false } } },
    ],
  ] as const) {
    test(`helm template with ${title}`, () => {
      const { code, stderr } = server.kubectl(
        ['apply', '--dry-run=server', '--server-side', '--force-conflicts', '--validate=strict', '-f', '-'],
        template(values),
      );
      assert.equal(code, 0, stderr);
    });
  }

  test('the pod is one that the restricted namespace takes', () => {
    const deployment = server.must(['get', 'deployment', 'lattice', '-n', 'lattice-system', '-o', 'json']);
    const pod = at(JSON.parse(deployment), 'spec', 'template');
    const { code, stderr } = server.kubectl(
      ['create', '--dry-run=server', '-f', '-'],
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'try', namespace: 'lattice-system', labels: at(pod, 'metadata', 'labels') },
        spec: at(pod, 'spec'),
      }),
    );
    assert.equal(code, 0, stderr);
  });

  test('a certificate that the operator wrote stays when the chart is applied again, from either side', () => {
    const secret = ['secret', 'lattice-webhook', '-n', 'lattice-system'];
    const webhook = ['validatingwebhookconfiguration', 'lattice'];
    const patch = [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: certificateOf(server) }];
    server.must(['patch', ...secret, '--type=merge', '-p', JSON.stringify({ data: { 'tls.crt': 'YQ==' } })]);
    server.must(['patch', ...webhook, '--type=json', '-p', JSON.stringify(patch)]);
    for (const side of [['--server-side', '--force-conflicts'], []]) {
      server.must(['apply', ...side, '-f', join(root, 'install.yaml')]);
      assert.equal(server.must(['get', ...secret, '-o', 'jsonpath={.data.tls\\.crt}']), 'YQ==');
      assert.match(server.must(['get', ...webhook, '-o', 'jsonpath={.webhooks[0].clientConfig.caBundle}']), /^LS0t/);
    }
  });

  const skip = data === undefined ? 'no definitions of Cilium: set LATTICE_DATA' : false;
  test('the CiliumNetworkPolicy of the chart is one that Cilium defines', { skip }, async () => {
    server.must(['apply', '--server-side', '-f', '-'], readDefinitions(['cilium']));
    await server.established();
    server.must(
      ['apply', '--dry-run=server', '--server-side', '--force-conflicts', '--validate=strict', '-f', '-'],
      template({ networkPolicy: { kind: 'cilium' } }),
    );
  });
});

/** Resolves when the server's controllers have made what they make of the Deployment, and said so: they write no more. */
async function looked(server: Server): Promise<void> {
  if (server.cluster.lacksControllers !== undefined) return;
  await until('the pods of the Deployment are counted', () => {
    const deployment: unknown = JSON.parse(
      server.must(['get', 'deployment', 'lattice', '-n', 'lattice-system', '-o', 'json']),
    );
    const wanted = [at(deployment, 'metadata', 'generation'), at(deployment, 'spec', 'replicas')];
    const told = [at(deployment, 'status', 'observedGeneration'), at(deployment, 'status', 'updatedReplicas')];
    return told.join() === wanted.join() ? true : undefined;
  });
}

/** Any certificate will do: that of the server itself. */
function certificateOf(server: Server): string {
  const text = readFileSync(join(server.folder, 'certs/apiserver.crt'), 'utf8');
  return Buffer.from(text).toString('base64');
}
