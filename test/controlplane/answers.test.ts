// The same conversations with the embedded control plane and with a real kube-apiserver, whose answers are in
// answers.json. To record them again: LATTICE_REAL_URL=https://... LATTICE_REAL_TOKEN=... node --test this file.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { type Answer, converse } from './conversation.ts';
import { CONVERSATIONS } from './conversations/index.ts';
import { sendInside, sendTo } from './send.ts';

const FILE = join(import.meta.dirname, 'answers.json');
const { LATTICE_REAL_URL: url, LATTICE_REAL_TOKEN: token } = process.env;

suite('a conversation goes as with the real kube-apiserver 1.36', () => {
  let plane: ControlPlane;
  let recorded: Readonly<Record<string, readonly Answer[]>> = {};

  before(async () => {
    plane = await startControlPlane();
    recorded = url === undefined ? readAnswers() : await record(url, token ?? '');
  });
  after(() => plane.close());

  for (const conversation of CONVERSATIONS) {
    test(conversation.title, async () => {
      const expected = recorded[conversation.title];
      const answers = await converse(conversation, sendInside(plane));
      assert.equal(answers.length, expected?.length, 'the conversation has changed: record the answers again');
      for (const [index, answer] of answers.entries()) assert.deepEqual(answer, expected?.[index]);
    });
  }
});

function readAnswers(): Readonly<Record<string, readonly Answer[]>> {
  const value: unknown = JSON.parse(readFileSync(FILE, 'utf8'));
  return isAnswers(value) ? value : {};
}

const isAnswers = (value: unknown): value is Readonly<Record<string, readonly Answer[]>> =>
  typeof value === 'object' && value !== null && Object.values(value).every(Array.isArray);

async function record(address: string, bearer: string): Promise<Readonly<Record<string, readonly Answer[]>>> {
  const real = sendTo(address, bearer, undefined);
  const answers: Record<string, readonly Answer[]> = {};
  for (const conversation of CONVERSATIONS) answers[conversation.title] = await converse(conversation, real.send);
  await real.close();
  writeFileSync(FILE, `${JSON.stringify(answers, undefined, 1)}\n`);
  return answers;
}
