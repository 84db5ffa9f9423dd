// Sends one HTTP request to the API server: identity, limits, retries, and errors by meaning.
import type { Dispatcher } from 'undici';
import { sleep, type Clock } from '../clock.ts';
import { credentialsFor, type ClusterAccess } from '../config/index.ts';
import { errorOfResponse, KubeError, messageOf, parseRetryAfter } from '../errors.ts';
import { parseJson } from '../json.ts';
import { agentsFor } from './agent.ts';
import { limiterOf } from './limiter.ts';
import { decideRetry } from './retry.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. */
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly signal: AbortSignal;
  /** Sending it twice has the effect of sending it once. Default: GET only. */
  readonly repeatable?: boolean;
  /** Skips the limiter, the retries and the fence: for the lease, which has its own deadlines. */
  readonly urgent?: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly chunks: AsyncIterable<Buffer>;
}

export interface Transport {
  /** The whole body as text. Rejects with a KubeError for every status but 2xx. */
  send(request: HttpRequest): Promise<string>;
  /** The body as it arrives, for lists and watches; never retried. The caller's signal also ends the stream. */
  open(request: HttpRequest): Promise<HttpAnswer>;
  /** Ends every connection. */
  close(): Promise<void>;
}

export interface TransportOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Ordinary requests in flight at most; watches do not count. */
  readonly maxInFlight: number;
  /** Attempts per request, the first included, when the server throttles or a connection breaks. */
  readonly maxAttempts: number;
  /** Called right before each write is sent; throws to hold it back (see lease). */
  readonly fence: () => void;
}

/** Above the API server's own limit of 60 s, so that its answer is seen. */
const HEADERS_TIMEOUT_MS = 65_000;
const BODY_TIMEOUT_MS = 30_000;
const OPEN_HEADERS_TIMEOUT_MS = 30_000;

export function transportTo(access: ClusterAccess, options: TransportOptions): Transport {
  const credentials = credentialsFor(access, options.clock);
  const agents = agentsFor(access);
  const limiter = limiterOf(options.maxInFlight);
  let closed = false;

  const dispatch = async (request: HttpRequest, streaming: boolean): Promise<Dispatcher.ResponseData> => {
    const identity = await credentials.current(request.signal);
    if (request.method !== 'GET' && !request.urgent) options.fence();
    const agent = agents.for(identity.tls);
    return agent.request({
      origin: new URL(access.server).origin,
      path: `${new URL(access.server).pathname.replace(/\/$/, '')}${request.path}`,
      method: request.method,
      headers: headersOf(request, identity.headers),
      body: request.body ?? null,
      signal: request.signal,
      headersTimeout: streaming ? OPEN_HEADERS_TIMEOUT_MS : HEADERS_TIMEOUT_MS,
      // A quiet watch is normal: its own deadline ends it.
      bodyTimeout: streaming ? 0 : BODY_TIMEOUT_MS,
    });
  };

  const once = async (request: HttpRequest, streaming: boolean): Promise<Dispatcher.ResponseData> => {
    const what = `${request.method} ${request.path}`;
    try {
      const response = await dispatch(request, streaming);
      if (response.statusCode >= 200 && response.statusCode < 300) return response;
      throw errorOfResponse(
        what,
        response.statusCode,
        await statusBody(response),
        retryAfterOf(response, options.clock),
      );
    } catch (error) {
      throw asKubeError(what, error, request.signal);
    }
  };

  const sendOnce = async (request: HttpRequest): Promise<string> => {
    const release = request.urgent ? undefined : await limiter.acquire(request.signal);
    try {
      const response = await once(request, false);
      const text = await response.body.text();
      if (!request.urgent) limiter.report('served');
      return text;
    } catch (error) {
      const failure = asKubeError(`${request.method} ${request.path}`, error, request.signal);
      if (failure.meaning === 'throttled' && !request.urgent) limiter.report('throttled');
      throw failure;
    } finally {
      release?.();
    }
  };

  const retrying = async <T>(request: HttpRequest, maxAttempts: number, run: () => Promise<T>): Promise<T> => {
    let renewed = false;
    for (let made = 1; ; made++) {
      try {
        return await run();
      } catch (caught) {
        const error = asKubeError(`${request.method} ${request.path}`, caught, request.signal);
        const repeatable = request.repeatable ?? request.method === 'GET';
        const retry = decideRetry({ error, repeatable, made, maxAttempts, renewed, random: options.random() });
        if (retry.kind === 'give up' || closed) throw error;
        if (retry.kind === 'renew credentials') {
          renewed = true;
          credentials.forget();
        } else {
          await sleep(options.clock, retry.ms, request.signal).catch((reason: unknown) => {
            throw asKubeError(`${request.method} ${request.path}`, reason, request.signal);
          });
        }
      }
    }
  };

  return {
    send: (request) => retrying(request, request.urgent ? 1 : options.maxAttempts, () => sendOnce(request)),
    open: (request) =>
      retrying(request, 1, async () => {
        const response = await once(request, true);
        return { status: response.statusCode, headers: response.headers, chunks: chunksOf(request, response) };
      }),
    close() {
      closed = true;
      return agents.close();
    },
  };
}

function headersOf(
  request: HttpRequest,
  identity: Readonly<Record<string, string | string[]>>,
): Record<string, string | string[]> {
  return {
    accept: request.accept ?? 'application/json',
    'user-agent': 'lattice',
    ...(request.contentType === undefined ? {} : { 'content-type': request.contentType }),
    ...identity,
  };
}

async function* chunksOf(request: HttpRequest, response: Dispatcher.ResponseData): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response.body) if (Buffer.isBuffer(chunk)) yield chunk;
  } catch (error) {
    throw asKubeError(`${request.method} ${request.path}`, error, request.signal);
  }
}

async function statusBody(response: Dispatcher.ResponseData): Promise<unknown> {
  const text = await response.body.text();
  try {
    return parseJson(text);
  } catch {
    // Proxies and some filters answer in plain text: the status code still says what it means.
    return text;
  }
}

function retryAfterOf(response: Dispatcher.ResponseData, clock: Clock): number | undefined {
  const header = response.headers['retry-after'];
  return parseRetryAfter(Array.isArray(header) ? header[0] : header, clock.wall());
}

/** Names a failure by meaning; a KubeError stays what it is unless the caller had given up. */
function asKubeError(what: string, error: unknown, signal: AbortSignal): KubeError {
  if (error instanceof KubeError && error.meaning !== 'aborted' && !signal.aborted) return error;
  if (signal.aborted) {
    if (signal.reason instanceof KubeError) return signal.reason;
    return new KubeError('aborted', `${what}: stopped`, { cause: signal.reason ?? error });
  }
  if (error instanceof KubeError) return error;
  const code = errorCode(error);
  const message = messageOf(error);
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT')
    return new KubeError('timeout', `${what}: ${message}`, { cause: error });
  // Our own mistake, never the network's: it must not be tried again.
  if (code === 'UND_ERR_INVALID_ARG' || code === 'ERR_INVALID_ARG_TYPE')
    return new KubeError('badRequest', `${what}: ${message}`, { cause: error });
  return new KubeError('unreachable', `${what}: ${code === '' ? message : `${code}: ${message}`}`, { cause: error });
}

function errorCode(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
