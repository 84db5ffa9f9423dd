// The webhook's server: HTTPS, one route, bounded in size, time and number. It reads nothing from the cluster, so that
// an answer never waits for one.
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Counter, Histogram, Log, Metrics } from '../context.ts';
import { listening } from '../listening.ts';
import type { KeyPair } from './issue.ts';
import type { Judge } from './judge.ts';
import { decideReview, readReview, reviewAnswer } from './review.ts';

export interface WebhookServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly judge: Judge;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits?: Partial<Limits>;
}

export interface Limits {
  /** An object of 3 MiB is the most that the API server takes, and a review holds the old one too. */
  readonly bodyBytes: number;
  readonly requestMs: number;
  /** Requests at a time; the API server's own limits lie far above. */
  readonly inFlight: number;
}

export interface WebhookServer {
  readonly port: number;
  /** New connections see this certificate; open ones stay. */
  readonly show: (pair: KeyPair) => void;
  /** False until there is a certificate to show. */
  readonly serving: () => boolean;
  /** Ends idle connections at once, and others when they are answered. */
  readonly close: () => Promise<void>;
}

const REVIEW_PATH = '/validate';
const LIMITS: Limits = { bodyBytes: 7 * 1024 * 1024, requestMs: 5000, inFlight: 32 };

interface Meters {
  readonly reviews: Counter;
  readonly seconds: Histogram;
}

/** Listens; rejects when the port cannot be had. Until a certificate is shown, every handshake fails. */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const limits = { ...LIMITS, ...options.limits };
  const meters = metersOf(options.metrics);
  let inFlight = 0;
  let hasCertificate = false;
  const server = createServer({ minVersion: 'TLSv1.2', handshakeTimeout: LIMITS.requestMs }, (request, response) => {
    inFlight += 1;
    response.once('close', () => {
      inFlight -= 1;
    });
    const answered =
      inFlight > limits.inFlight
        ? Promise.resolve(refuse(response, 503, 'too many reviews at a time'))
        : handle(request, response, options, limits, meters);
    answered.catch((error: unknown) => {
      options.log.error('admission: a review failed', { error: asError(error) });
      if (!response.headersSent) refuse(response, 500, 'internal error');
      else response.destroy();
    });
  });
  server.requestTimeout = limits.requestMs;
  server.headersTimeout = limits.requestMs;
  // Longer than the API server keeps an idle one, so that it is never cut while a review is on its way.
  server.keepAliveTimeout = 120_000;
  server.maxConnections = limits.inFlight * 4;
  // Its clients are few and keep their connections; a probe or a scan that breaks off is no news.
  server.on('tlsClientError', (error) => options.log.debug('admission: a handshake failed', { error }));
  const port = await listening(server, options.port, options.host);
  return {
    port,
    show({ certificate, key }) {
      server.setSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' });
      hasCertificate = true;
    },
    serving: () => hasCertificate && server.listening,
    close: () => closed(server),
  };
}

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  { judge, log }: WebhookServerOptions,
  limits: Limits,
  meters: Meters,
): Promise<void> {
  const begin = performance.now();
  const { pathname } = new URL(request.url ?? '/', 'https://webhook');
  if (pathname !== REVIEW_PATH) return refuse(response, 404, `POST ${REVIEW_PATH} is the only route`);
  if (request.method !== 'POST') return refuse(response, 405, 'only POST', { allow: 'POST' });
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? ''))
    return refuse(response, 415, 'send application/json');
  const body = await readBody(request, limits.bodyBytes);
  if (body.kind === 'too large')
    return refuse(response, 413, `at most ${limits.bodyBytes} bytes`, { connection: 'close' });
  const review = readReview(body.value);
  if (!review) return refuse(response, 400, 'send an AdmissionReview of admission.k8s.io/v1 with an object');
  const verdict = decideReview(review, judge);
  answer(response, 200, reviewAnswer(review, verdict));
  const seconds = (performance.now() - begin) / 1000;
  meters.reviews.add({ operation: review.operation, verdict: verdict.kind });
  meters.seconds.observe(seconds);
  log.info('admission: reviewed', {
    object: `${String(review.object['kind'])} ${review.namespace}/${nameOf(review.object)}`,
    operation: review.operation,
    verdict: verdict.kind,
    reasons: verdict.findings.map(({ code }) => code),
    milliseconds: Math.round(seconds * 1e6) / 1e3,
  });
}

/** `value` is undefined for what is no JSON. */
async function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<{ readonly kind: 'read'; readonly value: unknown } | { readonly kind: 'too large' }> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return { kind: 'too large' };
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > limit) return { kind: 'too large' };
    chunks.push(chunk);
  }
  try {
    return { kind: 'read', value: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
  } catch {
    // The caller is told the same as for JSON that is no review.
    return { kind: 'read', value: undefined };
  }
}

const refuse = (
  response: ServerResponse,
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): void => answer(response, status, { message }, headers);

function answer(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function metersOf(metrics: Metrics): Meters {
  return {
    reviews: metrics.counter({
      name: 'lattice_admission_reviews_total',
      help: 'Declarations that the API server asked about, by verdict.',
      labels: ['operation', 'verdict'],
    }),
    seconds: metrics.histogram({
      name: 'lattice_admission_review_duration_seconds',
      help: 'From the first byte of a review to its answer.',
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1],
    }),
  };
}

function closed(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  server.closeIdleConnections();
  // Once it closes, it holds nobody to the limits of a request any more.
  const stalled = setTimeout(() => server.closeAllConnections(), LIMITS.requestMs);
  server.once('close', () => clearTimeout(stalled));
  return promise;
}

function nameOf(object: Readonly<Record<string, unknown>>): string {
  const metadata = object['metadata'];
  return typeof metadata === 'object' && metadata !== null && 'name' in metadata ? String(metadata.name) : '';
}

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
