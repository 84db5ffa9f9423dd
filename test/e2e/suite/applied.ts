// The runtime in peace: what is desired comes about, and only that.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { Context } from './context.ts';
import { openScene, type Scene } from './scene.ts';

export function appliedSuite(contextOf: () => Context): void {
  suite('what is desired is applied', () => {
    let scene: Scene;
    before(async () => {
      const { access } = contextOf().cluster;
      scene = await openScene(contextOf(), { watch: access, write: access }, 'lattice-e2e-applied');
      await scene.meddle('foreign', 'mine');
      scene.desire('red', ['a', 'b', 'c']);
      scene.desire('blue', ['a']);
      await scene.agreed();
    });
    after(() => scene.end());

    test('it is created', async () => {
      const { 'red-0': first, 'red-2': last, 'blue-0': other } = await scene.stored();
      assert.deepEqual([first, last, other], ['a', 'c', 'a']);
    });

    test('what someone edits or deletes is put back', async () => {
      await scene.meddle('red-0', 'edited');
      await scene.meddle('red-1', undefined);
      await scene.agreed();
      const { 'red-0': first, 'red-1': second } = await scene.stored();
      assert.deepEqual([first, second], ['a', 'b']);
    });

    test('what changes is updated, what is no longer desired goes, and nothing else does', async () => {
      scene.desire('red', ['changed', 'b']);
      await scene.agreed();
      const { 'red-0': first, 'red-2': last, 'blue-0': other, foreign } = await scene.stored();
      assert.deepEqual([first, last, other, foreign], ['changed', undefined, 'a', 'mine']);
    });

    test('what is as it shall be is not written again', async () => {
      const versions = await scene.versions();
      await scene.lookAgain();
      await scene.agreed();
      assert.deepEqual(await scene.versions(), versions);
    });

    test('an object of someone else is not taken over', async () => {
      await scene.meddle('green-0', 'mine');
      scene.desire('green', ['ours']);
      await scene.lookAgain();
      assert.equal((await scene.stored())['green-0'], 'mine');
      scene.desire('green', []);
      await scene.agreed();
      assert.equal((await scene.stored())['green-0'], 'mine');
    });
  });
}
