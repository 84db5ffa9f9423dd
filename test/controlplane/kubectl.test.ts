// Real kubectl against the embedded control plane, as a newcomer uses it. LATTICE_KUBECTL names the binary;
// KUBECONFIG_E2E names a cluster to run the same against (it is left as it was found).
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type ControlPlane, startControlPlane } from '../../src/controlplane/index.ts';
import { definition } from './conversations/index.ts';

const KUBECTL = process.env.LATTICE_KUBECTL ?? 'kubectl';
const CLUSTER = process.env.KUBECONFIG_E2E;
const absent = spawnSync(KUBECTL, ['version', '--client']).status !== 0;
const options = absent ? { skip: `no kubectl: put one on PATH or name it in LATTICE_KUBECTL (tried ${KUBECTL})` } : {};

suite('kubectl works', options, () => {
  let plane: ControlPlane | undefined;
  let place = '';

  before(async () => {
    place = mkdtempSync(join(tmpdir(), 'lattice-kubectl-'));
    if (CLUSTER === undefined) {
      plane = await startControlPlane();
      writeFileSync(join(place, 'config'), plane.kubeconfig);
    } else {
      copyFileSync(CLUSTER, join(place, 'config'));
    }
    await says(/created/, 'create', 'ns', 'kubectl-test');
    await says(/modified/, 'config', 'set-context', '--current', '--namespace=kubectl-test');
    await says(/created/, 'create', '-f', file('crd.json', definition));
    await says(/condition met/, 'wait', '--for=condition=established', 'crd/widgets.talk.lattice.dev', '--timeout=90s');
  });
  after(async () => {
    await kubectl('delete', 'ns', 'kubectl-test', '--timeout=90s');
    await plane?.close();
    rmSync(place, { recursive: true });
  });

  const file = (name: string, value: unknown): string => {
    const path = join(place, name);
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  const kubectl = (...words: readonly string[]): Promise<Outcome> => run(place, words);
  const says = async (expected: string | RegExp, ...words: readonly string[]): Promise<void> => {
    const { code, out, err } = await kubectl(...words);
    assert.equal(code, 0, `kubectl ${words.join(' ')}: ${err}`);
    if (typeof expected === 'string') assert.equal(out, expected);
    else assert.match(out, expected);
  };
  const refuses = async (expected: RegExp, ...words: readonly string[]): Promise<void> => {
    const { code, err } = await kubectl(...words);
    assert.notEqual(code, 0);
    assert.match(err, expected);
  };
  const widget = (name: string, spec: object): object => ({
    apiVersion: 'talk.lattice.dev/v1',
    kind: 'Widget',
    metadata: { name },
    spec,
  });

  test('it finds out what there is', async () => {
    await says(/^Server Version: v1\.36/m, 'version');
    await says(/^widgets +wd +talk\.lattice\.dev\/v1 +true +Widget$/m, 'api-resources');
    await says(/^talk\.lattice\.dev\/v1$/m, 'api-versions');
    await says(
      'widgets.talk.lattice.dev\n',
      'api-resources',
      '--categories=all',
      '-o',
      'name',
      '--api-group=talk.lattice.dev',
    );
    await eventually(async () => (await kubectl('explain', 'widgets.spec')).code === 0); // a server may document late
    await says(/replicas\s+<integer>/, 'explain', 'widgets.spec');
    await says(/strategy\s+<DeploymentStrategy>/, 'explain', 'deployment.spec');
  });

  test('apply creates, leaves alone and changes; diff says what it would do', async () => {
    const path = file('w.json', widget('w', { name: 'abc', replicas: 2 }));
    await says('widget.talk.lattice.dev/w created\n', 'apply', '-f', path);
    await says('widget.talk.lattice.dev/w unchanged\n', 'apply', '-f', path);
    assert.equal((await kubectl('diff', '-f', path)).code, 0);
    file('w.json', widget('w', { name: 'abc', replicas: 3 }));
    const diff = await kubectl('diff', '-f', path);
    assert.equal(diff.code, 1);
    assert.match(diff.out, /^-  replicas: 2\n\+  replicas: 3$/m);
    await says('widget.talk.lattice.dev/w configured\n', 'apply', '-f', path);
    await says('3', 'get', 'wd', 'w', '-o', 'jsonpath={.spec.replicas}');
  });

  test('apply on the server takes over from apply on the client, and tells of conflicts', async () => {
    const path = file('s.json', widget('s', { name: 'abc', replicas: 2 }));
    await says('widget.talk.lattice.dev/s created\n', 'apply', '-f', path);
    await says('widget.talk.lattice.dev/s serverside-applied\n', 'apply', '--server-side', '-f', path);
    await says(/patched/, 'patch', 'wd', 's', '--type=merge', '-p', '{"spec":{"replicas":5}}');
    await refuses(
      /conflict with "kubectl-patch" using talk\.lattice\.dev\/v1: \.spec\.replicas/,
      'apply',
      '--server-side',
      '-f',
      path,
    );
    await says(/serverside-applied/, 'apply', '--server-side', '--force-conflicts', '-f', path);
    await says('2', 'get', 'wd', 's', '-o', 'jsonpath={.spec.replicas}');
  });

  test('mistakes are told before anything is stored', async () => {
    const unknown = file('u.json', widget('u', { name: 'abc', nope: 1 }));
    await refuses(/strict decoding error: unknown field "spec\.nope"/, 'apply', '-f', unknown);
    const invalid = file('i.json', widget('i', { name: 'abc', replicas: 11 }));
    await refuses(/The Widget "i" is invalid: spec: Invalid value: too many replicas/, 'create', '-f', invalid);
    await refuses(/widgets\.talk\.lattice\.dev "i" not found/, 'get', 'wd', 'i');
  });

  test('patch, label, annotate, edit and scale change it', async () => {
    await says(/created/, 'create', '-f', file('p.json', widget('p', { name: 'abc' })));
    await says(
      /patched/,
      'patch',
      'wd',
      'p',
      '--type=json',
      '-p',
      '[{"op":"replace","path":"/spec/mode","value":"fast"}]',
    );
    await says(
      /patched/,
      'patch',
      'wd',
      'p',
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"phase":"Up"}}',
    );
    await says(/labeled/, 'label', 'wd', 'p', 'tier=front');
    await says(/annotated/, 'annotate', 'wd', 'p', 'note=here');
    await says(/scaled/, 'scale', 'wd', 'p', '--replicas=4');
    await says(/edited/, 'edit', 'wd', 'p');
    await says(/^p +7 +Up +\d+s$/m, 'get', 'wd', '-l', 'tier=front');
    await says(/Phase: +Up/, 'describe', 'wd', 'p');
    await says(/condition met/, 'wait', 'wd/p', '--for=jsonpath={.status.phase}=Up', '--timeout=90s');
  });

  test('built-in kinds are made from the command line and from files', async () => {
    await says('configmap/c created\n', 'create', 'configmap', 'c', '--from-literal=a=1');
    await says(
      'deployment.apps/web created\n',
      'create',
      'deployment',
      'web',
      '--image=nginx',
      '--replicas=2',
      '--port=80',
    );
    await says(/image updated/, 'set', 'image', 'deploy/web', 'nginx=nginx:2');
    await says(/^web +0\/2 +\d +0 +\d+s +nginx +nginx:2 +app=web$/m, 'get', 'deploy', '-o', 'wide');
    await says(/scaled/, 'scale', 'deploy', 'web', '--replicas=3');
    await says('3', 'get', 'deploy', 'web', '-o', 'jsonpath={.spec.replicas}');
    await says(/Image: +nginx:2/, 'describe', 'deploy', 'web');
    await says(/exposed/, 'expose', 'deploy', 'web', '--port=80');
    await says(/^web +ClusterIP +\S+ +<none> +80\/TCP/m, 'get', 'svc');
    await says(/secret\/s created/, 'create', 'secret', 'generic', 's', '--from-literal=k=v');
  });

  test('rights are asked for and answered', async () => {
    await says('yes\n', 'auth', 'can-i', 'create', 'pods');
    await says(/created/, 'create', 'role', 'reader', '--verb=get', '--resource=pods');
    await says(/created/, 'create', 'rolebinding', 'reader', '--role=reader', '--user=jane');
    await says('yes\n', 'auth', 'can-i', 'get', 'pods', '--as=jane');
    const answer = await kubectl('auth', 'can-i', 'delete', 'pods', '--as=jane');
    assert.equal(answer.out, 'no\n');
    await refuses(/User "jane" cannot list resource "configmaps"/, 'get', 'cm', '--as=jane');
  });

  test('a watch shows what happens', async () => {
    await says(/created/, 'create', 'cm', 'first');
    const watching = follow(place, ['get', 'cm', '--watch', '--output-watch-events']);
    await watching.until(/ADDED +first/);
    await says(/created/, 'create', 'cm', 'second');
    await watching.until(/ADDED +second/);
    await says(/deleted/, 'delete', 'cm', 'second');
    await watching.until(/DELETED +second/);
    watching.stop();
  });

  test('delete cascades, waits and empties namespaces', async () => {
    await says(/created/, 'create', 'ns', 'gone');
    await says(/created/, 'create', 'cm', 'inside', '-n', 'gone');
    await says(/created/, 'create', 'cm', 'owner');
    const { out: uid } = await kubectl('get', 'cm', 'owner', '-o', 'jsonpath={.metadata.uid}');
    const owned = {
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid, blockOwnerDeletion: true }],
    };
    const child = file('child.json', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'child', ...owned } });
    await says(/created/, 'create', '-f', child);
    await says(/deleted/, 'delete', 'cm', 'owner', '--cascade=foreground', '--timeout=90s');
    await refuses(/not found/, 'get', 'cm', 'child');
    await says(/deleted/, 'delete', 'ns', 'gone', '--timeout=90s');
    await refuses(/namespaces "gone" not found/, 'get', 'ns', 'gone');
    await says(/deleted/, 'delete', 'crd', 'widgets.talk.lattice.dev', '--timeout=90s');
    // A server may serve it a moment longer.
    await eventually(async () => (await kubectl('get', 'widgets')).code !== 0);
    await refuses(/doesn't have a resource type|could not find/, 'get', 'widgets');
  });
});

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const environment = (place: string): NodeJS.ProcessEnv => ({
  ...process.env,
  HOME: place,
  KUBECONFIG: join(place, 'config'),
  KUBE_EDITOR: 'sed -i s/replicas:.4/replicas:\\ 7/',
});

function run(place: string, words: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(KUBECTL, words, { env: environment(place), timeout: 120_000 }, (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, out, err });
    });
  });
}

/** A kubectl that keeps running, and what it has said so far. */
function follow(
  place: string,
  words: readonly string[],
): { readonly until: (said: RegExp) => Promise<void>; readonly stop: () => void } {
  const child = spawn(KUBECTL, words, { env: environment(place), stdio: ['ignore', 'pipe', 'inherit'] });
  let heard = '';
  child.stdout.on('data', (chunk: Buffer) => {
    heard += chunk.toString('utf8');
  });
  return {
    async until(said) {
      const tooLate = AbortSignal.timeout(90_000);
      while (!said.test(heard)) {
        await Promise.race([
          once(tooLate, 'abort').then(() => assert.fail(`kubectl never said ${said.source}: ${heard}`)),
          once(child.stdout, 'data'),
          once(child, 'exit').then(() => assert.fail(`kubectl ended: ${heard}`)),
        ]);
      }
    },
    stop: () => child.kill(),
  };
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  const limit = performance.now() + 90_000;
  while (performance.now() < limit) if (await holds()) return;
  assert.fail('it never came true');
}
