import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, suite, test } from 'node:test';
import { request } from 'undici';
import { customResourceDefinitions } from '../../src/api/index.ts';
import { startControlPlane } from '../../src/controlplane/index.ts';
import { recordOf } from '../controlplane/talk.ts';
import { until } from '../e2e/until.ts';
import { root } from './rendered.ts';

suite('what the image holds', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lattice-image-'));
  const [app, empty] = [join(folder, 'app'), join(folder, 'empty')];
  const program = join(app, 'bin/lattice.js');
  before(() => {
    mkdirSync(empty);
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'scripts/build.ts'), '--image', app], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: readonly string[]): { readonly code: number | null; readonly stdout: string } => {
    // Nothing of this clone: no packages beside it, no variables, another folder.
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      cwd: empty,
      env: {},
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    return { code: status, stdout };
  };

  test('runs from an empty folder, without packages', () => {
    const { version } = recordOf(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
    assert.match(run('version').stdout, new RegExp(`^lattice ${String(version)} `));
    assert.match(run('operator', '--help').stdout, /--leader-elect/);
    assert.equal(run('crds').code, 0);
  });

  test('is what the Containerfile copies, and starts as it does', () => {
    const lines = readFileSync(join(root, 'Containerfile'), 'utf8').split('\n');
    assert.deepEqual(
      lines.filter((line) => /^(COPY|ADD|RUN|ENTRYPOINT|USER)/.test(line)),
      ['COPY build/image/ /app/', 'USER 65532:65532', 'ENTRYPOINT ["node", "/app/bin/lattice.js"]'],
    );
    for (const file of ['bin/lattice.js', 'build/lattice.js', 'package.json', 'LICENSE'])
      assert.ok(existsSync(join(app, file)), file);
  });

  test('works as the operator of a cluster, and ends when it is told to', async () => {
    const plane = await startControlPlane({ crds: customResourceDefinitions() });
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, plane.kubeconfig);
    const args = ['operator', '--kubeconfig', kubeconfig, '--engine=kubernetes', '--telemetry=127.0.0.1:0'];
    const child = spawn(process.execPath, [program, ...args], {
      cwd: empty,
      env: {},
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const ended = once(child, 'close');
    try {
      const lines: string[] = [];
      createInterface({ input: child.stderr }).on('line', (line) => lines.push(line));
      const port = await until('it serves', () =>
        lines.map((line) => /"port":(\d+),.*telemetry: serves/.exec(line)?.[1]).find((found) => found !== undefined),
      );
      await until(`it is ready: ${lines.join('\n')}`, async () => {
        const { statusCode, body } = await request(`http://127.0.0.1:${port}/readyz`);
        await body.dump();
        return statusCode === 200 ? true : undefined;
      });
      child.kill('SIGTERM');
      await ended;
      assert.equal(child.exitCode, 0, lines.join('\n'));
    } finally {
      child.kill('SIGKILL');
      await ended;
      await plane.close();
    }
  });
});
