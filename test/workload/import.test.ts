import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { lattice } from '../cli/testing.ts';

const apps = join(process.env['LATTICE_DATA'] ?? join(import.meta.dirname, '../../../shared/data'), 'apps');
const skip = existsSync(apps) ? false : `no manifests in ${apps}: set LATTICE_DATA`;

const agreed = async (yaml: string): Promise<number> => {
  const { stdout, stderr } = await lattice(['graph', '-', '--engine', 'cilium'], yaml);
  assert.doesNotMatch(stderr, /error/);
  return stdout.split('\n').filter((line) => /\bagreed/.test(line)).length;
};

for (const mode of ['adopt', 'deploy']) {
  test(`Online Boutique: the sixteen calls that its variables show, and each is marked (${mode})`, {
    skip,
  }, async () => {
    const imported = await lattice(['import', 'kubernetes', join(apps, 'online-boutique.yaml'), '--mode', mode]);
    assert.equal(imported.code, 0, imported.stderr);
    assert.equal(await agreed(imported.stdout), 16);
    assert.equal(imported.stderr.match(/both halves are written/g)?.length, 16);
    assert.match(imported.stdout, /lattice\.dev\/review: .*frontend calls adservice \(variable AD_SERVICE_ADDR\)/);
  });
}

test('whatever is imported to be deployed can be rendered, and what was left out is said', { skip }, async () => {
  for (const app of ['online-boutique', 'bookinfo', 'sock-shop']) {
    const imported = await lattice(['import', 'kubernetes', join(apps, `${app}.yaml`), '--mode', 'deploy']);
    const rendered = await lattice(['render', '-'], imported.stdout);
    assert.equal(rendered.code, 0, rendered.stderr);
    assert.match(rendered.stdout, /kind: Deployment/);
  }
});

const SCORE = `apiVersion: score.dev/v1b1
metadata: {name: orders, annotations: {team: shop}}
containers:
  app:
    image: i
    args: ["-c", "echo $\${HOME}"]
    variables: {STAGE: "\${resources.env.STAGE}", DB: "\${resources.db.url}"}
    files: [{target: /etc/a, mode: "0644", source: ./a.txt}]
    volumes: [{source: "\${resources.tmp}", target: /tmp, read_only: true}]
service: {ports: {http: {port: 80}}}
resources:
  db: {type: postgres, class: large}
  env: {type: environment}
  tmp: {type: volume}
  cart: {type: service-port, params: {workload: cart, port: grpc}}
  route: {type: route}
`;

test('a Score file becomes a service that is valid as it stands; files beside it are read', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-score-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'score.yaml');
  writeFileSync(file, SCORE);
  const missing = await lattice(['score', file]);
  assert.equal(missing.code, 2);
  assert.equal(missing.stdout, '');
  assert.match(missing.stderr, /ScoreInvalid.*\.\/a\.txt cannot be read/);
  writeFileSync(join(folder, 'a.txt'), 'hello ${metadata.name}');
  const { code, stdout, stderr } = await lattice(['score', file, '-o', 'json']);
  assert.equal(code, 0, stderr);
  const list: unknown = JSON.parse(stdout);
  assert.deepEqual(Object.assign({ items: [] }, list).items, [
    {
      apiVersion: 'lattice.dev/v1alpha1',
      kind: 'LatticeService',
      metadata: { name: 'orders', annotations: { team: 'shop' } },
      spec: {
        containers: {
          app: {
            image: 'i',
            args: ['-c', 'echo $${HOME}'],
            variables: { STAGE: '${env.STAGE}', DB: '${resources.db.url}' },
            files: { '/etc/a': { content: 'hello ${metadata.name}', mode: '0644' } },
            volumes: { '/tmp': { source: '${resources.tmp}', readOnly: true } },
          },
        },
        service: { ports: { http: { port: 80 } } },
        resources: {
          db: { type: 'postgres', class: 'large' },
          tmp: { type: 'volume' },
          cart: { id: 'cart', ports: ['grpc'] },
        },
      },
    },
  ]);
  assert.match(stderr, /ReviewNeeded: Workload orders resources\.route\.type/);
  assert.match(stderr, /who may call this service/);
});

test('a Score file is no declaration, and other commands say how to make it one', async () => {
  const { code, stderr } = await lattice(['graph', '-'], SCORE);
  assert.equal(code, 2);
  assert.match(stderr, /ScoreNotConverted.*\n.*lattice score/);
});
