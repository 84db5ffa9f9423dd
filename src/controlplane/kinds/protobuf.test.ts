import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUILTIN_TYPES } from './builtin-types.ts';
import { decodeMessage, openEnvelope } from './protobuf.ts';

type Part = readonly [tag: number, value: string | number | Buffer];

/** Encodes fields as a Go client does. */
function message(...parts: readonly Part[]): Buffer {
  return Buffer.concat(
    parts.map(([tag, value]) => {
      if (typeof value === 'number') return Buffer.concat([varint(tag << 3), varint(value)]);
      const bytes = Buffer.from(value);
      return Buffer.concat([varint((tag << 3) | 2), varint(bytes.length), bytes]);
    }),
  );
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return Buffer.from([...bytes, rest]);
}

test('the envelope names the kind and holds the object', () => {
  const body = Buffer.concat([
    Buffer.from('k8s\0'),
    message([1, message([1, 'v1'], [2, 'ConfigMap'])], [2, message([1, message([1, 'a'])])]),
  ]);
  const { apiVersion, kind, raw } = openEnvelope(body);
  assert.deepEqual([apiVersion, kind], ['v1', 'ConfigMap']);
  assert.deepEqual(decodeMessage(raw, 'core.v1.ConfigMap', BUILTIN_TYPES), { metadata: { name: 'a' } });
  assert.throws(() => openEnvelope(Buffer.from('{}')), /not a Kubernetes protobuf/);
  assert.throws(() => openEnvelope(body.subarray(0, body.length - 3)), /truncated/);
});

test('maps, lists, times, quantities and int-or-strings are what they are in JSON', () => {
  const data = message([2, message([1, 'k'], [2, 'v'])], [3, message([1, 'b'], [2, 'x'])], [4, 1]);
  assert.deepEqual(decodeMessage(data, 'core.v1.ConfigMap', BUILTIN_TYPES), {
    binaryData: { b: 'eA==' },
    data: { k: 'v' },
    immutable: true,
  });
  const meta = message([8, message([1, 1_700_000_000])], [14, 'one'], [14, 'two']);
  assert.deepEqual(decodeMessage(meta, 'meta.v1.ObjectMeta', BUILTIN_TYPES), {
    creationTimestamp: '2023-11-14T22:13:20Z',
    finalizers: ['one', 'two'],
  });
  const port = message([1, 'http'], [3, 80], [4, message([1, 1], [3, 'web'])]);
  assert.deepEqual(decodeMessage(port, 'core.v1.ServicePort', BUILTIN_TYPES), {
    name: 'http',
    port: 80,
    targetPort: 'web',
  });
  const limits = message([1, message([1, 'cpu'], [2, message([1, '250m'])])]);
  assert.deepEqual(decodeMessage(limits, 'core.v1.ResourceRequirements', BUILTIN_TYPES), { limits: { cpu: '250m' } });
});

test('what the server embeds is flat in JSON, and a source without settings stays', () => {
  const volume = message([1, 'v'], [2, message([2, Buffer.alloc(0)])]);
  assert.deepEqual(decodeMessage(volume, 'core.v1.Volume', BUILTIN_TYPES), { name: 'v', emptyDir: {} });
});

test('zero is kept where it means something and dropped where it means nothing', () => {
  const spec = message([1, 0], [7, 0]);
  assert.deepEqual(decodeMessage(spec, 'apps.v1.DeploymentSpec', BUILTIN_TYPES), { replicas: 0 });
});
