import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseObject } from './parse.ts';

const service = (spec: unknown) => ({
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeService',
  metadata: { name: 'a' },
  spec,
});
const issues = (raw: Readonly<Record<string, unknown>>) => {
  const parsed = parseObject(raw);
  return parsed.ok
    ? []
    : parsed.issues.map(({ path, message, fix }) => `${path.join('.')}: ${message}${fix ? ` (${fix})` : ''}`);
};
const selector = { matchLabels: { app: 'a' } };

test('a field that is missing is said to be missing, one of the wrong type to be wrong', () => {
  assert.deepEqual(issues(service({ selector, service: { ports: { http: {} } } })), [
    'spec.service.ports.http.port: is missing: it must be a number (add the field "port")',
  ]);
  assert.deepEqual(issues(service({ selector, service: { ports: { http: { port: '80' } } } })), [
    'spec.service.ports.http.port: must be a number, found "80"',
  ]);
  assert.deepEqual(issues(service({ selector: { matchLabels: { app: 7 } } })), [
    'spec.selector.matchLabels.app: must be a string (quote it), found 7 (quote it: "7")',
  ]);
  assert.deepEqual(issues(service({ selector, resources: { b: { direction: 'outbond' } } })), [
    'spec.resources.b.direction: must be "outbound" or "inbound" or "both", found "outbond" (did you mean "outbound"?)',
  ]);
  assert.deepEqual(issues({ apiVersion: 'lattice.dev/v1alpha1', kind: 'LatticeService', spec: { selector } }), [
    'metadata: is missing: it must be a map (add the field "metadata")',
  ]);
});

test('an unknown field is an error that names the field that was probably meant', () => {
  assert.deepEqual(issues(service({ selector, resource: {} })), [
    'spec.resource: unknown field "resource" (did you mean "resources"?)',
  ]);
  assert.deepEqual(issues(service({ selector, resources: { b: { dirction: 'inbound' } } })), [
    'spec.resources.b.dirction: unknown field "dirction" (did you mean "direction"?)',
  ]);
});

test('a map that server-side apply emptied is null and means the empty one; where that opens something it is refused', () => {
  for (const name of ['replicas', 'deploy']) {
    assert.deepEqual(
      parseObject(service({ selector, [name]: null })),
      parseObject(service({ selector, [name]: {} })),
      name,
    );
  }
  assert.deepEqual(issues(service({ selector, service: null })), ['spec.service: must be a map']);
  assert.deepEqual(
    parseObject(service({ selector, resources: { b: null } })),
    parseObject(service({ selector, resources: { b: {} } })),
  );
  assert.deepEqual(issues(service({ selector, resources: { b: { ports: null } } })), [
    'spec.resources.b.ports: must be a list',
  ]);
});

test('a kind or version that is not served is refused with the one that is', () => {
  assert.deepEqual(issues({ ...service({ selector }), kind: 'LatticeServce' }), [
    'kind: "LatticeServce" is not a kind of lattice.dev/v1alpha1 (did you mean LatticeService?)',
  ]);
  assert.deepEqual(issues({ ...service({ selector }), apiVersion: 'lattice.dev/v2' }), [
    'apiVersion: "lattice.dev/v2" is not served (write apiVersion: lattice.dev/v1alpha1)',
  ]);
});

test('keys of objects that JavaScript knows are names like any other', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty', 'prototype']) {
    assert.deepEqual(issues(service({ selector, resources: { [name]: { id: 'b' } } })), [], name);
    assert.equal(issues(service({ selector, [name]: 1 })).length, 1, name);
  }
});

test('a field in two spellings at once is refused', () => {
  const external = (spec: unknown) => ({ ...service(spec), kind: 'LatticeExternalService' });
  const endpoints = { a: 'https://x.example' };
  assert.deepEqual(issues(external({ endpoints, allowedRequesters: ['b'] })), []);
  assert.equal(issues(external({ endpoints, allowedRequesters: ['b'], allowed_requesters: ['c'] })).length, 1);
});
