import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { ClusterAccess } from '../config/index.ts';
import { means, KubeError, type Meaning } from '../errors.ts';
import { at } from '../json.ts';
import type { KubeObject } from '../object.ts';
import { issueCertificate } from '../testing/certificate.ts';
import { handClock } from '../testing/hand-clock.ts';
import { configMap, CONFIG_MAP, DEPLOYMENT, NODE } from '../testing/kinds.ts';
import { mockServer, type MockServer } from '../testing/mock-server.ts';
import { tunnels } from '../testing/tunnels.ts';
import { createClient, type Client, type ClientOptions } from './client.ts';

const signal = new AbortController().signal;
const call = { signal };

async function setUp(
  t: TestContext,
  options: ClientOptions = {},
): Promise<{ readonly server: MockServer; readonly client: Client }> {
  const server = await mockServer();
  const client = createClient(server.access(), { random: () => 0, ...options });
  t.after(async () => {
    await client.close();
    await server.close();
  });
  return { server, client };
}

function meaning(wanted: Meaning): (error: unknown) => boolean {
  return (error) => means(error, wanted);
}

test('what is created can be read, found, replaced and deleted', async (t) => {
  const { client } = await setUp(t);
  const made = await client.create(CONFIG_MAP, configMap('shop/a', { k: '1' }), call);
  assert.equal(made.metadata.name, 'a');
  const read = await client.read(CONFIG_MAP, { namespace: 'shop', name: 'a' }, call);
  assert.deepEqual(read, made);
  const next = { ...read, data: { k: '2' } };
  const replaced = await client.replace(CONFIG_MAP, next, call);
  await assert.rejects(client.replace(CONFIG_MAP, next, call), meaning('conflict'));
  await assert.rejects(client.create(CONFIG_MAP, configMap('shop/a'), call), meaning('alreadyExists'));
  const uid = replaced.metadata.uid ?? '';
  await assert.rejects(client.delete(CONFIG_MAP, read.metadata, { signal, uid: 'other' }), meaning('conflict'));
  await client.delete(CONFIG_MAP, read.metadata, { signal, uid });
  assert.equal(await client.find(CONFIG_MAP, read.metadata, call), undefined);
  await assert.rejects(client.read(CONFIG_MAP, read.metadata, call), meaning('notFound'));
});

test('a request that waits for a connection ends with its client, and is not tried again', {
  timeout: 60_000,
}, async (t) => {
  const silent = createServer();
  const taken = once(silent, 'connection');
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const address = silent.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { server } = await setUp(t);
  const client = createClient({ ...server.access(), server: `https://127.0.0.1:${port}`, insecure: true });
  const asked = assert.rejects(client.raw('/version', call), meaning('unreachable'));
  const socket: unknown = (await taken)[0];
  await client.close();
  await asked;
  assert.ok(socket instanceof Socket);
  socket.destroy();
  silent.close();
});

test('apply is strict, forced only when asked, by the manager lattice, and names whose field it is', async (t) => {
  const { server, client } = await setUp(t);
  await client.apply(CONFIG_MAP, configMap('shop/a', { mine: '1' }), call);
  const request = server.requests.at(-1);
  assert.equal(request?.headers['content-type'], 'application/apply-patch+yaml');
  assert.equal(request?.query.toString(), 'fieldManager=lattice&fieldValidation=Strict&force=false');
  server.put(CONFIG_MAP, configMap('shop/a', { mine: 'theirs' }), 'kubectl');
  await assert.rejects(client.apply(CONFIG_MAP, configMap('shop/a', { mine: '1' }), call), (error) => {
    assert.ok(means(error, 'fieldConflict'));
    assert.deepEqual(
      error.causes.map(({ field }) => field),
      ['.data.mine'],
    );
    return true;
  });
  const taken = await client.apply(CONFIG_MAP, configMap('shop/a', { mine: '1' }), { signal, force: true });
  assert.equal(at(taken, 'data', 'mine'), '1');
});

test('a dry run stores nothing', async (t) => {
  const { server, client } = await setUp(t);
  await client.apply(CONFIG_MAP, configMap('shop/a'), { signal, dryRun: true });
  assert.equal(server.get(CONFIG_MAP, 'shop/a'), undefined);
});

test('merge patch, JSON patch, status and scale change what they name', async (t) => {
  const { server, client } = await setUp(t);
  const ref = { namespace: 'shop', name: 'web' };
  server.put(DEPLOYMENT, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: ref,
    spec: { replicas: 1, paused: true },
  });
  await client.mergePatch(DEPLOYMENT, ref, { spec: { paused: null } }, call);
  await client.jsonPatch(DEPLOYMENT, ref, [{ op: 'replace', path: '/spec/replicas', value: 2 }], call);
  await client.mergePatch(DEPLOYMENT, ref, { status: { replicas: 2 } }, { signal, subresource: 'status' });
  assert.equal(server.requests.at(-1)?.path, '/apis/apps/v1/namespaces/shop/deployments/web/status');
  const scaled = await client.scale(DEPLOYMENT, ref, 5, call);
  assert.deepEqual([scaled.replicas, scaled.observed, scaled.selector], [5, 2, 'app=web']);
  assert.equal((await client.readScale(DEPLOYMENT, ref, call)).replicas, 5);
  assert.deepEqual(at(server.get(DEPLOYMENT, 'shop/web'), 'spec'), { replicas: 5 });
});

test('a list comes page by page, each object once, with selectors on every page', async (t) => {
  const { server, client } = await setUp(t);
  for (let i = 0; i < 7; i++) server.put(CONFIG_MAP, configMap(`shop/m${i}`, {}, { app: i === 3 ? 'other' : 'web' }));
  server.put(CONFIG_MAP, configMap('data/m0', {}, { app: 'web' }));
  const sizes: number[] = [];
  for await (const page of client.pages(CONFIG_MAP, {
    signal,
    namespace: 'shop',
    labelSelector: 'app=web',
    pageSize: 4,
  }))
    sizes.push(page.items.length);
  assert.deepEqual(sizes, [4, 2]);
  const all = await client.list(CONFIG_MAP, { signal, pageSize: 3 });
  assert.deepEqual(new Set(all.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)).size, 8);
});

test('a list whose snapshot is compacted away is expired, not short', async (t) => {
  const { server, client } = await setUp(t);
  for (let i = 0; i < 3; i++) server.put(CONFIG_MAP, configMap(`shop/m${i}`));
  const pages = client.pages(CONFIG_MAP, { signal, pageSize: 2 });
  await pages.next();
  server.put(CONFIG_MAP, configMap('shop/z'));
  server.store.compact();
  await assert.rejects(pages.next(), meaning('expired'));
});

test('connections are kept and shared: many requests need few', async (t) => {
  const { server, client } = await setUp(t);
  for (let i = 0; i < 50; i++) await client.find(NODE, { name: 'n' }, call);
  assert.ok(server.connections <= 2, `${server.connections} connections`);
  await Promise.all(Array.from({ length: 100 }, () => client.find(NODE, { name: 'n' }, call)));
  // A connection is free a moment after its request: a few more than the 32 in flight.
  assert.ok(server.connections <= 64, `${server.connections} connections`);
});

test('a throttled request waits as long as the server says, then succeeds', async (t) => {
  const clock = handClock();
  const { server, client } = await setUp(t, { clock });
  let refusals = 2;
  server.onRequest(() => (refusals-- > 0 ? { kind: 'status', code: 429, retryAfter: '3' } : undefined));
  const made = client.create(CONFIG_MAP, configMap('shop/a'), call);
  for (let i = 0; i < 2; i++) {
    await clock.until(1);
    assert.deepEqual(clock.waiting(), [3000]);
    clock.windToNext();
  }
  assert.equal((await made).metadata.name, 'a');
  assert.equal(server.requests.length, 3);
});

test('a lost answer is repeated for an apply, which may be done twice, and not for a create', async (t) => {
  const clock = handClock();
  const { server, client } = await setUp(t, { clock });
  let losses = 2;
  server.onRequest(() => (losses-- > 0 ? { kind: 'lose answer' } : undefined));
  await assert.rejects(client.create(CONFIG_MAP, configMap('shop/a'), call), meaning('unreachable'));
  const done = client.apply(CONFIG_MAP, configMap('shop/b'), call);
  await clock.until(1);
  clock.windToNext();
  await done;
  assert.deepEqual(
    server.requests.map(({ method }) => method),
    ['POST', 'PATCH', 'PATCH'],
  );
});

test('a cut-off answer and an answer that is no Kubernetes object are errors, not objects', async (t) => {
  const { server, client } = await setUp(t, { maxAttempts: 1 });
  server.put(NODE, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
  server.onRequest(({ path }) => (path.endsWith('/n') ? { kind: 'truncate' } : undefined));
  await assert.rejects(client.read(NODE, { name: 'n' }, call), meaning('unreachable'));
  server.onRequest(({ path }) => (path.endsWith('/html') ? { kind: 'status', code: 200, body: '<html>' } : undefined));
  await assert.rejects(client.read(NODE, { name: 'html' }, call), meaning('malformed'));
  server.onRequest(({ path }) =>
    path.endsWith('/other') ? { kind: 'status', code: 200, body: '{"a":1}' } : undefined,
  );
  await assert.rejects(client.read(NODE, { name: 'other' }, call), meaning('malformed'));
});

test('aborting ends a request that is never answered, one that waits its turn, and one that waits to be repeated', async (t) => {
  const clock = handClock();
  const { server, client } = await setUp(t, { clock, maxInFlight: 1 });
  server.onRequest(({ path }) => (path.endsWith('/frozen') ? { kind: 'freeze' } : undefined));
  const first = new AbortController();
  const frozen = client.read(NODE, { name: 'frozen' }, { signal: first.signal });
  const second = new AbortController();
  const queued = client.read(NODE, { name: 'queued' }, { signal: second.signal });
  await server.until(({ path }) => path.endsWith('/frozen'));
  second.abort();
  await assert.rejects(queued, meaning('aborted'));
  first.abort();
  await assert.rejects(frozen, meaning('aborted'));
  server.onRequest(() => ({ kind: 'status', code: 429 }));
  const third = new AbortController();
  const waiting = client.read(NODE, { name: 'n' }, { signal: third.signal });
  await clock.until(1);
  third.abort();
  await assert.rejects(waiting, meaning('aborted'));
});

test('every verb can be called off: it says so, and sends nothing that it has not sent', async (t) => {
  const { server, client } = await setUp(t);
  const gone = { signal: AbortSignal.abort() };
  const [ref, object] = [{ namespace: 'shop', name: 'a' }, configMap('shop/a')];
  for (const verb of [
    () => client.read(CONFIG_MAP, ref, gone),
    () => client.find(CONFIG_MAP, ref, gone),
    () => client.list(CONFIG_MAP, gone),
    () => client.pages(CONFIG_MAP, gone).next(),
    () => client.create(CONFIG_MAP, object, gone),
    () => client.replace(CONFIG_MAP, object, gone),
    () => client.apply(CONFIG_MAP, object, gone),
    () => client.mergePatch(CONFIG_MAP, ref, {}, gone),
    () => client.jsonPatch(CONFIG_MAP, ref, [], gone),
    () => client.delete(CONFIG_MAP, ref, gone),
    () => client.readScale(DEPLOYMENT, ref, gone),
    () => client.scale(DEPLOYMENT, ref, 1, gone),
    () => client.raw('/version', gone),
    () => client.stream('/version', gone),
  ])
    await assert.rejects(verb, meaning('aborted'), String(verb));
  assert.deepEqual(server.requests, []);
});

test('a fence holds back every write and no read', async (t) => {
  let fenced = false;
  const fence = (): void => {
    if (fenced) throw new KubeError('fenced', 'lost');
  };
  const { server, client } = await setUp(t, { fence });
  await client.create(CONFIG_MAP, configMap('shop/a'), call);
  fenced = true;
  const ref = { namespace: 'shop', name: 'a' };
  await assert.rejects(client.apply(CONFIG_MAP, configMap('shop/a', { x: '1' }), call), meaning('fenced'));
  await assert.rejects(client.delete(CONFIG_MAP, ref, call), meaning('fenced'));
  assert.equal((await client.read(CONFIG_MAP, ref, call)).metadata.name, 'a');
  assert.deepEqual(
    server.requests.map(({ method }) => method),
    ['POST', 'GET'],
  );
});

test('a refused token is renewed once', async (t) => {
  const { server } = await setUp(t);
  let served = 0;
  server.onRequest(({ headers }) => {
    served += 1;
    return headers.authorization === 'Bearer t' && served === 1 ? { kind: 'status', code: 401 } : undefined;
  });
  const client = createClient(server.access({ bearer: { kind: 'token', token: 't' } }));
  t.after(() => client.close());
  assert.equal(await client.find(NODE, { name: 'n' }, call), undefined);
  assert.equal(served, 2);
  server.onRequest(() => ({ kind: 'status', code: 401 }));
  await assert.rejects(client.read(NODE, { name: 'n' }, call), meaning('unauthorized'));
  assert.equal(served, 4);
});

test('TLS: the server must be signed by the cluster, and the client shows its certificate', async (t) => {
  const authority = await issueCertificate('authority');
  const serving = await issueCertificate('kube', authority, ['127.0.0.1']);
  const me = await issueCertificate('me', authority);
  const server = await mockServer({ tls: { ...serving, ca: authority.cert, requestCert: true } });
  t.after(() => server.close());
  const certificate = { cert: { text: me.cert }, key: { text: me.key } };
  const ask = async (access: Partial<ClusterAccess>): Promise<KubeObject | undefined> => {
    const client = createClient(server.access(access), { maxAttempts: 1 });
    t.after(() => client.close());
    return client.find(NODE, { name: 'n' }, call);
  };
  assert.equal(await ask({ ca: { text: authority.cert }, certificate }), undefined);
  await assert.rejects(ask({ ca: { text: authority.cert } }), meaning('unreachable'));
  await assert.rejects(ask({ certificate }), meaning('unreachable'));
  assert.equal(await ask({ insecure: true, certificate }), undefined);
});

test('with a proxy every connection is a tunnel through it, and TLS still ends at the server', async (t) => {
  const authority = await issueCertificate('authority');
  const serving = await issueCertificate('kube', authority, ['127.0.0.1']);
  const server = await mockServer({ tls: { ...serving, ca: authority.cert, requestCert: false } });
  const proxy = await tunnels();
  t.after(() => Promise.all([server.close(), proxy.close()]));
  const ask = async (access: Partial<ClusterAccess>): Promise<KubeObject | undefined> => {
    const client = createClient(server.access({ ca: { text: authority.cert }, ...access }), { maxAttempts: 1 });
    t.after(() => client.close());
    return client.find(NODE, { name: 'n' }, call);
  };
  assert.equal(await ask({ proxyUrl: proxy.url }), undefined);
  assert.deepEqual(proxy.asked, [new URL(server.url).host]);
  await assert.rejects(ask({ proxyUrl: proxy.url, ca: undefined }), meaning('unreachable'));
  await proxy.close();
  await assert.rejects(ask({ proxyUrl: proxy.url }), meaning('unreachable'));
});

test('a base path of the server stays in front of every request', async (t) => {
  const { server } = await setUp(t);
  const client = createClient(server.access({ server: `${server.url}/k8s/clusters/c-1` }));
  t.after(() => client.close());
  await assert.rejects(client.read(NODE, { name: 'n' }, call), meaning('notFound'));
  assert.equal(server.requests.at(-1)?.path, '/k8s/clusters/c-1/api/v1/nodes/n');
});
