import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { createTypes } from '../kinds/type-notation.ts';
import { BUILTIN_TYPES } from '../kinds/builtin-types.ts';
import { jsonPatch } from './json-patch.ts';
import { mergePatch } from './merge-patch.ts';
import { strategicMerge } from './strategic-merge.ts';

suite('JSON patch', () => {
  const object = { a: { b: [1, 2] }, 'x/y': 1 };

  test('each operation does what its name says', () => {
    assert.deepEqual(jsonPatch(object, [{ op: 'add', path: '/a/b/1', value: 9 }]), { a: { b: [1, 9, 2] }, 'x/y': 1 });
    assert.deepEqual(jsonPatch(object, [{ op: 'add', path: '/a/b/-', value: 9 }]), { a: { b: [1, 2, 9] }, 'x/y': 1 });
    assert.deepEqual(jsonPatch(object, [{ op: 'replace', path: '/x~1y', value: 2 }]), { a: { b: [1, 2] }, 'x/y': 2 });
    assert.deepEqual(jsonPatch(object, [{ op: 'remove', path: '/a/b/0' }]), { a: { b: [2] }, 'x/y': 1 });
    assert.deepEqual(jsonPatch(object, [{ op: 'move', from: '/x~1y', path: '/a/c' }]), { a: { b: [1, 2], c: 1 } });
    assert.deepEqual(jsonPatch(object, [{ op: 'copy', from: '/a/b', path: '/c' }]), { ...object, c: [1, 2] });
    assert.deepEqual(jsonPatch(object, [{ op: 'replace', path: '', value: { b: 5 } }]), { b: 5 });
    assert.deepEqual(jsonPatch(object, [{ op: 'replace', path: '/c', value: 3 }]), { ...object, c: 3 });
    assert.deepEqual(jsonPatch(object, [{ op: 'copy', from: '/nope', path: '/c' }]), { ...object, c: null });
    assert.deepEqual(jsonPatch(object, [{ op: 'test', path: '/a/b', value: [1, 2] }]), object);
  });

  test('what does not fit is refused, and changes nothing', () => {
    for (const operation of [
      { op: 'test', path: '/a/b/0', value: 5 },
      { op: 'remove', path: '/nope' },
      { op: 'replace', path: '/nope/deep', value: 1 },
      { op: 'replace', path: '/a/b/9', value: 1 },
      { op: 'test', path: '/nope/deep', value: null },
      { op: 'copy', from: '/nope/deep', path: '/c' },
      { op: 'add', path: '/a/b/7', value: 1 },
      { op: 'add', path: '/nope/deep', value: 1 },
      { op: 'twist', path: '/a' },
      { op: 'add', path: 'a', value: 1 },
    ]) {
      assert.throws(() => jsonPatch(object, [operation]), { name: 'ApiError' }, JSON.stringify(operation));
    }
    assert.deepEqual(object, { a: { b: [1, 2] }, 'x/y': 1 });
  });
});

test('merge patch: null removes, objects merge, all else replaces', () => {
  assert.deepEqual(mergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: 3 }, d: [2] }), {
    a: { c: 2, e: 3 },
    d: [2],
  });
  assert.deepEqual(mergePatch(undefined, { a: { b: null, c: 1 } }), { a: { c: 1 } });
});

suite('strategic merge patch', () => {
  const pod = createTypes(BUILTIN_TYPES)('core.v1.PodSpec');
  const spec = {
    containers: [
      { name: 'a', image: 'a:1', args: ['x'] },
      { name: 'b', image: 'b:1' },
    ],
    nodeSelector: { disk: 'ssd' },
  };

  test('containers merge by name, and lists without a key are replaced', () => {
    const patched = strategicMerge(
      spec,
      { containers: [{ name: 'a', image: 'a:2', args: ['y'] }, { name: 'c' }] },
      pod,
    );
    assert.deepEqual(patched, {
      containers: [{ name: 'a', image: 'a:2', args: ['y'] }, { name: 'b', image: 'b:1' }, { name: 'c' }],
      nodeSelector: { disk: 'ssd' },
    });
  });

  test('an item is deleted, a list replaced, and an order kept by directive', () => {
    assert.deepEqual(strategicMerge(spec, { containers: [{ name: 'a', $patch: 'delete' }] }, pod), {
      containers: [{ name: 'b', image: 'b:1' }],
      nodeSelector: { disk: 'ssd' },
    });
    assert.deepEqual(strategicMerge(spec, { containers: [{ name: 'z' }, { $patch: 'replace' }] }, pod), {
      containers: [{ name: 'z' }],
      nodeSelector: { disk: 'ssd' },
    });
    const ordered = strategicMerge(spec, { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] }, pod);
    assert.deepEqual(ordered, { ...spec, containers: spec.containers.toReversed() });
  });

  test('volumes keep only the source that the patch names', () => {
    const volumes = [{ name: 'v', emptyDir: {} }];
    const patch = { volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } }] };
    assert.deepEqual(strategicMerge({ volumes }, patch, pod), { volumes: [{ name: 'v', configMap: { name: 'c' } }] });
  });

  test('an item without its key is refused', () => {
    assert.throws(() => strategicMerge(spec, { containers: [{ image: 'x' }] }, pod), /merge key: name/);
  });
});
