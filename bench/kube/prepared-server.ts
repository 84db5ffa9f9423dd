// The other end of the measurement: serves prepared bytes over TLS, so that the client is what is measured.
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import { issueCertificate } from '../../src/kube/testing/certificate.ts';
import { podJson } from './pods.ts';

const PODS = Number(process.argv[2] ?? 10_000);
const EVENTS = Number(process.argv[3] ?? 50_000);
/** Seven digits, and so are all that follow. */
const VERSION = 1_000_000;
const BATCH_BYTES = 256 * 1024;

const pods = Array.from({ length: PODS }, (_, i) => Buffer.from(podJson(i, VERSION - PODS + i)));
const updates: Buffer[] = [];
const authority = await issueCertificate('bench');
const { cert, key } = await issueCertificate('bench-server', authority, ['127.0.0.1']);

const server = createServer({ cert, key }, (request, response) => {
  const { searchParams: query } = new URL(request.url ?? '/', 'http://bench');
  const answering = query.get('watch') === '1' ? watch(query, response) : list(query, response);
  answering.catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  process.stdout.write(
    `${JSON.stringify({ url: `https://127.0.0.1:${port}`, ca: authority.cert, bytes: pods[0]?.length })}\n`,
  );
});
process.on('disconnect', () => process.exit());

/** Pages when a limit is asked for. */
async function list(query: URLSearchParams, response: ServerResponse): Promise<void> {
  const from = Number(query.get('continue') ?? 0);
  const limit = Number(query.get('limit') ?? 0) || PODS;
  const page = pods.slice(from, from + limit);
  const next = from + limit < PODS ? String(from + limit) : '';
  response.writeHead(200, { 'content-type': 'application/json' });
  const metadata = { resourceVersion: String(VERSION), ...(next === '' ? {} : { continue: next }) };
  await send(response, [
    Buffer.from(`{"kind":"PodList","apiVersion":"v1","metadata":${JSON.stringify(metadata)},"items":[`),
  ]);
  await send(
    response,
    page.flatMap((pod, i) => (i === 0 ? [pod] : [Buffer.from(','), pod])),
  );
  response.end(']}');
}

/** Initial events when asked for; else EVENTS updates, as fast as they are taken. */
async function watch(query: URLSearchParams, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  if (query.get('sendInitialEvents') === 'true') {
    await send(
      response,
      pods.map((pod) => Buffer.concat([Buffer.from('{"type":"ADDED","object":'), pod, Buffer.from('}\n')])),
    );
    const annotations = { 'k8s.io/initial-events-end': 'true' };
    const bookmark = {
      type: 'BOOKMARK',
      object: { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion: String(VERSION), annotations } },
    };
    response.write(`${JSON.stringify(bookmark)}\n`);
    // A second watch asks for the updates: the client resumes from here.
    if (EVENTS > 0) response.end();
    return;
  }
  if (Number(query.get('resourceVersion')) !== VERSION) return;
  for (let i = 0; i < Math.min(PODS, EVENTS); i++) updateOf(i, VERSION);
  for (let sent = 0; sent < EVENTS; sent += 1000) {
    const count = Math.min(1000, EVENTS - sent);
    await send(
      response,
      Array.from({ length: count }, (_, i) => updateOf((sent + i) % PODS, VERSION + sent + i + 1)),
    );
  }
}

/** An update in which version and phase differ: written into a prepared copy, to cost this process little. */
function updateOf(index: number, version: number): Buffer {
  const known =
    updates[index] ??
    Buffer.from(`{"type":"MODIFIED","object":${podJson(index, VERSION)}}\n`.replace('"Running"', '"Running0"'));
  updates[index] = known;
  known.write(String(version), known.indexOf('"resourceVersion":"') + 19);
  known.write(String(Math.floor(version / PODS) % 10), known.indexOf('"phase":"Running') + 16);
  return known;
}

async function send(response: ServerResponse, buffers: readonly Buffer[]): Promise<void> {
  let batch: Buffer[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (size > 0 && !response.write(Buffer.concat(batch))) await once(response, 'drain');
    batch = [];
    size = 0;
  };
  for (const buffer of buffers) {
    batch.push(buffer);
    size += buffer.length;
    if (size >= BATCH_BYTES) await flush();
  }
  await flush();
}
