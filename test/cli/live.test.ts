// Commands that read a live cluster: what they judge is what is stored there.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { progressOn } from '../../src/cli/progress.ts';
import { readCluster } from '../../src/cli/live/read-cluster.ts';
import { createClient, KubeError, loadAccess } from '../../src/kube/index.ts';
import { root } from '../docs/page.ts';
import { at } from '../at.ts';
import { type DevServer, startDev } from './dev-server.ts';
import { lattice } from './testing.ts';

const POSTGRES = join(root, 'examples/postgres');
const PLURALS: Readonly<Record<string, string>> = {
  AuthorizationPolicy: 'security.istio.io/v1/namespaces/orders/authorizationpolicies',
  CiliumNetworkPolicy: 'cilium.io/v2/namespaces/orders/ciliumnetworkpolicies',
  NetworkPolicy: 'networking.k8s.io/v1/namespaces/orders/networkpolicies',
};

/** A cluster with the declarations of the example, and what they compile to when `enforced`. */
async function cluster(t: TestContext, enforced: boolean, more = ''): Promise<DevServer> {
  const server = await startDev(t, more === '' ? [POSTGRES] : [POSTGRES, '-'], { operator: false }, more);
  if (!enforced) return server;
  const compiled: unknown = JSON.parse((await lattice(['compile', POSTGRES, '-o', 'json'])).stdout);
  const items = at(compiled, 'items');
  assert.ok(Array.isArray(items));
  for (const item of items) await store(server, item);
  return server;
}

async function store(server: DevServer, object: unknown): Promise<void> {
  const plural = PLURALS[String(at(object, 'kind'))];
  assert.ok(plural !== undefined);
  const { status, body } = await server.send('POST', `/apis/${plural}`, object);
  assert.equal(status, 201, JSON.stringify(body));
}

const OPEN = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'open', namespace: 'orders' },
  spec: { podSelector: {}, ingress: [{}], policyTypes: ['Ingress'] },
};

test('verify proves what is stored in the cluster, not what would be compiled', async (t) => {
  const server = await cluster(t, false);
  const live = ['verify', '--kubeconfig', server.kubeconfig];
  const empty = await lattice(live);
  assert.equal(empty.code, 1);
  assert.match(empty.stdout, /denied +allowed +cilium-egress +NoPolicy/);
  assert.equal((await lattice(['verify', POSTGRES])).code, 0);
});

test('verify of a cluster that holds exactly the compiled objects proves it; without one of them it does not', async (t) => {
  const server = await cluster(t, true);
  const live = ['verify', '--kubeconfig', server.kubeconfig, '-o', 'json'];
  assert.equal((await lattice(live)).code, 0);
  const path = `/apis/${PLURALS['AuthorizationPolicy']}`;
  const { body } = await server.send('GET', path);
  await server.send('DELETE', `${path}/${String(at(body, 'items', 0, 'metadata', 'name'))}`);
  const { code, stdout } = await lattice(live);
  assert.equal(code, 1);
  assert.match(stdout, /"door": "ztunnel"/);
});

test('a policy of another author that widens ours is named by verify and by lint', async (t) => {
  const server = await cluster(t, true);
  await store(server, OPEN);
  const live = ['--kubeconfig', server.kubeconfig];
  const proof = await lattice(['verify', ...live]);
  assert.equal(proof.code, 1);
  assert.match(proof.stdout, /denied +allowed +cilium-ingress +NetworkPolicy orders\/open/);
  assert.match((await lattice(['lint', ...live])).stdout, /warning ForeignPolicyWidens: NetworkPolicy orders\/open/);
});

test('explain follows the flow through the objects of the cluster', async (t) => {
  const server = await cluster(t, true);
  const ask = ['explain', 'report', 'orders-db', '--kubeconfig', server.kubeconfig];
  const before = await lattice(ask);
  assert.deepEqual([before.code, /allowed +at orders\/orders-db/.test(before.stdout)], [0, true]);
  const path = `/apis/${PLURALS['CiliumNetworkPolicy']}`;
  const { body } = await server.send('GET', path);
  const items = at(body, 'items');
  assert.ok(Array.isArray(items));
  const own = items
    .map((item) => String(at(item, 'metadata', 'name')))
    .filter((name) => /^lattice-report-[0-9a-f]+$/.test(name));
  assert.equal(own.length, 1);
  await server.send('DELETE', `${path}/${own[0]}`);
  const after = await lattice(ask);
  assert.equal(after.code, 1);
  assert.match(after.stdout, /cilium-egress +denied +at orders\/report, port 15008: DefaultDeny/);
  assert.match(after.stdout, /both sides agree, but the objects that were judged do not let it through/);
});

test('graph, query, lint, compile and config read a cluster as they read its files', async (t) => {
  const server = await cluster(t, false);
  for (const [command = '', ...more] of [['graph'], ['query'], ['lint'], ['compile'], ['config']]) {
    const files = await lattice([command, ...more, POSTGRES]);
    const live = await lattice([command, ...more, '--kubeconfig', server.kubeconfig]);
    assert.equal(live.code, files.code, command);
    if (command !== 'lint') assert.equal(live.stdout, files.stdout, command);
  }
});

test("the engines' own configuration is used, and what does not fit it is said", async (t) => {
  const config = `
apiVersion: v1
kind: ConfigMap
metadata: {name: cilium-config, namespace: kube-system}
data: {cluster-name: east, policy-audit-mode: "true", cni-exclusive: "true"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |
    trustDomain: example.org
    rootNamespace: istio-config
`;
  const server = await cluster(t, false, config);
  const live = ['--kubeconfig', server.kubeconfig];
  const { stdout } = await lattice(['compile', ...live]);
  assert.match(stdout, /example\.org\/ns\/orders\/sa\//);
  assert.match(stdout, /k8s:io\.cilium\.k8s\.policy\.cluster: east/);
  const linted = (await lattice(['lint', ...live, '--cluster-name', 'west'])).stdout;
  assert.match(linted, /error EngineSetting: cilium-config says policy-audit-mode: "true"/);
  assert.match(linted, /warning EngineSetting: cilium-config says cni-exclusive: "true"/);
  assert.match(linted, /error FlagDiffers: --cluster-name says "west", and the cluster says "east"/);
});

test('a kind that the server does not have is said once, and is no error', async (t) => {
  const server = await cluster(t, true);
  const { code, stderr } = await lattice(['verify', '--kubeconfig', server.kubeconfig]);
  assert.equal(code, 0);
  assert.match(
    stderr,
    /^info KindNotServed: the server has no Gateway .*CiliumClusterwideNetworkPolicy.*so there are none$/m,
  );
});

test('what may not be read is named with the right that is missing, and everything else is read', async (t) => {
  const server = await cluster(t, false);
  const client = createClient(await loadAccess({ kubeconfig: server.kubeconfig, env: {} }));
  t.after(() => client.close());
  const limited: typeof client = {
    ...client,
    list: (kind, call) =>
      kind.kind === 'Pod' ? Promise.reject(new KubeError('forbidden', 'pods is forbidden')) : client.list(kind, call),
  };
  const silent = progressOn({
    stdin: () => Promise.resolve(Buffer.from('')),
    stdout: () => undefined,
    stderr: () => undefined,
    colour: { stdout: false, stderr: false },
    interactive: false,
  });
  const { findings, declarations } = await readCluster(limited, new AbortController().signal, silent);
  const [refused] = findings.filter(({ code }) => code === 'ReadForbidden');
  assert.match(refused?.message ?? '', /^pods may not be read/);
  assert.match(refused?.fix ?? '', /--verb=get,list --resource=pods$/);
  assert.equal(declarations.length, 3);
});

test('PATHs and a cluster exclude each other; no way to a cluster is bad usage in one line', async (t) => {
  const server = await cluster(t, false);
  const nowhere = join(dirname(server.kubeconfig), 'nowhere');
  const text = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'a',
    contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
    clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'a', user: { token: 'never-shown' } }],
  });
  writeFileSync(nowhere, text);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [
      ['verify', POSTGRES, '--kubeconfig', server.kubeconfig],
      /^lattice: takes PATHs, or --context and --kubeconfig, not both\n$/,
    ],
    [
      ['verify', '--kubeconfig', server.kubeconfig, '--context', 'nope'],
      /^lattice: .*no context nope; there are: lattice\n$/,
    ],
    [['graph', '--kubeconfig', '/does/not/exist'], /^lattice: .*no such file\n$/],
    [['lint', '--kubeconfig', nowhere], /^lattice: the cluster cannot be read: .+\n$/],
    [['verify'], /^lattice: needs a PATH: .*--context for a live cluster\n$/],
  ];
  for (const [argv, said] of cases) {
    const { code, stdout, stderr } = await lattice(argv);
    assert.deepEqual([code, stdout], [2, ''], argv.join(' '));
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /never-shown/);
  }
});
