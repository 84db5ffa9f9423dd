import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import {
  customResourceDefinitions,
  FABRIC_API_VERSION,
  fabricProgram,
  parseAs,
  parseObject,
} from '../../src/api/index.ts';
import { readObjects } from '../../src/cli/io/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { mutate, randomFrom } from '../soak/mutate.ts';
import { lattice } from './testing.ts';

let plane: ControlPlane;
before(async () => {
  plane = await startControlPlane({ crds: customResourceDefinitions() });
});
after(async () => {
  await plane.close();
});

interface Stored {
  readonly status: number;
  readonly body: unknown;
}

function at(value: unknown, ...path: readonly (string | number)[]): object | string | undefined {
  let here: unknown = value;
  for (const step of path) here = typeof here === 'object' && here !== null ? Reflect.get(here, step) : undefined;
  return typeof here === 'string' || (typeof here === 'object' && here !== null) ? here : undefined;
}

async function create(
  object: { readonly raw: Readonly<Record<string, unknown>>; readonly kind: string },
  dryRun = false,
): Promise<Stored> {
  const plural = object.kind === 'LatticeService' ? 'latticeservices' : 'latticeexternalservices';
  const metadata = { ...metadataOf(object.raw), namespace: 'default' };
  const { status, body } = await plane.inject({
    method: 'POST',
    url: `/apis/lattice.dev/v1alpha1/namespaces/default/${plural}${dryRun ? '?dryRun=All' : ''}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...object.raw, metadata }),
  });
  assert.ok(body.kind === 'whole');
  const stored: unknown = JSON.parse(body.text);
  return { status, body: stored };
}

const read = (text: string) => readObjects([{ file: 'x', text }], 'default').objects;
const service = (spec: string) =>
  `apiVersion: lattice.dev/v1alpha1\nkind: LatticeService\nmetadata: {name: a}\nspec: ${spec}\n`;
const external = (spec: string) =>
  `apiVersion: lattice.dev/v1alpha1\nkind: LatticeExternalService\nmetadata: {name: a}\nspec: ${spec}\n`;

test('an API server installs what "lattice crds" prints, as YAML and as JSON', async () => {
  const yaml = await lattice(['crds']);
  assert.equal(yaml.code, 0);
  const json = await lattice(['crds', '-o', 'json']);
  const list: unknown = JSON.parse(json.stdout);
  assert.deepEqual(list, { apiVersion: 'v1', kind: 'List', items: customResourceDefinitions() });
  assert.deepEqual(
    read(yaml.stdout).map(({ raw }) => raw),
    customResourceDefinitions(),
  );
});

test('every list, map and text of a definition is bounded, so that its rules have a known cost', () => {
  const walk = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    const part: Readonly<Record<string, unknown>> = { ...schema };
    if (part['type'] === 'array') assert.ok(part['maxItems'], path);
    if (part['type'] === 'string' && !/^(apiVersion|kind)$/.test(path.slice(1))) assert.ok(part['maxLength'], path);
    if (part['type'] === 'object' && part['additionalProperties'] !== undefined) assert.ok(part['maxProperties'], path);
    for (const [name, field] of Object.entries(part['properties'] ?? {})) walk(field, `${path}.${name}`);
    walk(part['items'], `${path}[]`);
    walk(part['additionalProperties'], `${path}{}`);
  };
  for (const { spec } of customResourceDefinitions()) {
    walk(at(spec, 'versions', 0, 'schema', 'openAPIV3Schema'), '');
  }
});

test('rules over several fields are kept by the API server as they are by the command line', async () => {
  const selector = 'selector: {matchLabels: {app: a}}';
  const cases: readonly (readonly [text: string, accepted: boolean])[] = [
    [service(`{${selector}}`), true],
    [service('{containers: {main: {image: "x:1"}}}'), true],
    [service('{}'), false],
    [service(`{${selector}, containers: {main: {image: "x:1"}}}`), false],
    [service('{containers: {}}'), false],
    [service('{selector: {matchLabels: {}}}'), false],
    [service(`{${selector}, replicas: {min: 2, max: 1}}`), false],
    [service(`{${selector}, replicas: {min: 1, max: 2}}`), true],
    [service(`{${selector}, service_account: x}`), true],
    [service(`{${selector}, service-account: x}`), true],
    [service(`{${selector}, service_account: x, serviceAccount: x}`), false],
    [service(`{${selector}, service: {ports: {a: {port: 0}}}}`), false],
    [service(`{${selector}, service: {ports: {a: {port: 80, targetPort: http}}}}`), true],
    [service(`{${selector}, service: {ports: {a: {port: 80, targetPort: 70000}}}}`), false],
    [service(`{${selector}, resources: {b: {ports: [80, grpc]}}}`), true],
    [service(`{${selector}, resources: {b: {ports: []}}}`), false],
    [service(`{${selector}, resources: {b: {direction: sideways}}}`), false],
    [service(`{${selector}, resources: {b: {namespace: "*", id: "*"}}}`), true],
    [service(`{${selector}, resources: {b: {namespace: "A"}}}`), false],
    [external('{}'), false],
    [external('{endpoints: {a: "https://x.example"}}'), true],
    [external('{endpoints: {}}'), false],
    [external('{endpoints: {a: "tcp://0.0.0.0/0:443"}}'), false],
    [external('{endpoints: {a: "tcp://[::/0]:443"}}'), false],
    [external('{endpoints: {a: "tcp://[::]/0:443"}}'), false],
    [external('{endpoints: {a: "tcp://10.0.0.0/0:443"}, world: true}'), true],
    [external('{endpoints: {a: "tcp://10.0.0.0/10:443"}}'), true],
    [external('{sources: [world], allowedTargets: [a]}'), true],
    [external('{sources: []}'), false],
  ];
  for (const [text, accepted] of cases) {
    const [object] = read(text);
    assert.ok(object);
    assert.equal(parseObject(object.raw).ok, accepted, `command line: ${text}`);
    const { status, body } = await create(object, true);
    assert.equal(status < 300, accepted, `API server: ${text}${JSON.stringify(at(body, 'message'))}`);
  }
});

test('a fabric program is kept by the API server exactly when it is by the node agent', async () => {
  const spec = { peering: 'liqo-tenant-rome/rome', generation: 1, disarmed: false, sets: [{ name: 'a', slices: 1 }] };
  const cases: readonly (readonly [rule: object, accepted: boolean])[] = [
    [{ name: 'x', action: 'deny' }, true],
    [{ name: 'x', action: 'deny', source: { set: 'a' }, destination: { cidrs: ['10.0.0.0/8'] } }, true],
    [{ name: 'x', action: 'deny', source: {} }, false],
    [{ name: 'x', action: 'deny', source: { set: 'a', cidrs: [] } }, false],
    [{ name: 'x', action: 'deny', ports: [{ port: 80 }] }, false],
    [{ name: 'x', action: 'deny', protocol: 'UDP', ports: [{ port: 80, endPort: 90 }] }, true],
    [{ name: 'x"', action: 'deny' }, false],
    [{ name: 'x' }, false],
  ];
  for (const [rule, accepted] of cases) {
    const object = {
      apiVersion: FABRIC_API_VERSION,
      kind: 'FabricProgram',
      metadata: { name: 'rome' },
      spec: { ...spec, rules: [rule] },
    };
    assert.equal(parseAs(fabricProgram, object).ok, accepted, `agent: ${JSON.stringify(rule)}`);
    const { status } = await plane.inject({
      method: 'POST',
      url: '/apis/fabric.lattice.dev/v1alpha1/fabricprograms?dryRun=All',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(object),
    });
    assert.equal(status < 300, accepted, `API server: ${JSON.stringify(rule)}`);
  }
});

test('other spellings are not pruned: what the API server stores means what was written', async () => {
  const [object] = read(external('{endpoints: {a: "https://x.example"}, allowedRequesters: [web]}'));
  assert.ok(object);
  const { status, body } = await create(object, true);
  assert.equal(status, 201);
  assert.deepEqual(at(body, 'spec', 'allowedRequesters'), ['web']);
});

test('whatever the command line accepts, the API server accepts and stores without loss', async () => {
  const corpus = ['agreement', 'external'].map((name) =>
    readFileSync(new URL(`corpus/${name}.yaml`, import.meta.url), 'utf8'),
  );
  let accepted = 0;
  for (let seed = 1; seed <= 1500; seed++) {
    const text = mutate(corpus, randomFrom(seed)).toString('utf8');
    for (const object of read(text)) {
      if (object.kind !== 'LatticeService' && object.kind !== 'LatticeExternalService') continue;
      if (!parseObject(object.raw).ok) continue;
      const { status, body } = await create(object, true);
      assert.ok(status < 300, `seed ${seed}: ${JSON.stringify(at(body, 'message'))}\n${text}`);
      assert.deepEqual(at(body, 'spec'), withoutNulls(object.raw['spec']), `seed ${seed}`);
      accepted++;
    }
  }
  assert.ok(accepted > 300, `${accepted} objects`);
});

/** What may be null by its definition. */
const NULLABLE = ['resources', 'replicas', 'deploy'];

/** A server drops other nulls that the command line takes for empty, and nothing else. */
function withoutNulls(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null) return spec;
  return Object.fromEntries(Object.entries(spec).filter(([name, value]) => value !== null || NULLABLE.includes(name)));
}

function metadataOf(raw: Readonly<Record<string, unknown>>): object {
  const metadata = at(raw, 'metadata');
  return typeof metadata === 'object' ? metadata : {};
}
