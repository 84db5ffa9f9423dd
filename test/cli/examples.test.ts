import assert from 'node:assert/strict';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { lattice } from './testing.ts';

const root = join(import.meta.dirname, '../..');
const examples = globSync('examples/*/services.yaml', { cwd: root })
  .map((file) => join(root, dirname(file)))
  .sort();
const apps = join(process.env['LATTICE_DATA'] ?? join(root, '../shared/data'), 'apps');
const scratch = mkdtempSync(join(tmpdir(), 'lattice-examples-'));
after(() => rmSync(scratch, { recursive: true }));

const edges = async (...argv: string[]) => {
  const { stdout, stderr } = await lattice(['graph', ...argv]);
  assert.doesNotMatch(stderr, /error/);
  const lines = stdout.trimEnd().split('\n').slice(1);
  return lines
    .map((line) => line.split(/ {2,}/))
    .map(([from, to, port, target, status]) => ({ from, to, port, target, status }));
};

test('there are examples', () => {
  assert.ok(examples.length >= 10);
});

for (const example of examples) {
  const name = basename(example);
  test(`${name} is in canonical form and has a page`, async () => {
    assert.deepEqual(await lattice(['fmt', '--check', example]), { code: 0, stdout: '', stderr: '' });
    assert.ok(existsSync(join(example, 'README.md')));
  });

  test(`${name} declares both halves of every agreement`, async () => {
    const found = await edges(example, '--engine', 'cilium');
    assert.ok(found.length > 0);
    for (const { from, to, status } of found) assert.match(status ?? '', /^agreed/, `${from} -> ${to}`);
  });

  test(`${name}: every command of its page works`, async () => {
    const page = readFileSync(join(example, 'README.md'), 'utf8');
    const lines = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block]) => (block ?? '').trim().split('\n'));
    assert.ok(lines.length > 0);
    for (const line of lines) {
      if (!line.startsWith('lattice ') || line.includes('patched.yaml')) continue;
      const argv = line
        .split(' ')
        .slice(1)
        .map((word) => (word.startsWith('examples/') ? join(root, word) : word));
      const { code, stdout, stderr } = await lattice(argv);
      // One page shows a refusal on purpose.
      assert.equal(code, refused(name, line) ? 1 : 0, `${line}\n${stderr}`);
      assert.notEqual(stdout, '', line);
    }
  });
}

function refused(name: string, line: string): boolean {
  return name === 'sock-shop' && line === 'lattice compile examples/sock-shop/services.yaml';
}

test('Online Boutique has its sixteen agreements, each with the port of the Service and of the container', async () => {
  const found = await edges(join(root, 'examples/online-boutique'));
  assert.deepEqual(
    found.map(({ from, to, port, target }) => `${from} ${to} ${port} ${target}`.replaceAll('default/', '')),
    [
      'cartservice redis-cart 6379/TCP 6379',
      'checkoutservice cartservice 7070/TCP 7070',
      'checkoutservice currencyservice 7000/TCP 7000',
      'checkoutservice emailservice 5000/TCP 8080',
      'checkoutservice paymentservice 50051/TCP 50051',
      'checkoutservice productcatalogservice 3550/TCP 3550',
      'checkoutservice shippingservice 50051/TCP 50051',
      'frontend adservice 9555/TCP 9555',
      'frontend cartservice 7070/TCP 7070',
      'frontend checkoutservice 5050/TCP 5050',
      'frontend currencyservice 7000/TCP 7000',
      'frontend productcatalogservice 3550/TCP 3550',
      'frontend recommendationservice 8080/TCP 8080',
      'frontend shippingservice 50051/TCP 50051',
      'loadgenerator frontend 80/TCP 8080',
      'recommendationservice productcatalogservice 3550/TCP 3550',
      'external:users frontend 80/TCP 8080',
    ],
  );
});

const skip = existsSync(apps) ? false : `no manifests of applications in ${apps} (LATTICE_DATA)`;

for (const [name, engine] of [
  ['online-boutique', 'cilium,istio'],
  ['bookinfo', 'cilium,istio'],
  ['sock-shop', 'cilium'],
] as const) {
  test(`${name} means the same with the original manifests: same edges, same ports, nothing refused`, {
    skip,
  }, async () => {
    const declarations = join(root, 'examples', name, 'services.yaml');
    const manifests = join(apps, `${name}.yaml`);
    const alone = await edges(declarations, '--engine', engine);
    assert.deepEqual(await edges(declarations, manifests, '--engine', engine), alone);
    const { code, stderr } = await lattice(['compile', declarations, manifests, '--engine', engine]);
    assert.equal(code, 0, stderr);
  });
}

test('Sock Shop compiles for a mesh after its patch, and not before', { skip }, async () => {
  const declarations = join(root, 'examples/sock-shop/services.yaml');
  const original = readFileSync(join(apps, 'sock-shop.yaml'), 'utf8');
  const before = await lattice(['compile', declarations, '-'], original);
  assert.equal(before.code, 1);
  assert.match(before.stderr, /error SharedIdentity/);
  const patched = join(scratch, 'patched.yaml');
  writeFileSync(patched, kustomized(original, join(root, 'examples/sock-shop/mesh/kustomization.yaml')));
  const compiled = await lattice(['compile', declarations, patched]);
  assert.equal(compiled.code, 0, compiled.stderr);
  assert.match(compiled.stdout, /cluster\.local\/ns\/sock-shop\/sa\/orders/);
});

/** What kustomize makes of the patches, which only ever add a ServiceAccount to the Deployment of one name. */
function kustomized(manifests: string, file: string): string {
  const lines = [...readFileSync(file, 'utf8').matchAll(/name: ([\w-]+)\}\n {2}patch: '(.*)'/g)];
  assert.equal(lines.length, 14);
  let text = manifests;
  for (const [, name = '', patch = ''] of lines) {
    assert.equal(patch, `[{"op": "add", "path": "/spec/template/spec/serviceAccountName", "value": "${name}"}]`);
    const start = text.search(new RegExp(`kind: Deployment\\nmetadata:\\n  name: ${name}\\n`));
    assert.ok(start >= 0, name);
    const at = text.indexOf('\n      containers:', start);
    text = `${text.slice(0, at)}\n      serviceAccountName: ${name}${text.slice(at)}`;
  }
  return text;
}
