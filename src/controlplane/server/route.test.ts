import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routeOf } from './route.ts';
import { aggregatedVersion, negotiate } from './negotiate.ts';

test('a path names a resource, its namespace, its object and a part of it', () => {
  const target = (path: string) => {
    const route = routeOf(path);
    return route.kind === 'resource' ? Object.values(route.target) : route.kind;
  };
  assert.deepEqual(target('/api/v1/pods'), ['', 'v1', 'pods', '', '', '']);
  assert.deepEqual(target('/api/v1/namespaces/a/pods/b/status'), ['', 'v1', 'pods', 'a', 'b', 'status']);
  assert.deepEqual(target('/api/v1/namespaces/a'), ['', 'v1', 'namespaces', '', 'a', '']);
  assert.deepEqual(target('/api/v1/namespaces/a/finalize'), ['', 'v1', 'namespaces', '', 'a', 'finalize']);
  assert.deepEqual(target('/apis/apps/v1/namespaces/a/deployments/b/scale'), [
    'apps',
    'v1',
    'deployments',
    'a',
    'b',
    'scale',
  ]);
  assert.deepEqual(target('/apis/x.y/v1/things/a%2Fb'), ['x.y', 'v1', 'things', '', 'a/b', '']);
  assert.equal(target('/apis/apps/v1'), 'resources');
  assert.equal(target('/openapi/v3/apis/apps/v1'), 'openapi');
  assert.equal(target('/openapi/v2'), 'openapi v2');
  assert.equal(target('/openapi/v1'), 'unknown');
  assert.equal(target('/metrics'), 'unknown');
});

test('the first offer that can be met is taken, and protobuf alone is refused', () => {
  assert.equal(negotiate('application/vnd.kubernetes.protobuf,application/json').shape, 'object');
  assert.equal(negotiate('application/json;as=Table;v=v1;g=meta.k8s.io,application/json').shape, 'table');
  assert.equal(negotiate('application/json;as=Table;v=v2;g=meta.k8s.io,application/json').shape, 'object');
  assert.equal(negotiate(undefined).shape, 'object');
  assert.throws(() => negotiate('application/vnd.kubernetes.protobuf'), /only the following media types/);
  assert.equal(
    aggregatedVersion('application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'),
    'v2',
  );
  assert.equal(aggregatedVersion('application/json'), undefined);
});
