import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { means } from '../errors.ts';
import { handClock } from '../testing/hand-clock.ts';
import { accessOf, type ClusterAccess } from './access.ts';
import { credentialsFor } from './credentials.ts';
import { parseKubeconfig } from './kubeconfig.ts';
import { loadAccess } from './load.ts';

const signal = new AbortController().signal;

function file(text: string, folder = '/etc/kube') {
  return { folder, path: `${folder}/config`, text };
}

function config(user: string, cluster = 'server: https://10.0.0.1:6443/') {
  return `apiVersion: v1
kind: Config
current-context: main
contexts: [{name: main, context: {cluster: c, user: u, namespace: shop}}]
clusters: [{name: c, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
`;
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'lattice-kube-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
}

test('a context gives the server, the namespace and the credentials of its user', () => {
  const access = accessOf(
    parseKubeconfig([file(config('token: abc', 'server: "https://h:1/base/", tls-server-name: api'))]),
  );
  assert.equal(access.server, 'https://h:1/base');
  assert.equal(access.namespace, 'shop');
  assert.equal(access.serverName, 'api');
  assert.deepEqual(access.bearer, { kind: 'token', token: 'abc' });
});

test('inline data wins over files, and file paths are relative to their kubeconfig', () => {
  const pem = Buffer.from('PEM').toString('base64');
  const access = accessOf(
    parseKubeconfig([
      file(
        config(
          'client-certificate: me.crt, client-key: /abs/me.key',
          `server: "https://h", certificate-authority-data: ${pem}`,
        ),
      ),
    ]),
  );
  assert.deepEqual(access.ca, { text: 'PEM' });
  assert.deepEqual(access.certificate, { cert: { file: '/etc/kube/me.crt' }, key: { file: '/abs/me.key' } });
});

test('in a list of files the first that names a thing wins, and current-context comes from the first that sets it', () => {
  const first = 'clusters: [{name: c, cluster: {server: "https://first"}}]';
  const merged = parseKubeconfig([file(first), file(''), file(config('token: t'))]);
  assert.equal(merged.currentContext, 'main');
  assert.equal(accessOf(merged).server, 'https://first');
});

test('a token file wins over a token, exec over both', () => {
  const both = accessOf(parseKubeconfig([file(config('token: t, tokenFile: tok'))]));
  assert.deepEqual(both.bearer, { kind: 'tokenFile', file: '/etc/kube/tok' });
  const exec =
    'token: t, exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login, interactiveMode: Never}';
  const { bearer } = accessOf(parseKubeconfig([file(config(exec))]));
  assert.equal(bearer.kind === 'exec' && bearer.plugin.command, '/etc/kube/login');
});

test('what cannot be used is refused with the name of what is wrong', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['[1]', /not a kubeconfig/],
    ['a: [', /not YAML/],
    ['clusters: {}', /clusters must be a list/],
    ['clusters: [{}]', /a cluster has no name/],
    ['current-context: gone', /no context gone; there are: none/],
    ['contexts: []', /no current-context/],
    [config('token: t', 'server: h'), /server must be a URL/],
    [
      config('token: t', 'server: https://h, proxy-url: socks5://p:1080'),
      /proxy-url "socks5:\/\/p:1080" is not supported/,
    ],
    [config('token: t', 'server: https://h, proxy-url: p'), /proxy-url "p" is not supported/],
    [config('token: t').replace('cluster: c', 'cluster: x'), /no known cluster \(x\)/],
    [config('token: t').replace('user: u,', 'user: x,'), /no known user \(x\)/],
    [config('client-key: k'), /needs its key/],
    [config('auth-provider: {name: gcp}'), /use exec/],
    [config('exec: {apiVersion: client.authentication.k8s.io/v1}'), /exec needs a command/],
    [config('exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}'), /not supported/],
    [
      config('exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}'),
      /wants a terminal/,
    ],
  ];
  for (const [text, message] of wrong)
    assert.throws(
      () => accessOf(parseKubeconfig([file(text)])),
      (error) => means(error, 'config') && message.test(error.message),
      text,
    );
});

test('KUBECONFIG lists files that need not exist; an explicit file must', async (t) => {
  const home = await folder(t);
  await writeFile(join(home, 'b'), config('token: t'));
  const env = { KUBECONFIG: `${join(home, 'a')}:${join(home, 'b')}`, HOME: home };
  assert.equal((await loadAccess({ env })).namespace, 'shop');
  await assert.rejects(loadAccess({ env, kubeconfig: join(home, 'a') }), /no such file/);
  await assert.rejects(loadAccess({ env, context: 'other' }), /no context other/);
});

test('without a kubeconfig a pod uses its service account, and anything else is told where we looked', async (t) => {
  const home = await folder(t);
  const account = join(home, 'account');
  await mkdir(account);
  for (const [name, text] of [
    ['token', 'tok\n'],
    ['namespace', 'ops'],
    ['ca.crt', 'CA'],
  ] as const)
    await writeFile(join(account, name), text);
  const pod = { HOME: home, KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };
  const access = await loadAccess({ env: pod, serviceAccountFolder: account });
  assert.deepEqual([access.server, access.namespace], ['https://[fd00::1]:443', 'ops']);
  const identity = await credentialsFor(access, handClock()).current(signal);
  assert.deepEqual([identity.headers, identity.tls.ca], [{ authorization: 'Bearer tok' }, 'CA']);
  await assert.rejects(loadAccess({ env: { HOME: home }, serviceAccountFolder: account }), /no cluster/);
});

const BARE: ClusterAccess = accessOf(parseKubeconfig([file(config(''))]));

test('a token file is read again after a minute, and at once after a refusal', async (t) => {
  const path = join(await folder(t), 'token');
  const clock = handClock();
  const credentials = credentialsFor({ ...BARE, bearer: { kind: 'tokenFile', file: path } }, clock);
  const token = async (): Promise<unknown> => (await credentials.current(signal)).headers.authorization;
  await writeFile(path, 'one');
  assert.equal(await token(), 'Bearer one');
  await writeFile(path, 'two');
  clock.wind(59_000);
  assert.equal(await token(), 'Bearer one');
  clock.wind(2000);
  assert.equal(await token(), 'Bearer two');
  await writeFile(path, 'three');
  credentials.forget();
  assert.equal(await token(), 'Bearer three');
  await writeFile(path, ' ');
  credentials.forget();
  await assert.rejects(token(), /no token in it/);
});

async function plugin(t: TestContext, script: string): Promise<ClusterAccess> {
  const command = join(await folder(t), 'login');
  await writeFile(command, `#!${process.execPath}\n${script}`);
  await chmod(command, 0o755);
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command, args: ['--for', 'x'], env: { EXTRA: 'y' } };
  return { ...BARE, bearer: { kind: 'exec', plugin: { ...exec, installHint: 'get it', provideClusterInfo: true } } };
}

test('an exec plugin is asked once for all callers, and again only shortly before its token expires', async (t) => {
  const clock = handClock(0, 1_000_000);
  const access = await plugin(
    t,
    `const info = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
     const token = [process.argv.slice(2).join(' '), process.env.EXTRA, info.spec.cluster.server, process.pid].join(' ');
     console.log(JSON.stringify({ apiVersion: info.apiVersion, kind: 'ExecCredential',
       status: { token, expirationTimestamp: new Date(1_000_000 + 60_000).toISOString() } }));`,
  );
  const credentials = credentialsFor(access, clock);
  const token = async (): Promise<string> => String((await credentials.current(signal)).headers.authorization);
  const [first, second] = await Promise.all([token(), token()]);
  assert.match(first, /^Bearer --for x y https:\/\/10\.0\.0\.1:6443 \d+$/);
  assert.equal(first, second);
  clock.wind(49_000);
  assert.equal(await token(), first);
  clock.wind(2000);
  assert.notEqual(await token(), first);
});

test('a plugin that is missing, fails or talks nonsense is named with its own words', async (t) => {
  const clock = handClock();
  const failing = await plugin(t, 'console.error("log in first"); process.exit(3)');
  await assert.rejects(credentialsFor(failing, clock).current(signal), /log in first/);
  const silent = await plugin(t, 'console.log("{}")');
  await assert.rejects(credentialsFor(silent, clock).current(signal), /answered nothing/);
  const babbling = await plugin(t, 'console.log("hello")');
  await assert.rejects(credentialsFor(babbling, clock).current(signal), /printed no ExecCredential/);
  assert.ok(failing.bearer.kind === 'exec');
  const missing: ClusterAccess = {
    ...BARE,
    bearer: { kind: 'exec', plugin: { ...failing.bearer.plugin, command: '/nowhere/login' } },
  };
  await assert.rejects(credentialsFor(missing, clock).current(signal), /not found: get it/);
});

test('impersonation is sent with every request', async () => {
  const impersonate = { user: 'jane', uid: undefined, groups: ['a', 'b'], extra: { Scopes: ['v'] } };
  const { headers } = await credentialsFor({ ...BARE, impersonate }, handClock()).current(signal);
  assert.deepEqual(headers, {
    'impersonate-user': 'jane',
    'impersonate-group': ['a', 'b'],
    'impersonate-extra-scopes': ['v'],
  });
});
