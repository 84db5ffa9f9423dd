import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { type Step, untyped } from '../../kube/index.ts';
import type { Part } from '../../policy/index.ts';
import { type Fate, orderSteps } from './order-steps.ts';

const KIND = untyped({ group: '', version: 'v1', kind: 'ConfigMap', plural: 'configmaps', namespaced: true });
const observed = { uid: 'u', version: '1', owner: 'o', owned: 'x', deleting: false };

const apply = (id: Part): Step => ({
  kind: 'create',
  id,
  owner: 'o',
  digest: '',
  desired: { kind: KIND, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id } } },
});
const remove = (id: Part): Step => ({ kind: 'delete', id, of: KIND, key: id, observed });
const PARTS: readonly Part[] = ['deny', 'grant', 'exemption'];
const partOf = (id: string): Part => PARTS.find((part) => part === id) ?? 'grant';

const order = (fate: Fate): string[] =>
  orderSteps([...PARTS.map(remove), ...PARTS.map(apply)], partOf, fate).map(({ does, part }) => `${does} ${part}`);

suite('the order of one unit’s writes', () => {
  test('exemptions and grants stand before the default deny, and nothing goes before all of it stands', () => {
    assert.deepEqual(order('enforced'), [
      'apply exemption',
      'apply grant',
      'apply deny',
      'prune grant',
      'prune exemption',
      'prune deny',
    ]);
  });
  test('of a service that is gone the grants go first, and its default deny after them', () => {
    assert.deepEqual(order('gone').slice(3), ['prune grant', 'prune deny', 'prune exemption']);
  });
  test('who opts out loses its default deny before its grants', () => {
    assert.deepEqual(order('leaving').slice(3), ['prune deny', 'prune grant', 'prune exemption']);
  });
  test('every step is in exactly one phase', () => {
    const steps = [...PARTS.map(remove), ...PARTS.map(apply)];
    const phases = orderSteps(steps, partOf, 'gone').flatMap((phase) => phase.steps);
    assert.deepEqual(new Set(phases), new Set(steps));
    assert.equal(phases.length, steps.length);
  });
});
