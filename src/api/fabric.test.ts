import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FABRIC_API_VERSION, fabricMemberSlice, fabricNodeStatus, fabricProgram } from './fabric.ts';
import { parseAs } from './parse.ts';

const program = (spec: object) => ({
  apiVersion: FABRIC_API_VERSION,
  kind: 'FabricProgram',
  metadata: { name: 'liqo-tenant-rome.rome' },
  spec: { peering: 'liqo-tenant-rome/rome', generation: 3, disarmed: false, rules: [], sets: [], ...spec },
});
const slice = (addresses: readonly string[]) => ({
  apiVersion: FABRIC_API_VERSION,
  kind: 'FabricMemberSlice',
  metadata: { name: 'liqo-tenant-rome.rome-offloaded-0' },
  spec: { program: 'liqo-tenant-rome.rome', set: 'offloaded', index: 0, generation: 3, addresses },
});
const issuesOf = (raw: Readonly<Record<string, unknown>>) => {
  const parsed = parseAs(fabricProgram, raw);
  return parsed.ok ? [] : parsed.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test('a program names its peering, its rules in order, and how many slices hold each set', () => {
  const written = program({
    sets: [{ name: 'offloaded', slices: 2, generation: 1 }],
    rules: [
      {
        name: 'a',
        source: { cidrs: ['10.61.0.0/16', 'fd00::/64'] },
        destination: { set: 'offloaded' },
        action: 'allow',
      },
      { name: 'b', action: 'deny', protocol: 'TCP', ports: [{ port: 80 }, { port: 8000, endPort: 8080 }] },
    ],
  });
  assert.deepEqual(parseAs(fabricProgram, written), { ok: true, value: written });
});

test('a program that could mean more than it says is refused, with the place', () => {
  assert.deepEqual(issuesOf(program({ rules: [{ name: 'a', source: { set: 'gone' }, action: 'allow' }] })), [
    'spec.rules.0.source.set: no set of this program is named "gone"',
  ]);
  assert.deepEqual(issuesOf(program({ rules: [{ name: 'a', action: 'allow', ports: [{ port: 80 }] }] })), [
    'spec.rules.0.protocol: ports ask for a protocol',
  ]);
  assert.ok(issuesOf(program({ rules: [{ name: 'a', source: {}, action: 'allow' }] })).length > 0);
  assert.equal(issuesOf(program({ rules: [{ name: 'a' }] })).length, 1);
  assert.equal(issuesOf(program({ rules: [{ name: 'a" drop', action: 'allow' }] })).length, 1);
  assert.equal(issuesOf(program({ sets: ['a', 'a'].map((name) => ({ name, slices: 0 })) })).length, 1);
  assert.equal(
    issuesOf(program({ rules: [{ name: 'a', action: 'deny', protocol: 'TCP', ports: [{ port: 9, endPort: 8 }] }] }))
      .length,
    1,
  );
});

test('a slice holds at most 100 addresses or prefixes of either family', () => {
  const addresses = Array.from({ length: 100 }, (_, index) => `10.0.0.${index}`);
  assert.ok(parseAs(fabricMemberSlice, slice(addresses)).ok);
  assert.ok(parseAs(fabricMemberSlice, slice(['fd00::1', '10.0.0.0/8'])).ok);
  assert.ok(!parseAs(fabricMemberSlice, slice([...addresses, '10.0.1.1'])).ok);
  assert.ok(!parseAs(fabricMemberSlice, slice(['ten'])).ok);
});

test('a node without a report yet is a valid object', () => {
  const raw = { apiVersion: FABRIC_API_VERSION, kind: 'FabricNodeStatus', metadata: { name: 'worker-1' } };
  assert.ok(parseAs(fabricNodeStatus, raw).ok);
});
