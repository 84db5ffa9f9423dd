import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { KubeError, type Meaning, type Result, type Step, untyped } from '../../kube/index.ts';
import type { Part } from '../../policy/index.ts';
import type { Fate } from './order-steps.ts';
import type { Outputs } from './outputs.ts';
import { type Settled, settleUnit } from './settle-unit.ts';
import { openTurns, type Turns } from './turns.ts';

const KIND = untyped({ group: 'cilium.io', version: 'v2', kind: 'Policy', plural: 'policies', namespaced: true });
const UNIT = { kind: 'service', namespace: 'shop', name: 'cart' } as const;
const observed = { uid: 'u', version: '1', owner: 'cart', owned: 'x', deleting: false };
const partOf = (id: string): Part => (id.includes('deny') ? 'deny' : id.includes('probe') ? 'exemption' : 'grant');

const apply = (id: string): Step => ({
  kind: 'create',
  id,
  owner: 'cart',
  digest: '',
  desired: { kind: KIND, object: { apiVersion: 'cilium.io/v2', kind: 'Policy', metadata: { name: id } } },
});
const prune = (id: string): Step => ({ kind: 'delete', id, of: KIND, key: id, observed });

interface Case {
  readonly steps: readonly Step[];
  readonly fate?: Fate;
  /** What fails, and how. */
  readonly fails?: Readonly<Record<string, Meaning>>;
  readonly failures?: number;
  readonly served?: boolean;
  readonly gone?: boolean;
  readonly peers?: readonly string[];
  readonly turns?: Turns;
}

/** What is written, in order, and how it ends. */
async function settle(given: Case): Promise<{ readonly done: readonly string[]; readonly settled: Settled }> {
  const done: string[] = [];
  const outputs: Outputs = {
    synced: Promise.resolve(),
    ready: () => given.served ?? true,
    missing: () => [],
    rejections: () => [],
    kindOf: () => KIND,
    applier: {
      see: () => undefined,
      reread: () => undefined,
      settle: () => Promise.reject(new Error('not used')),
      plan: () => given.steps,
      perform(step): Promise<Result> {
        const meaning = given.fails?.[step.id];
        if (meaning !== undefined) return Promise.reject(new KubeError(meaning, 'no'));
        done.push(step.id);
        return Promise.resolve({ id: step.id, did: step.kind === 'delete' ? 'deleted' : 'created' });
      },
    },
  };
  const settled = await settleUnit(
    {
      owner: 'cart',
      unit: UNIT,
      drafts: [],
      fate: given.fate ?? 'enforced',
      namespaceOwner: 'shop',
      peers: given.peers ?? [],
    },
    {
      outputs,
      turns: given.turns ?? openTurns(),
      partOf,
      confirmGone: () => Promise.resolve(given.gone ?? true),
      failures: () => given.failures ?? 0,
    },
    new AbortController().signal,
  );
  return { done, settled };
}

suite('writing one unit', () => {
  test('a grant that fails for now holds back the default deny and everything that would go', async () => {
    const steps = [apply('grant'), apply('deny'), prune('old-grant')];
    const { done, settled } = await settle({ steps, fails: { grant: 'unavailable' } });
    assert.deepEqual(done, []);
    assert.equal(settled.failed.length, 1);
  });
  test('a grant that is refused for good does not: what is not agreed is closed all the same', async () => {
    const steps = [apply('grant'), apply('deny'), prune('old-grant')];
    const { done } = await settle({ steps, fails: { grant: 'invalid' } });
    assert.deepEqual(done, ['deny', 'old-grant']);
  });
  test('nor does one that fails for now, again and again', async () => {
    const { done } = await settle({ steps: [apply('grant'), apply('deny')], fails: { grant: 'timeout' }, failures: 5 });
    assert.deepEqual(done, ['deny']);
  });
  test('one failure keeps no other write of its phase from being done', async () => {
    const { done } = await settle({ steps: [apply('grant-a'), apply('grant-b')], fails: { 'grant-a': 'unavailable' } });
    assert.deepEqual(done, ['grant-b']);
  });
  test('a default deny is not taken away while something else could not be written', async () => {
    const { done } = await settle({ steps: [apply('grant'), prune('old-deny')], fails: { grant: 'invalid' } });
    assert.deepEqual(done, []);
  });
  test('a service that is gone keeps its default deny until its peers have closed their ends', async () => {
    const turns = openTurns();
    turns.expect('peer', { ...UNIT, name: 'peer' });
    const given = { steps: [prune('grant'), prune('deny')], fate: 'gone', peers: ['peer'], turns } as const;
    const first = await settle(given);
    assert.deepEqual([first.done, first.settled.waits], [['grant'], true]);
    turns.revoked('peer', turns.begin('peer'));
    assert.deepEqual((await settle(given)).done, ['grant', 'deny']);
  });
  test('nothing of a service goes when it is not sure that it was revoked', async () => {
    const { done, settled } = await settle({ steps: [prune('grant'), prune('deny')], fate: 'gone', gone: false });
    assert.deepEqual([done, settled.waits], [[], true]);
  });
  test('objects of a kind that is not served are neither written nor deleted', async () => {
    const { done } = await settle({ steps: [apply('grant'), prune('old')], served: false });
    assert.deepEqual(done, []);
  });
});
