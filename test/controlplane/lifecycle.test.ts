import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import fc from 'fast-check';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { CONFIG_MAPS, configMap, listOf, recordOf, type Talk, talkTo, text } from './talk.ts';

suite('what belongs together ends together', () => {
  let plane: ControlPlane;
  let talk: Talk;
  const broken: unknown[] = [];

  before(async () => {
    plane = await startControlPlane({ report: (error) => broken.push(error) });
    talk = talkTo(plane);
  });
  after(async () => {
    await plane.close();
    assert.deepEqual(broken, []);
  });

  const make = async (name: string, owners: readonly string[]): Promise<string> => {
    const uids = new Map(
      listOf((await talk.must('GET', CONFIG_MAPS)).items).map((item) => [
        text(recordOf(item.metadata).name),
        text(recordOf(item.metadata).uid),
      ]),
    );
    const ownerReferences = owners.map((owner) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: owner,
      uid: uids.get(owner),
      blockOwnerDeletion: true,
    }));
    const made = await talk.must(
      'POST',
      CONFIG_MAPS,
      configMap(name, ownerReferences.length > 0 ? { ownerReferences } : {}),
    );
    return text(recordOf(made.metadata).uid);
  };
  const names = async (): Promise<readonly string[]> =>
    listOf((await talk.must('GET', CONFIG_MAPS)).items).map((item) => text(recordOf(item.metadata).name));

  test('in any forest of owners, exactly what has no living owner left goes', async () => {
    const shape = fc.record({
      parents: fc.array(fc.uniqueArray(fc.nat(6), { maxLength: 2 }), { minLength: 3, maxLength: 8 }),
      doomed: fc.uniqueArray(fc.nat(6), { maxLength: 3 }),
      policy: fc.constantFrom('Background', 'Foreground'),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ parents, doomed, policy }) => {
        await talk.must('DELETE', CONFIG_MAPS);
        await plane.settled();
        const owners = parents.map((wanted, index) => wanted.filter((parent) => parent < index));
        for (const [index, each] of owners.entries())
          await make(
            `n${index}`,
            each.map((parent) => `n${parent}`),
          );
        for (const index of doomed.filter((each) => each < owners.length)) {
          await talk.send('DELETE', `${CONFIG_MAPS}/n${index}?propagationPolicy=${policy}`);
        }
        await plane.settled();
        const alive = new Set<number>();
        for (const [index, each] of owners.entries()) {
          if (!doomed.includes(index) && (each.length === 0 || each.some((parent) => alive.has(parent))))
            alive.add(index);
        }
        assert.deepEqual(
          await names(),
          [...alive].map((index) => `n${index}`),
        );
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  const clear = async (): Promise<void> => {
    await talk.must('DELETE', CONFIG_MAPS);
    await plane.settled();
  };

  test('an object whose owner never was is collected', async () => {
    await clear();
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'ghost', uid: '00000000-0000-0000-0000-000000000001' },
    ];
    await talk.must('POST', CONFIG_MAPS, configMap('orphan', { ownerReferences }));
    await plane.settled();
    assert.deepEqual(await names(), []);
  });

  test('an owner of a kind that is not served here protects what it owns', async () => {
    await clear();
    const ownerReferences = [
      { apiVersion: 'else.where/v1', kind: 'Thing', name: 'ghost', uid: '00000000-0000-0000-0000-000000000001' },
    ];
    await talk.must('POST', CONFIG_MAPS, configMap('kept', { ownerReferences }));
    await plane.settled();
    assert.deepEqual(await names(), ['kept']);
    await talk.must('DELETE', CONFIG_MAPS);
  });

  test('a namespace stays until the last thing in it has gone', async () => {
    await talk.must('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'slow' } });
    const inside = '/api/v1/namespaces/slow/configmaps';
    await talk.must('POST', inside, configMap('held', { finalizers: ['example.com/hold'] }));
    await talk.must('POST', inside, configMap('free'));
    await talk.must('DELETE', '/api/v1/namespaces/slow');
    await plane.settled();
    assert.equal((await talk.send('GET', '/api/v1/namespaces/slow')).status, 200);
    assert.equal((await talk.send('GET', `${inside}/free`)).status, 404);
    await talk.must('PATCH', `${inside}/held`, { metadata: { finalizers: null } }, 'application/merge-patch+json');
    await plane.settled();
    assert.equal((await talk.send('GET', '/api/v1/namespaces/slow')).status, 404);
  });

  test('a namespace with ten thousand objects is emptied in one go', async () => {
    await talk.must('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'full' } });
    for (let count = 0; count < 10_000; count += 1) {
      await talk.must('POST', '/api/v1/namespaces/full/configmaps', configMap(`c${count}`));
    }
    await talk.must('DELETE', '/api/v1/namespaces/full');
    await plane.settled();
    assert.equal((await talk.send('GET', '/api/v1/namespaces/full')).status, 404);
    assert.deepEqual(listOf((await talk.must('GET', '/api/v1/configmaps')).items), []);
  });

  test('a thousand watches hear the same', async () => {
    const watches = await Promise.all(Array.from({ length: 1000 }, () => talk.watch(`${CONFIG_MAPS}?watch=true`)));
    for (let count = 0; count < 20; count += 1) await talk.must('POST', CONFIG_MAPS, configMap(`w${count}`));
    const first = watches[0]?.lines.join('');
    assert.equal(watches[0]?.lines.length, 20);
    assert.ok(watches.every((watch) => watch.lines.join('') === first));
    for (const watch of watches) watch.stop();
  });
});
