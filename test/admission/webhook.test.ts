import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, suite, test } from 'node:test';
import { Agent, Client, request } from 'undici';
import { WEBHOOK_CONFIGURATION } from '../../src/operator/admission/kinds.ts';
import { handClock } from '../../src/kube/testing/hand-clock.ts';
import { text } from '../controlplane/talk.ts';
import { CONFIGURATION, type Replicas, SERVICE, startReplicas } from './replicas.ts';

const DAY = 24 * 60 * 60 * 1000;
const SERVICES = '/apis/lattice.dev/v1alpha1/namespaces/default/latticeservices';
const cart = (spec: object): object => ({
  apiVersion: 'lattice.dev/v1alpha1',
  kind: 'LatticeService',
  metadata: { name: 'cart' },
  spec,
});

suite('the admission webhook, asked by an API server', () => {
  const clock = handClock(0, Date.now());
  let replicas: Replicas;
  before(async () => {
    replicas = await startReplicas(2, clock);
    await replicas.settled();
  });
  after(() => replicas.close());

  test('two replicas that start at once make one authority, and the API server trusts both', async () => {
    const { 'ca.crt': bundle = '' } = await replicas.secret();
    assert.equal(bundle.match(/BEGIN CERTIFICATE/g)?.length, 1);
    // Fail is set here: an answer of either proves that its certificate is trusted.
    for (let i = 0; i < 4; i++) {
      await replicas.talk.must('POST', `${SERVICES}?dryRun=All`, cart({ selector: { matchLabels: { app: 'cart' } } }));
    }
  });

  test('what the schema of the API server cannot tell is refused with the code, the place and the fix', async () => {
    const { status, body } = await replicas.talk.send(
      'POST',
      SERVICES,
      cart({ selector: { matchLabels: { host: 'a' } } }),
    );
    assert.equal(status, 422, JSON.stringify(body));
    assert.match(
      text(body.message),
      /^admission webhook "declarations\.lattice\.dev" denied the request: spec: LabelSwitchesCilium: .*\(fix: .+\)$/,
    );
  });

  test('a bundle that someone overwrote is written again', async () => {
    const path = '/webhooks/0/clientConfig/caBundle';
    const patch = [{ op: 'replace', path, value: '' }] as const;
    await replicas.client.jsonPatch(WEBHOOK_CONFIGURATION, { name: CONFIGURATION }, patch, {
      signal: new AbortController().signal,
    });
    assert.equal(await replicas.bundle(), '');
    await replicas.settled();
  });

  test('other routes, methods, bodies and sizes are refused, and nothing of it breaks the server', async () => {
    const { 'ca.crt': ca = '' } = await replicas.secret();
    const agent = new Agent({ connect: { ca, servername: `${SERVICE.name}.${SERVICE.namespace}.svc` } });
    const ask = async (path: string, method: 'GET' | 'POST', body: string | null, type: string): Promise<number> => {
      const origin = `https://127.0.0.1:${replicas.admissions[0]?.port}`;
      const headers = { 'content-type': type };
      const answer = await request(`${origin}${path}`, { method, body, headers, dispatcher: agent });
      await answer.body.dump();
      return answer.statusCode;
    };
    const json = 'application/json';
    assert.equal(await ask('/', 'GET', null, json), 404);
    assert.equal(await ask('/validate', 'GET', null, json), 405);
    assert.equal(await ask('/validate', 'POST', '{}', 'text/plain'), 415);
    assert.equal(await ask('/validate', 'POST', '{', json), 400);
    assert.equal(await ask('/validate', 'POST', '{}', json), 400);
    assert.equal(await ask('/validate', 'POST', 'x'.repeat(8 * 1024 * 1024), json), 413);
    assert.equal(await ask('/', 'GET', null, json), 404);
    await agent.close();
  });
});

test('a certificate is renewed without one refused call or broken connection', async () => {
  const real = Date.now();
  // What is made 75 and 14 days ago is valid for TLS today.
  const clock = handClock(0, real - 75 * DAY);
  const replicas = await startReplicas(2, clock);
  try {
    await replicas.settled();
    const refused = async (): Promise<void> => {
      const { body } = await replicas.talk.send('POST', SERVICES, cart({ selector: { matchLabels: { host: 'a' } } }));
      assert.match(text(body.message), /denied the request/);
    };
    const { 'ca.crt': ca = '', 'tls.crt': first } = await replicas.secret();
    const servername = `${SERVICE.name}.${SERVICE.namespace}.svc`;
    const kept = new Client(`https://127.0.0.1:${replicas.admissions[0]?.port}`, { connect: { ca, servername } });
    let connections = 0;
    kept.on('connect', () => connections++);
    const useIt = async (): Promise<void> => {
      const { statusCode, body } = await kept.request({ path: '/', method: 'GET' });
      await body.dump();
      assert.equal(statusCode, 404);
    };
    await useIt();
    await refused();
    clock.setWall(real - 14 * DAY);
    await clock.until(2);
    await Promise.all([replicas.settled(), refused(), refused(), refused()]);
    await refused();
    assert.notEqual((await replicas.secret())['tls.crt'], first);
    await useIt();
    assert.equal(connections, 1, 'the connection from before is still the same');
    await kept.close();
  } finally {
    await replicas.close();
  }
});

test('over a year the API server trusts what replicas show at every moment, and an authority is renewed', async () => {
  const begin = Date.now() - 400 * DAY;
  const clock = handClock(0, begin);
  const replicas = await startReplicas(2, clock);
  try {
    await replicas.settled();
    const { 'ca.crt': ca = '' } = await replicas.secret();
    let bundle = ca;
    let both = 0;
    for (let day = 0; day < 370; day += 10) {
      clock.setWall(begin + day * DAY);
      // Before anybody has looked again.
      for (const index of replicas.admissions.keys()) {
        const leaf = new X509Certificate(await replicas.shown(index));
        assert.ok(leaf.validToDate.getTime() > clock.wall(), `day ${day}: expired`);
        assert.ok(
          authoritiesIn(bundle).some((authority) => leaf.verify(authority.publicKey)),
          `day ${day}: untrusted`,
        );
      }
      await clock.until(2);
      await replicas.settled();
      bundle = await replicas.bundle();
      if (authoritiesIn(bundle).length > 1) both++;
    }
    assert.ok(both > 0, 'no overlap was seen');
    assert.ok(!bundle.includes(ca), 'the first authority is still trusted');
  } finally {
    await replicas.close();
  }
});

const authoritiesIn = (bundle: string): readonly X509Certificate[] =>
  (bundle.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map((pem) => new X509Certificate(pem));
