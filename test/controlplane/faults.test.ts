import assert from 'node:assert/strict';
import { after, beforeEach, suite, test } from 'node:test';
import { Agent, request } from 'undici';
import { type ControlPlane, type Fault, startControlPlane } from '../../src/controlplane/index.ts';
import { CONFIG_MAPS, configMap, type Talk, talkTo } from './talk.ts';

suite('a fault on demand', () => {
  const planes: ControlPlane[] = [];
  let plane: ControlPlane;
  let talk: Talk;

  beforeEach(async () => {
    plane = await startControlPlane();
    planes.push(plane);
    talk = talkTo(plane);
  });
  after(() => Promise.all(planes.map((each) => each.close())));

  test('answers with the error that was asked for, as often as asked, and only where it matches', async () => {
    const cases: readonly (readonly [Fault, number])[] = [
      [{ kind: 'busy', retryAfterSeconds: 3 }, 429],
      [{ kind: 'error' }, 500],
      [{ kind: 'expired' }, 410],
      [{ kind: 'conflict' }, 409],
    ];
    for (const [fault, status] of cases) {
      plane.faults.inject(fault, { method: 'GET', plural: 'configmaps' }, 2);
      const statuses = [];
      for (const url of ['/api/v1/namespaces', CONFIG_MAPS, CONFIG_MAPS, CONFIG_MAPS]) {
        statuses.push((await talk.send('GET', url)).status);
      }
      assert.deepEqual(statuses, [200, status, status, 200]);
    }
  });

  test('says when to come back', async () => {
    plane.faults.inject({ kind: 'busy', retryAfterSeconds: 3 });
    const response = await plane.inject({ method: 'GET', url: CONFIG_MAPS });
    assert.equal(response.headers['retry-after'], '3');
  });

  test('can lose the answer to a write that happened, or the write itself', async () => {
    plane.faults.inject({ kind: 'reset', after: 'write' }, { method: 'POST' });
    await talk.send('POST', CONFIG_MAPS, configMap('written'));
    plane.faults.inject({ kind: 'reset' }, { method: 'POST' });
    await talk.send('POST', CONFIG_MAPS, configMap('lost'));
    assert.equal((await talk.send('GET', `${CONFIG_MAPS}/written`)).status, 200);
    assert.equal((await talk.send('GET', `${CONFIG_MAPS}/lost`)).status, 404);
  });

  test('on a watch stays within what the contract allows', async () => {
    const after = async (
      fault: Fault,
    ): Promise<{ readonly events: readonly string[]; readonly ended: string; readonly last: string }> => {
      plane.faults.inject(fault, { watch: true });
      const { metadata } = await talk.must('GET', CONFIG_MAPS);
      const version = JSON.stringify(metadata).replaceAll(/\D/g, '');
      const watch = await talk.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${version}`);
      for (const name of ['a', 'b', 'c']) await talk.must('POST', CONFIG_MAPS, configMap(name));
      for (const name of ['a', 'b', 'c']) await talk.must('DELETE', `${CONFIG_MAPS}/${name}`);
      watch.stop();
      return {
        events: watch.events().map((event) => event.replace(/@.*/, '')),
        ended: watch.ended(),
        last: watch.lines.at(-1) ?? '',
      };
    };
    const deleted = ['DELETED a', 'DELETED b', 'DELETED c'];
    assert.deepEqual((await after({ kind: 'duplicate' })).events, [
      'ADDED a',
      'ADDED a',
      'ADDED b',
      'ADDED c',
      ...deleted,
    ]);
    assert.deepEqual((await after({ kind: 'reorder' })).events, ['ADDED b', 'ADDED a', 'ADDED c', ...deleted]);
    assert.deepEqual((await after({ kind: 'freeze' })).events, []);
    const truncated = await after({ kind: 'truncate' });
    assert.equal(truncated.ended, 'reset');
    assert.throws(() => JSON.parse(truncated.last));
  });

  test('never swaps two events of one object', async () => {
    plane.faults.inject({ kind: 'reorder' }, { watch: true });
    const watch = await talk.watch(`${CONFIG_MAPS}?watch=true`);
    await talk.must('POST', CONFIG_MAPS, configMap('a'));
    await talk.must('DELETE', `${CONFIG_MAPS}/a`);
    assert.deepEqual(
      watch.events().map((event) => event.replace(/@.*/, '')),
      ['ADDED a', 'DELETED a'],
    );
  });

  test('breaks a real connection', async () => {
    const agent = new Agent({ connect: { ca: plane.ca } });
    const headers = { authorization: `Bearer ${plane.token}` };
    const get = (headersTimeout?: number) =>
      request(`${plane.url}${CONFIG_MAPS}`, { dispatcher: agent, headers, headersTimeout: headersTimeout ?? null });
    plane.faults.inject({ kind: 'reset' });
    await assert.rejects(get(), { name: /Error/ });
    plane.faults.inject({ kind: 'freeze' });
    await assert.rejects(get(300), { code: 'UND_ERR_HEADERS_TIMEOUT' });
    plane.faults.inject({ kind: 'delay', millis: 30 });
    const started = performance.now();
    const response = await get();
    assert.equal(response.statusCode, 200);
    assert.ok(performance.now() - started >= 29);
    await response.body.dump();
    await agent.destroy();
  });
});
