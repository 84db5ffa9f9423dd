import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { mockServer, type Fault } from '../testing/mock-server.ts';
import { createClient } from './client.ts';
import { discover, findKind, type DiscoveredKind } from './discovery.ts';

const call = { signal: new AbortController().signal };

async function ask(t: TestContext, answers: Readonly<Record<string, unknown>>): Promise<readonly DiscoveredKind[]> {
  const server = await mockServer();
  const client = createClient(server.access(), { maxAttempts: 1 });
  t.after(async () => {
    await client.close();
    await server.close();
  });
  server.onRequest(({ path }): Fault => {
    const answer = answers[path];
    return {
      kind: 'status',
      code: answer === undefined ? 503 : 200,
      body: JSON.stringify(answer ?? { kind: 'Status' }),
    };
  });
  return discover(client, call);
}

function aggregated(items: readonly unknown[]) {
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items };
}

function resource(plural: string, kind: string, scope: string) {
  return {
    resource: plural,
    responseKind: { kind },
    scope,
    verbs: ['get', 'list'],
    subresources: [{ subresource: 'status' }],
  };
}

test('an aggregated answer names every kind in every version, the preferred first', async (t) => {
  const kinds = await ask(t, {
    '/api': aggregated([
      { metadata: {}, versions: [{ version: 'v1', resources: [resource('pods', 'Pod', 'Namespaced')] }] },
    ]),
    '/apis': aggregated([
      {
        metadata: { name: 'example.com' },
        versions: [
          { version: 'v2', resources: [resource('things', 'Thing', 'Cluster')] },
          { version: 'v1', resources: [resource('things', 'Thing', 'Cluster')] },
        ],
      },
    ]),
  });
  assert.deepEqual(
    kinds.map(({ group, version, plural, namespaced, preferred }) => [group, version, plural, namespaced, preferred]),
    [
      ['', 'v1', 'pods', true, true],
      ['example.com', 'v2', 'things', false, true],
      ['example.com', 'v1', 'things', false, false],
    ],
  );
  assert.deepEqual(findKind(kinds, 'v1', 'Pod')?.subresources, ['status']);
  assert.equal(findKind(kinds, 'example.com/v1', 'Thing')?.version, 'v1');
  assert.equal(findKind(kinds, 'example.com/v3', 'Thing'), undefined);
});

test('a server without aggregated discovery is walked, and a group whose server is down is left out', async (t) => {
  const list = (name: string, kind: string) => ({
    kind: 'APIResourceList',
    resources: [
      { name, kind, namespaced: true, verbs: ['get'] },
      { name: `${name}/scale`, kind: 'Scale', namespaced: true, verbs: ['get'] },
    ],
  });
  const version = (group: string) => ({ groupVersion: `${group}/v1`, version: 'v1' });
  const kinds = await ask(t, {
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/api/v1': list('pods', 'Pod'),
    '/apis': {
      kind: 'APIGroupList',
      groups: ['apps', 'metrics.k8s.io'].map((name) => ({
        name,
        versions: [version(name)],
        preferredVersion: version(name),
      })),
    },
    '/apis/apps/v1': list('deployments', 'Deployment'),
  });
  assert.deepEqual(
    kinds.map(({ group, kind, subresources, preferred }) => [group, kind, subresources, preferred]),
    [
      ['', 'Pod', ['scale'], true],
      ['apps', 'Deployment', ['scale'], true],
    ],
  );
});
