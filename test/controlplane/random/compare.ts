import { isDeepStrictEqual } from 'node:util';
import { type Answer, type Conversation, converse, type Send, type Step } from '../conversation.ts';
import { install as steps, uninstall } from '../conversations/vocabulary.ts';

export interface Difference {
  readonly step: Step;
  readonly ours: Answer;
  readonly theirs: Answer | undefined;
}

const install: Conversation = {
  title: 'widgets are defined',
  steps: [...steps, { say: 'documented', path: '/openapi/v3/apis/talk.lattice.dev/v1', until: 200 }],
};

/** Defines what random conversations are about. */
export async function prepare(servers: readonly Send[]): Promise<void> {
  await Promise.all(servers.map((send) => converse(install, send)));
}

/** Takes the definition away again, and with it what is left. */
export async function forget(send: Send): Promise<void> {
  await converse({ title: 'widgets are no more', steps: uninstall }, send);
}

/** Holds the conversation with both. The answers that differ, in order. */
export async function differences(
  conversation: Conversation,
  ours: Send,
  theirs: Send,
): Promise<readonly Difference[]> {
  const [mine, other] = await Promise.all([converse(conversation, ours), converse(conversation, theirs)]);
  return mine.flatMap((answer, index) => {
    const step = conversation.steps[index];
    const same = step === undefined || isDeepStrictEqual(answer, other[index]);
    return same ? [] : [{ step, ours: answer, theirs: other[index] }];
  });
}
