import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from './observed.ts';
import { intendedPart, ownedPart } from './owned.ts';

function live(fieldsV1: unknown, more: Record<string, unknown> = {}) {
  const managedFields = [
    { manager: 'kubectl', operation: 'Update', fieldsV1: { 'f:spec': { 'f:other': {} } } },
    { manager: 'lattice', operation: 'Apply', fieldsV1 },
    { manager: 'lattice', operation: 'Apply', subresource: 'status', fieldsV1: { 'f:status': {} } },
  ];
  return { metadata: { name: 'a', labels: { mine: '1', theirs: '2' }, managedFields }, ...more };
}

test('only the fields that our manager owns count, and a status entry does not', () => {
  const object = live(
    { 'f:metadata': { 'f:labels': { 'f:mine': {} } }, 'f:spec': { 'f:port': {} } },
    { spec: { port: 1, other: 2 }, status: {} },
  );
  assert.deepEqual(ownedPart(object, 'lattice'), { metadata: { labels: { mine: '1' } }, spec: { port: 1 } });
});

test('what our manager never applied has no owned part', () => {
  assert.equal(ownedPart({ metadata: { name: 'a' } }, 'lattice'), undefined);
  assert.equal(ownedPart(live({}), 'other'), undefined);
});

test('an atomic list or map is owned with everything in it', () => {
  const object = live({ 'f:spec': { 'f:rules': {} } }, { spec: { rules: [{ a: 1, b: [2] }] } });
  assert.deepEqual(ownedPart(object, 'lattice'), { spec: { rules: [{ a: 1, b: [2] }] } });
});

test('elements of keyed lists and sets are found by key and by value, each with what is owned of it', () => {
  const fields = {
    'f:spec': {
      'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} } },
      'f:finalizers': { '.': {}, 'v:"b"': {} },
      'f:indexed': { 'i:1': {} },
    },
  };
  const ports = [
    { port: 80, protocol: 'UDP' },
    { port: 80, protocol: 'TCP', name: 'theirs' },
  ];
  const object = live(fields, { spec: { ports, finalizers: ['a', 'b'], indexed: ['x', 'y'] } });
  assert.deepEqual(ownedPart(object, 'lattice'), {
    spec: { ports: [{ port: 80, protocol: 'TCP' }], finalizers: ['b'], indexed: ['y'] },
  });
});

test('the intended part equals the owned part of an object that stands as it was applied', () => {
  const intent = {
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name: 'a', namespace: 'n', labels: { mine: '1' } },
    spec: { port: 1 },
  };
  const object = live(
    { 'f:spec': { 'f:port': {} }, 'f:metadata': { 'f:labels': { 'f:mine': {} } } },
    { spec: { port: 1 } },
  );
  assert.equal(digestOf(intendedPart(intent)), digestOf(ownedPart(object, 'lattice')));
});
