import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeeringParty } from '../../api/index.ts';
import { rulesOnWay } from './rules-on-way.ts';

const group = (name: NonNullable<PeeringParty['group']>): PeeringParty => ({ group: name });
const NAMESPACE: PeeringParty = { namespace: 'shop' };
const rules = (...pairs: readonly (readonly [PeeringParty | undefined, PeeringParty | undefined])[]) =>
  pairs.map(([source, destination]) => ({
    action: 'deny' as const,
    ...(source ? { source } : {}),
    ...(destination ? { destination } : {}),
  }));

test('every rule may be about what leaves a node or comes to it', () => {
  assert.deepEqual(
    rulesOnWay(rules([group('offloaded'), group('offloaded')], [undefined, undefined]), 'CrossNode'),
    [0, 1],
  );
  assert.deepEqual(rulesOnWay([], 'CrossNode'), []);
});

test('a rule that names the peered cluster is not about packets that stay in a node', () => {
  const some = rules(
    [group('remote-cluster'), group('offloaded')],
    [group('offloaded'), group('vc-remote')],
    [group('remote-cluster'), undefined],
    [undefined, group('remote-cluster')],
    [group('offloaded'), group('private-subnets')],
    [NAMESPACE, NAMESPACE],
    [undefined, undefined],
  );
  assert.deepEqual(rulesOnWay(some, 'SameNode'), [4, 5, 6]);
  assert.deepEqual(rulesOnWay(some, 'ToNode'), [4, 6]);
});

test('a rule to pods that have addresses of their own is not about the node, one to ranges may be', () => {
  const some = rules(
    [undefined, NAMESPACE],
    [undefined, group('offloaded')],
    [undefined, group('vc-local')],
    [undefined, group('local-cluster')],
    [group('vc-local'), group('private-subnets')],
  );
  assert.deepEqual(rulesOnWay(some, 'ToNode'), [3, 4]);
  assert.deepEqual(rulesOnWay(some, 'SameNode'), [0, 1, 2, 3, 4]);
});
