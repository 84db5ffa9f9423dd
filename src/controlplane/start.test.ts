import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import { connect } from 'node:tls';
import { Agent, request } from 'undici';
import {
  BeyondLoopbackError,
  type ControlPlane,
  type ControlPlaneOptions,
  DefinitionRefusedError,
  startControlPlane,
} from './start.ts';

suite('the embedded control plane', () => {
  test('does not listen where others could reach it, unless told to', async (t) => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.com', '127.0.0.1.example.com']) {
      await assert.rejects(startControlPlane({ host }), BeyondLoopbackError, host);
    }
    await started(t, { host: '0.0.0.0', beyondLoopback: true });
  });

  test('lets nobody in without its token, and says nothing to them but that it lives', async (t) => {
    const plane = await started(t, { token: 'secret' });
    const status = async (url: string, authorization: string): Promise<number> =>
      (await plane.inject({ method: 'GET', url, headers: { authorization } })).status;
    assert.equal(await status('/api/v1/namespaces', 'Bearer secret'), 200);
    for (const wrong of ['', 'Bearer ', 'Bearer secre', 'Bearer secrets', 'Bearer secreT', 'Basic secret']) {
      assert.equal(await status('/api/v1/namespaces', wrong), 401, wrong);
      assert.equal(await status('/apis', wrong), 401, wrong);
    }
    assert.equal(await status('/readyz', ''), 200);
  });

  test('serves over TLS to those who trust its authority', async (t) => {
    const plane = await started(t, {});
    const agent = new Agent({ connect: { ca: plane.ca } });
    const headers = { authorization: `Bearer ${plane.token}` };
    const response = await request(`${plane.url}/version`, { dispatcher: agent, headers });
    assert.equal(response.statusCode, 200);
    assert.match(await response.body.text(), /"minor":"36"/);
    await assert.rejects(request(`${plane.url}/version`, { headers }), /certificate/);
    await agent.close();
  });

  test('writes a kubeconfig that holds all of it', async (t) => {
    const plane = await started(t, { token: 'secret' });
    const config: unknown = JSON.parse(plane.kubeconfig);
    const ca = Buffer.from(plane.ca).toString('base64');
    const name = 'lattice';
    assert.deepEqual(config, {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: plane.url, 'certificate-authority-data': ca } }],
      users: [{ name, user: { token: 'secret' } }],
      contexts: [{ name, context: { cluster: name, user: name, namespace: 'default' } }],
      'current-context': name,
    });
  });

  test('installs the definitions that it is given, and refuses bad ones by name', async (t) => {
    const names = { plural: 'things', kind: 'Thing' };
    const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }];
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'things.example.com' },
      spec: { group: 'example.com', scope: 'Cluster', names, versions },
    };
    const plane = await started(t, { crds: [definition] });
    assert.equal((await plane.inject({ method: 'GET', url: '/apis/example.com/v1/things' })).status, 200);
    await assert.rejects(
      startControlPlane({ crds: [{ ...definition, metadata: { name: 'wrong.example.com' } }] }),
      (error) => error instanceof DefinitionRefusedError && /must be spec\.names\.plural/.test(error.message),
    );
  });

  test('ends every connection when it closes, watches too', async (t) => {
    const plane = await started(t, {});
    const { hostname, port } = new URL(plane.url);
    const socket = connect({ host: hostname, port: Number(port), ca: plane.ca });
    const ended = new Promise((resolve) => socket.once('close', resolve));
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    socket.write(`GET /api/v1/pods?watch=true HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${plane.token}\r\n\r\n`);
    await new Promise((resolve) => socket.once('data', resolve));
    await plane.close();
    await ended;
  });
});

/** A control plane that ends with its test, also when the test fails. */
async function started(t: TestContext, options: ControlPlaneOptions): Promise<ControlPlane> {
  const plane = await startControlPlane(options);
  t.after(plane.close);
  return plane;
}
