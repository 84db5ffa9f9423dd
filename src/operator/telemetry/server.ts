// Plain HTTP for the kubelet, Prometheus and whoever profiles: nothing here changes or shows what is declared.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listening } from '../listening.ts';
import { type Profiler, ProfileRunningError } from './profile.ts';

export interface TelemetryOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: { readonly text: () => Promise<string>; readonly contentType: string };
  /** Reasons against each; empty is good. */
  readonly deadly: () => readonly string[];
  readonly unready: () => readonly string[];
  readonly profiler: Profiler;
  readonly onError: (error: Error) => void;
}

export interface TelemetryServer {
  readonly port: number;
  readonly close: () => Promise<void>;
}

const MAX_PROFILE_SECONDS = 60;

/** Listens; rejects when the port cannot be had. */
export async function startTelemetryServer(options: TelemetryOptions): Promise<TelemetryServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      options.onError(error instanceof Error ? error : new Error(String(error)));
      if (response.headersSent) response.destroy();
      else send(response, 500, 'internal error\n');
    });
  });
  server.requestTimeout = 10_000;
  server.maxConnections = 64;
  const port = await listening(server, options.port, options.host);
  return {
    port,
    close() {
      const { promise, resolve } = Promise.withResolvers<void>();
      server.close(() => resolve());
      server.closeAllConnections();
      return promise;
    },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: TelemetryOptions): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://telemetry');
  const wanted = url.pathname === '/debug/profile' ? ['POST'] : ['GET', 'HEAD'];
  const route = ROUTES[url.pathname];
  if (!route) return send(response, 404, `${Object.keys(ROUTES).join('\n')}\n`);
  if (!wanted.includes(request.method ?? '')) {
    response.setHeader('allow', wanted.join(', '));
    return send(response, 405, `${wanted.join(' or ')} only\n`);
  }
  await route({ request, response, url, options });
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly options: TelemetryOptions;
}

const ROUTES: Readonly<Record<string, (asked: Asked) => Promise<void> | void>> = {
  '/metrics': async ({ response, options }) =>
    send(response, 200, await options.metrics.text(), options.metrics.contentType),
  '/healthz': ({ response, options }) => sendState(response, options.deadly()),
  '/readyz': ({ response, options }) => sendState(response, options.unready()),
  '/debug/profile': profile,
};

const sendState = (response: ServerResponse, against: readonly string[]): void =>
  send(response, against.length === 0 ? 200 : 503, against.length === 0 ? 'ok\n' : `${against.join('\n')}\n`);

/** `POST /debug/profile?seconds=N`, from the machine itself or through `kubectl port-forward` alone. */
async function profile({ request, response, url, options }: Asked): Promise<void> {
  if (!isLoopback(request.socket.remoteAddress ?? ''))
    return send(response, 403, 'from loopback only: use kubectl port-forward\n');
  const seconds = Number(url.searchParams.get('seconds') ?? '10');
  if (!(seconds > 0 && seconds <= MAX_PROFILE_SECONDS))
    return send(response, 400, `seconds: a number above 0, at most ${MAX_PROFILE_SECONDS}\n`);
  const gone = new AbortController();
  response.once('close', () => gone.abort(new Error('nobody waits for the profile')));
  try {
    const text = await options.profiler.take(seconds * 1000, gone.signal);
    response.setHeader('content-disposition', 'attachment; filename="lattice.cpuprofile"');
    send(response, 200, text, 'application/json');
  } catch (error) {
    if (error instanceof ProfileRunningError) return send(response, 409, `${error.message}\n`);
    if (!gone.signal.aborted) throw error;
  }
}

const isLoopback = (address: string): boolean => /^(?:::1|(?:::ffff:)?127(?:\.\d{1,3}){3})$/.test(address);

function send(response: ServerResponse, status: number, text: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
  response.end(text);
}
