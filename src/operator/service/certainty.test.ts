import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCertainty } from './certainty.ts';

/** Answers are given by hand, in the order of the questions. */
function desk() {
  const questions: PromiseWithResolvers<boolean>[] = [];
  const certainty = openCertainty(() => {
    const question = Promise.withResolvers<boolean>();
    questions.push(question);
    return question.promise;
  });
  return { certainty, questions, asked: () => questions.length };
}

test('nobody is asked while nothing is gone', async () => {
  const { certainty, asked } = desk();
  assert.equal(await certainty.confirm(), true);
  assert.equal(asked(), 0);
});

test('one answer serves all who wait for it, and all that went before the question', async () => {
  const { certainty, questions, asked } = desk();
  certainty.doubt();
  certainty.doubt();
  const waiting = Promise.all([certainty.confirm(), certainty.confirm()]);
  questions[0]?.resolve(true);
  assert.deepEqual(await waiting, [true, true]);
  assert.equal(await certainty.confirm(), true);
  assert.equal(asked(), 1);
});

test('what goes after the question needs another one', async () => {
  const { certainty, questions, asked } = desk();
  certainty.doubt();
  const waiting = certainty.confirm();
  certainty.doubt();
  questions[0]?.resolve(true);
  await new Promise(setImmediate);
  assert.equal(asked(), 2);
  questions[1]?.resolve(false);
  assert.equal(await waiting, false);
});

test('a refusal and a failure are asked again the next time', async () => {
  const { certainty, questions } = desk();
  certainty.doubt();
  const refused = certainty.confirm();
  questions[0]?.resolve(false);
  assert.equal(await refused, false);
  const failed = certainty.confirm();
  questions[1]?.reject(new Error('no answer'));
  await assert.rejects(failed, /no answer/);
  const confirmed = certainty.confirm();
  questions[2]?.resolve(true);
  assert.equal(await confirmed, true);
});
