// That the recorded answers, by which the embedded control plane is judged, are what a server says today.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { startControlPlane } from '../../../src/controlplane/index.ts';
import { converse } from '../../controlplane/conversation.ts';
import { CONVERSATIONS } from '../../controlplane/conversations/index.ts';
import { differences, forget, prepare } from '../../controlplane/random/compare.ts';
import { randomConversation } from '../../controlplane/random/conversation.ts';
import { sendInside, sendTo } from '../../controlplane/send.ts';
import { listOf, recordOf, text } from '../../controlplane/talk.ts';
import { type Context, forever } from './context.ts';

const FILE = join(import.meta.dirname, '../../controlplane/answers.json');
/** The answers were recorded with this version; another one may word them differently. */
const RECORDED = '1.36';
/** Random conversations, seeds from 1 on: a fixed stretch. Others are hunted in with test/controlplane/random/main.ts. */
const RANDOM = 60;

export function answersSuite(contextOf: () => Context): void {
  suite('the recorded answers are what the server says', () => {
    const recorded = recordOf(JSON.parse(readFileSync(FILE, 'utf8')));
    let asked: ReturnType<typeof sendTo> | undefined;
    let lacking: string | undefined;
    before(async () => {
      const { access } = contextOf().cluster;
      const { major, minor } = recordOf(await contextOf().client.raw('/version', { signal: forever() }));
      const version = `${text(major)}.${text(minor)}`;
      if (version !== RECORDED) lacking = `recorded with ${RECORDED}, and this is ${version}`;
      else if (access.bearer.kind !== 'token') lacking = 'the conversations are held with a token, and there is none';
      else asked = sendTo(access.server, access.bearer.token, undefined);
    });
    after(() => asked?.close());

    for (const conversation of CONVERSATIONS) {
      test(conversation.title, async (t) => {
        if (!asked) {
          t.skip(lacking);
          return;
        }
        const answers = await converse(conversation, asked.send);
        const expected = listOf(recorded[conversation.title]);
        assert.deepEqual(answers.map(recordOf).map(withoutRace), expected.map(withoutRace));
      });
    }

    test('and random conversations go as with the embedded control plane', async (t) => {
      if (!asked || contextOf().cluster.power === undefined) {
        t.skip(lacking ?? 'random objects are not for a cluster that someone uses');
        return;
      }
      const embedded = await startControlPlane();
      try {
        await prepare([sendInside(embedded), asked.send]);
        for (let seed = 1; seed <= RANDOM; seed++) {
          const conversation = randomConversation(seed, { steps: 30, wrong: 0 });
          const found = await differences(conversation, sendInside(embedded), asked.send);
          assert.deepEqual(found, [], conversation.title);
        }
      } finally {
        await forget(asked.send);
        await embedded.close();
      }
    });
  });
}

/** The step that follows the deletion of a namespace at once: its controller may have come by, or not yet. */
function withoutRace(answer: ReturnType<typeof recordOf>): object {
  if (answer.say !== 'let go') return answer;
  const body = recordOf(answer.body);
  const { deletionTimestamp: _time, deletionGracePeriodSeconds: _grace, ...metadata } = recordOf(body.metadata);
  return { ...answer, body: { ...body, metadata } };
}
