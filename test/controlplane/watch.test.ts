import assert from 'node:assert/strict';
import { after, beforeEach, suite, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { CONFIG_MAPS, configMap, handClock, listOf, recordOf, type Talk, talkTo, text, versionOf } from './talk.ts';

suite('a watch', () => {
  const planes: ControlPlane[] = [];
  let plane: ControlPlane;
  let talk: Talk;
  let clock: ReturnType<typeof handClock>;

  beforeEach(async () => {
    clock = handClock();
    plane = await startControlPlane({ clock, remembered: 5, bookmarkEveryMillis: 10_000 });
    planes.push(plane);
    talk = talkTo(plane);
  });
  after(() => Promise.all(planes.map((each) => each.close())));

  const kinds = (events: readonly string[]): readonly string[] => events.map((event) => event.replace(/@.*/, ''));

  test('tells what is, and then what happens', async () => {
    await talk.must('POST', CONFIG_MAPS, configMap('a'));
    const watch = await talk.watch(`${CONFIG_MAPS}?watch=true`);
    await talk.must('POST', CONFIG_MAPS, configMap('b'));
    await talk.must('PATCH', `${CONFIG_MAPS}/a`, { data: { x: '1' } }, 'application/merge-patch+json');
    await talk.must('DELETE', `${CONFIG_MAPS}/a`);
    watch.stop();
    await talk.must('POST', CONFIG_MAPS, configMap('c'));
    assert.deepEqual(kinds(watch.events()), ['ADDED a', 'ADDED b', 'MODIFIED a', 'DELETED a']);
  });

  test('goes on where another ended, and every event has a higher version than the last', async () => {
    const { metadata } = await talk.must('GET', CONFIG_MAPS);
    await talk.must('POST', CONFIG_MAPS, configMap('a'));
    await talk.must('POST', CONFIG_MAPS, configMap('b'));
    const watch = await talk.watch(
      `${CONFIG_MAPS}?watch=true&resourceVersion=${text(recordOf(metadata).resourceVersion)}`,
    );
    await talk.must('DELETE', `${CONFIG_MAPS}/a`);
    assert.deepEqual(kinds(watch.events()), ['ADDED a', 'ADDED b', 'DELETED a']);
    const versions = watch.events().map((event) => Number(event.split('@')[1]));
    assert.deepEqual(
      versions,
      [...versions].sort((left, right) => left - right),
    );
    assert.equal(new Set(versions).size, 3);
  });

  test('hears nothing of a write that changes nothing', async () => {
    const made = await talk.must('POST', CONFIG_MAPS, configMap('a', { labels: { x: 'y' } }));
    const watch = await talk.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${versionOf(made)}`);
    clock.advance(5_000);
    const again = await talk.must(
      'PATCH',
      `${CONFIG_MAPS}/a`,
      { metadata: { labels: { x: 'y' } } },
      'application/merge-patch+json',
    );
    await talk.must('PUT', `${CONFIG_MAPS}/a`, configMap('a', { labels: { x: 'y' } }));
    await talk.must('DELETE', `${CONFIG_MAPS}/a?dryRun=All`);
    assert.equal(versionOf(again), versionOf(made));
    assert.deepEqual(watch.events(), []);
  });

  test('that starts in the future waits for it', async () => {
    const made = await talk.must('POST', CONFIG_MAPS, configMap('a'));
    const watch = await talk.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${Number(versionOf(made)) + 1}`);
    for (const name of ['b', 'c']) await talk.must('POST', CONFIG_MAPS, configMap(name));
    assert.deepEqual(kinds(watch.events()), ['ADDED c']);
  });

  test('that wants what is forgotten is told 410 in the stream', async () => {
    const first = await talk.must('POST', CONFIG_MAPS, configMap('a'));
    for (let count = 0; count < 8; count += 1) {
      await talk.must('PATCH', `${CONFIG_MAPS}/a`, { data: { x: String(count) } }, 'application/merge-patch+json');
    }
    for (const forget of [() => undefined, plane.compact]) {
      forget();
      const watch = await talk.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${versionOf(first)}`);
      const event = recordOf(JSON.parse(watch.lines[0] ?? '{}'));
      assert.equal(event.type, 'ERROR');
      assert.equal(recordOf(event.object).code, 410);
      assert.equal(watch.ended(), 'ended');
    }
  });

  test('sees objects enter and leave its selector as added and deleted', async () => {
    const watch = await talk.watch(`${CONFIG_MAPS}?watch=true&labelSelector=in%3Dyes`);
    await talk.must('POST', CONFIG_MAPS, configMap('a'));
    const label = (value: string | null): Promise<unknown> =>
      talk.must('PATCH', `${CONFIG_MAPS}/a`, { metadata: { labels: { in: value } } }, 'application/merge-patch+json');
    await label('yes');
    await talk.must('PATCH', `${CONFIG_MAPS}/a`, { data: { x: '1' } }, 'application/merge-patch+json');
    await label('no');
    await label('yes');
    await talk.must('DELETE', `${CONFIG_MAPS}/a`);
    assert.deepEqual(kinds(watch.events()), ['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a', 'DELETED a']);
  });

  test('that streams its list says where the list ends', async () => {
    await talk.must('POST', CONFIG_MAPS, configMap('a'));
    const watch = await talk.watch(
      `${CONFIG_MAPS}?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    const end = recordOf(JSON.parse(watch.lines[1] ?? '{}'));
    assert.deepEqual(kinds(watch.events()), ['ADDED a', 'BOOKMARK ']);
    assert.equal(recordOf(recordOf(recordOf(end.object).metadata).annotations)['k8s.io/initial-events-end'], 'true');
  });

  test('gets bookmarks only if it asked, and ends at its time', async () => {
    const asked = await talk.watch(`${CONFIG_MAPS}?watch=true&allowWatchBookmarks=true&timeoutSeconds=25`);
    const silent = await talk.watch(`${CONFIG_MAPS}?watch=true&timeoutSeconds=25`);
    clock.advance(24_000);
    assert.deepEqual(kinds(asked.events()), ['BOOKMARK ', 'BOOKMARK ']);
    assert.equal(asked.ended(), 'open');
    clock.advance(2_000);
    assert.deepEqual([asked.ended(), silent.ended()], ['ended', 'ended']);
    assert.deepEqual(silent.events(), []);
  });

  test('of a table sends the headings once', async () => {
    await talk.must('POST', CONFIG_MAPS, configMap('a'));
    const response = await plane.inject({
      method: 'GET',
      url: `${CONFIG_MAPS}?watch=true`,
      headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' },
    });
    const lines: string[] = [];
    const sink = { write: (chunk: string) => void lines.push(chunk), end: () => undefined, reset: () => undefined };
    if (response.body.kind === 'stream') response.body.open(sink);
    await talk.must('POST', CONFIG_MAPS, configMap('b'));
    const headings = lines.map((line) => recordOf(recordOf(JSON.parse(line)).object).columnDefinitions);
    assert.equal(listOf(headings[0]).length, 3);
    assert.equal(headings[1], null);
  });

  test('pages of a list are pages of one state, until that state is forgotten', async () => {
    for (const name of ['a', 'b', 'c']) await talk.must('POST', CONFIG_MAPS, configMap(name));
    const names = (list: Readonly<Record<string, unknown>>): readonly unknown[] =>
      listOf(list.items).map((item) => recordOf(item.metadata).name);
    const first = await talk.must('GET', `${CONFIG_MAPS}?limit=2`);
    assert.deepEqual(names(first), ['a', 'b']);
    assert.equal(recordOf(first.metadata).remainingItemCount, 1);
    await talk.must('DELETE', `${CONFIG_MAPS}/c`);
    await talk.must('POST', CONFIG_MAPS, configMap('bb'));
    const next = `${CONFIG_MAPS}?limit=2&continue=${text(recordOf(first.metadata).continue)}`;
    const second = await talk.must('GET', next);
    assert.deepEqual(names(second), ['c']);
    assert.equal(versionOf(second), versionOf(first));
    const exact = `${CONFIG_MAPS}?resourceVersion=${versionOf(first)}&resourceVersionMatch=Exact`;
    assert.deepEqual(names(await talk.must('GET', exact)), ['a', 'b', 'c']);
    plane.compact();
    assert.equal((await talk.send('GET', next)).status, 410);
    assert.equal((await talk.send('GET', exact)).status, 410);
    assert.equal((await talk.send('GET', `${CONFIG_MAPS}?resourceVersion=999999`)).status, 504);
  });
});
