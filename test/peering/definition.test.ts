import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { customResourceDefinitions, parseObject } from '../../src/api/index.ts';
import { readObjects } from '../../src/cli/io/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { blocksOf } from '../docs/page.ts';
import { data } from '../docs/shell.ts';

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ crds: customResourceDefinitions() });
});
after(async () => {
  await plane.close();
});

interface Answer {
  readonly status: number;
  readonly body: { readonly message?: string; readonly spec?: unknown };
}

async function create(raw: Readonly<Record<string, unknown>>): Promise<Answer> {
  const { status, body } = await plane.inject({
    method: 'POST',
    url: '/apis/security.liqo.io/v1/namespaces/default/peeringconnectivities?dryRun=All',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...raw, metadata: { name: 'rome', namespace: 'default' } }),
  });
  assert.ok(body.kind === 'whole');
  const answered: unknown = JSON.parse(body.text);
  assert.ok(typeof answered === 'object' && answered !== null);
  return { status, body: answered };
}

const read = (text: string) => readObjects([{ file: 'x', text }], 'default').objects;
const peering = (rules: string) =>
  `apiVersion: security.liqo.io/v1\nkind: PeeringConnectivity\nmetadata: {name: rome}\nspec: {rules: ${rules}}\n`;

test('the API server and the command line refuse and accept the same peerings', async () => {
  const cases: readonly (readonly [rules: string, reason: RegExp | undefined])[] = [
    ['[]', undefined],
    ['[{action: allow}]', undefined],
    ['[{action: deny, source: {group: offloaded}, destination: {namespace: shop}}]', undefined],
    ['[{source: {group: offloaded}}]', /action is missing: write "allow" or "deny"/],
    ['[{action: drop}]', /Unsupported value: "drop"/],
    ['[{action: allow, source: {}}]', /exactly one of group and namespace/],
    ['[{action: allow, source: {group: offloaded, namespace: a}}]', /exactly one of group and namespace/],
    ['[{action: allow, source: {group: consumer}}]', /Unsupported value: "consumer"/],
    ['[{action: allow, source: {namespace: Shop}}]', /should match/],
  ];
  for (const [rules, reason] of cases) {
    const [object] = read(peering(rules));
    assert.ok(object);
    assert.equal(parseObject(object.raw).ok, reason === undefined, `command line: ${rules}`);
    const { status, body } = await create(object.raw);
    if (reason === undefined) assert.equal(status, 201, `API server: ${rules} ${body.message}`);
    else assert.match(body.message ?? '', reason, rules);
  }
});

const seed = join(dirname(data), 'seeds', 'liqo-connectivity-engine.md');
test('the example of the founding document is accepted and stored as printed', {
  skip: existsSync(seed) ? false : `no document ${seed}`,
}, async () => {
  const blocks = blocksOf(readFileSync(seed, 'utf8')).filter(({ text }) => /^kind: PeeringConnectivity$/m.test(text));
  assert.equal(blocks.length, 1);
  for (const { text } of blocks) {
    const [object] = read(text);
    assert.ok(object);
    assert.ok(parseObject(object.raw).ok);
    const { status, body } = await create(object.raw);
    assert.equal(status, 201, body.message);
    assert.deepEqual(body.spec, object.raw['spec']);
  }
});

test('kubectl get shows READY, RULES, MEMBERS and AGE', () => {
  const found = customResourceDefinitions().find(({ metadata }) => metadata.name.startsWith('peeringconn'));
  const columns = JSON.stringify(found?.spec['versions']);
  const names = [...columns.matchAll(/"name":"(Ready|Rules|Members|Age)","type"/g)].map(([, name]) => name);
  assert.deepEqual(names, ['Ready', 'Rules', 'Members', 'Age']);
});
