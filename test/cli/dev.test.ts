import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, suite, test } from 'node:test';
import { engineDefinitions } from '../../src/cli/dev/engine-definitions.ts';
import { blocksOf, isAsShown, readPage, root, stepsOf } from '../docs/page.ts';
import { at } from '../at.ts';
import { clusterOf, startDev } from './dev-server.ts';
import { lattice } from './testing.ts';

const scratch = mkdtempSync(join(tmpdir(), 'lattice-dev-test-'));
after(() => rmSync(scratch, { recursive: true }));

const file = (name: string, text: string): string => {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
};
const example = (name: string): string => join(root, 'examples', name);
const SERVICES = '/apis/lattice.dev/v1alpha1/namespaces/default/latticeservices';
const service = (spec: object): object => ({
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeService',
  metadata: { name: 'web' },
  spec,
});

test('what PATHs hold is read back over TLS with the token of the kubeconfig, and by nobody without it', async (t) => {
  const server = await startDev(t, [example('postgres')]);
  assert.match(server.stdout, /^Applied 14 objects\.$/m);
  assert.equal(server.stderr, '');
  const path = '/apis/lattice.dev/v1alpha1/namespaces/orders/latticeservices/report';
  const { status, body } = await server.send('GET', path);
  assert.equal(status, 200);
  assert.equal(at(body, 'spec', 'selector', 'matchLabels', 'app'), 'report');
  assert.equal((await server.send('GET', '/apis/apps/v1/namespaces/orders/statefulsets/orders-db')).status, 200);
  assert.equal((await server.send('GET', path, undefined, 'wrong')).status, 401);
});

test('whoever goes on with "kubectl apply --server-side" owns the fields of PATHs already', async (t) => {
  const server = await startDev(t, ['-'], {}, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {b: c}\n');
  const { body } = await server.send('GET', '/api/v1/namespaces/default/configmaps/a');
  assert.equal(at(body, 'metadata', 'managedFields', 0, 'manager'), 'kubectl');
  assert.equal(at(body, 'metadata', 'managedFields', 0, 'operation'), 'Apply');
});

test('the definitions judge what is created later: shape by the schema, several fields by its rules', async (t) => {
  const server = await startDev(t, []);
  const selector = { matchLabels: { app: 'web' } };
  const both = await server.send('POST', SERVICES, service({ selector, containers: { main: { image: 'x:1' } } }));
  assert.equal(both.status, 422);
  assert.match(String(at(both.body, 'message')), /deploys \(containers\) or adopts \(selector\), not both/);
  const shape = await server.send('POST', SERVICES, service({ selector, mode: 'sideways' }));
  assert.equal(shape.status, 422);
  assert.match(String(at(shape.body, 'message')), /spec\.mode: Unsupported value: "sideways"/);
  assert.equal((await server.send('POST', SERVICES, service({ selector }))).status, 201);
});

test("a signal ends it with 0, and its temporary kubeconfig, which is the user's alone, goes with it", async (t) => {
  const server = await startDev(t, []);
  assert.equal(statSync(server.kubeconfig).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(server.kubeconfig)).mode & 0o777, 0o700);
  assert.equal(await server.end(), 0);
  assert.ok(!existsSync(dirname(server.kubeconfig)));
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`the program serves until ${signal}, ends with 0 and leaves nothing behind`, async () => {
    const temporary = mkdtempSync(join(scratch, 'tmp-'));
    const child = spawn(process.execPath, [join(root, 'bin/lattice.js'), 'dev'], {
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = once(child, 'close');
    let shown = '';
    for await (const chunk of child.stdout) {
      shown += String(chunk);
      if (!/^Ctrl-C/m.test(shown)) continue;
      assert.equal(globSync('lattice-dev-*/kubeconfig', { cwd: temporary }).length, 1);
      child.kill(signal);
      break;
    }
    assert.deepEqual(await closed, [0, null], shown);
    assert.deepEqual(globSync('*', { cwd: temporary }), []);
  });
}

test('namespaces are made, definitions come before their objects, and unknown kinds are named', async (t) => {
  const thing = 'apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a, namespace: far}\n';
  const definition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'things', kind: 'Thing' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
    },
  };
  const gadget = 'apiVersion: example.org/v1\nkind: Gadget\nmetadata: {name: g}\n';
  const config = 'apiVersion: lattice.dev/v1alpha1\nkind: LatticeConfig\n';
  const path = file('mixed.yaml', [thing, JSON.stringify(definition), gadget, config].join('\n---\n'));
  const server = await startDev(t, [path]);
  assert.match(server.stdout, /^Applied 2 objects\.\nMade namespaces that no file declares: far$/m);
  assert.match(server.stderr, /mixed\.yaml:\d+: left out Gadget default\/g: nobody defines Gadget in example\.org\/v1/);
  assert.match(server.stderr, /ConfigNotUsed/);
  assert.equal((await server.send('GET', '/apis/example.com/v1/namespaces/far/things/a')).status, 200);
});

test("an engine's own definition among the PATHs takes the place of ours", async (t) => {
  const [ours] = engineDefinitions();
  assert.ok(ours);
  const other = {
    ...ours,
    spec: { ...ours.spec, names: { ...recordOf(at(ours.spec, 'names')), shortNames: ['other'] } },
  };
  const server = await startDev(t, [file('definition.json', JSON.stringify(other))]);
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${ours.metadata.name}`;
  const { body } = await server.send('GET', path);
  assert.deepEqual(at(body, 'spec', 'names', 'shortNames'), ['other']);
  assert.equal(at(body, 'metadata', 'generation'), 1, 'it was never ours');
  assert.equal(at(body, 'metadata', 'managedFields', 0, 'manager'), 'kubectl');
});

test('invalid PATHs and flags end it with 2 and an empty standard output, before it serves', async (t) => {
  const invalid = file('invalid.yaml', 'apiVersion: lattice.dev/v1alpha1\nkind: LatticeService\nmetadata: {name: a}\n');
  const untyped = file('untyped.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: [x]\n');
  const unnamed = file('unnamed.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n');
  const unknown = file('unknown.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndate: {a: b}\n');
  const foreign = file('foreign', 'apiVersion: v1\nkind: Config\nclusters: [{name: work, cluster: {}}]\n');
  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await once(taken, 'listening');
  const port = String(at(taken.address(), 'port'));
  const cases: readonly (readonly [argv: readonly string[], said: RegExp])[] = [
    [['nowhere.yaml'], /error PathNotFound/],
    [[invalid], /invalid\.yaml:3?.*error InvalidField/],
    [[untyped], /untyped\.yaml:3:\d+: error InvalidManifest: ConfigMap default\/a: /],
    [[unnamed], /unnamed\.yaml:\d+:\d+: error InvalidManifest: ConfigMap: has no metadata\.name/],

    [
      [unknown],
      /unknown\.yaml:3:\d+: error InvalidManifest: ConfigMap default\/a: .*\.date: field not declared in schema/,
    ],
    [['--host', '0.0.0.0'], /--host 0\.0\.0\.0 is not a loopback address.*--beyond-loopback/],
    [['--port', port], new RegExp(`cannot listen on 127\\.0\\.0\\.1 port ${port}: the port is taken`)],
    [['--port', '70000'], /A whole number from 0 to 65535/],
    [['--write-kubeconfig', foreign], /exists and was not written by "lattice dev"/],
    [['--write-kubeconfig', join(scratch, 'no/where')], /its directory does not exist/],
  ];
  const before = readFileSync(foreign, 'utf8');
  for (const [argv, said] of cases) {
    const ran = await lattice(['dev', ...argv]);
    assert.deepEqual([ran.code, ran.stdout], [2, ''], argv.join(' '));
    assert.match(ran.stderr, said);
  }
  assert.equal(readFileSync(foreign, 'utf8'), before);
});

test('a kubeconfig that it wrote is written again; one that others were merged into is not', async (t) => {
  const path = join(scratch, 'kubeconfig');
  const first = await startDev(t, [], { writeKubeconfig: path });
  const { token } = clusterOf(path);
  await first.end();
  assert.ok(existsSync(path));
  const second = await startDev(t, [], { writeKubeconfig: path });
  assert.notEqual(clusterOf(path).token, token);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal((await second.send('GET', '/api/v1/namespaces')).status, 200);
  await second.end();
  const config: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const clusters = [at(config, 'clusters', 0), { name: 'work', cluster: { server: 'https://work.example' } }];
  const merged = JSON.stringify({ ...recordOf(config), clusters });
  writeFileSync(path, merged);
  const ran = await lattice(['dev', '--write-kubeconfig', path]);
  assert.equal(ran.code, 2);
  assert.equal(readFileSync(path, 'utf8'), merged);
});

test('every field that "lattice compile" writes has a schema here, and is stored as it was written', async (t) => {
  const server = await startDev(t, []);
  const plurals = new Map(engineDefinitions().map(({ spec }) => [at(spec, 'names', 'kind'), spec]));
  const kinds = new Set<string>();
  // Peerings are compiled by a command of their own.
  for (const name of globSync('*/', { cwd: example('') }).filter((each) => !each.startsWith('peering'))) {
    const compiled = await lattice(['compile', example(name), '--egress-waypoint', 'default/egress', '-o', 'json']);
    for (const object of itemsOf(compiled.stdout)) {
      const kind = String(at(object, 'kind'));
      const definition = plurals.get(kind);
      assert.ok(definition, kind);
      kinds.add(kind);
      const schema = at(definition, 'versions', 0, 'schema', 'openAPIV3Schema', 'properties', 'spec');
      assert.deepEqual(withoutSchema(at(object, 'spec'), schema, 'spec'), [], `${name} ${kind}`);
      const metadata = { ...recordOf(at(object, 'metadata')), namespace: 'default' };
      const path = `/apis/${String(at(object, 'apiVersion'))}/namespaces/default/${String(at(definition, 'names', 'plural'))}`;
      const body = { ...recordOf(object), metadata };
      const stored = await server.send('POST', `${path}?dryRun=All&fieldValidation=Strict`, body);
      assert.equal(stored.status, 201, JSON.stringify(stored.body));
      assert.deepEqual(at(stored.body, 'spec'), at(object, 'spec'));
    }
  }
  assert.deepEqual([...kinds].sort(), [
    'AuthorizationPolicy',
    'CiliumNetworkPolicy',
    'PeerAuthentication',
    'ServiceEntry',
  ]);
});

test("what an engine knows and Lattice does not write is kept, and a value that is none of the engine's refused", async (t) => {
  const server = await startDev(t, []);
  const path = '/apis/security.istio.io/v1beta1/namespaces/default/authorizationpolicies';
  const policy = (spec: object): object => ({
    apiVersion: 'security.istio.io/v1beta1',
    kind: 'AuthorizationPolicy',
    metadata: { name: 'a' },
    spec,
  });
  const spec = { action: 'CUSTOM', provider: { name: 'x' }, rules: [{ when: [{ key: 'k', values: ['v'] }] }] };
  const kept = await server.send('POST', path, policy(spec));
  assert.equal(kept.status, 201);
  assert.deepEqual(at(kept.body, 'spec'), spec);
  assert.equal((await server.send('POST', path, policy({ action: 'PERHAPS' }))).status, 422);
});

test('docs/dev.md shows what is printed', async (t) => {
  const [step] = consoleSteps('lattice dev examples/postgres');
  assert.ok(step);
  const server = await startDev(t, ['examples/postgres'], { operator: true });
  const actual = server.stdout.replace(/:\d+\. /, ':PORT. ').replace(/KUBECONFIG=\S+/, 'KUBECONFIG=FILE');
  const expected = `${step.expected.join('\n')}\n`
    .replace(/:\d+\. /, ':PORT. ')
    .replace(/KUBECONFIG=\S+/, 'KUBECONFIG=FILE');
  assert.equal(actual, expected);
});

const KUBECTL = process.env['LATTICE_KUBECTL'] ?? 'kubectl';
const absent = spawnSync(KUBECTL, ['version', '--client']).status !== 0;

suite(
  'kubectl works with it',
  absent ? { skip: `no kubectl: put one on PATH or name it in LATTICE_KUBECTL (tried ${KUBECTL})` } : {},
  () => {
    test('as docs/dev.md shows', async (t) => {
      const server = await startDev(t, ['examples/postgres'], { operator: true });
      const compiled = await lattice(['compile', 'examples/postgres']);
      const env = { ...process.env, KUBECONFIG: server.kubeconfig };
      const steps = consoleSteps('');
      assert.ok(steps.filter(({ command }) => command.includes('kubectl')).length >= 5);
      for (const { command, expected } of steps) {
        const [, words] = /(?:^|\| )kubectl (.*)$/.exec(command) ?? [];
        if (words === undefined) continue;
        const argv = [...words.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '');
        const child = spawn(KUBECTL, argv, { env, cwd: root });
        child.stdin.end(command.startsWith('lattice compile') ? compiled.stdout : '');
        const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
        const shown = `${out}${err}`.trimEnd().split('\n').map(ageless);
        assert.ok(isAsShown(expected.map(ageless), shown), `${command}\nprints\n${shown.join('\n')}`);
      }
    });
  },
);

/** Ages, and the width that they give a column. */
const ageless = (line: string): string => line.trimEnd().replace(/ +\d+s(?= |$)/, ' AGE');

function consoleSteps(command: string) {
  return blocksOf(readPage('docs/dev.md'))
    .filter((block) => block.language === 'text' && block.text.startsWith('$ '))
    .flatMap((block) => stepsOf(block.text))
    .filter((step) => step.command.startsWith(command));
}

function recordOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function itemsOf(text: string): readonly unknown[] {
  const items = at(JSON.parse(text), 'items');
  return Array.isArray(items) ? items : [];
}

/** Paths of `value` that no part of the schema is about. */
function withoutSchema(value: unknown, schema: unknown, path: string): string[] {
  if (schema === undefined) return [path];
  if (Array.isArray(value)) {
    return value.flatMap((item: unknown, index) => withoutSchema(item, at(schema, 'items'), `${path}[${index}]`));
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]: [string, unknown]) =>
    withoutSchema(part, at(schema, 'properties', key) ?? at(schema, 'additionalProperties'), `${path}.${key}`),
  );
}
