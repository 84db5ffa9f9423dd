import { createServer, type Server } from 'node:http';
import type { AgentHealth } from './agent.ts';

export interface HealthServerOptions {
  readonly host: string;
  readonly port: number;
  readonly health: () => AgentHealth;
  /** The text that a scraper gets, and its type. */
  readonly metrics: () => Promise<{ readonly type: string; readonly text: string }>;
}

/**
 * Serves `/healthz` (the process answers), `/readyz` (every object is known and every program is loaded; else 503 with
 * the reasons) and `/metrics`. Rejects when it cannot listen.
 */
export async function serveHealth({ host, port, health, metrics }: HealthServerOptions): Promise<Server> {
  const answer = async (path: string): Promise<{ status: number; type: string; text: string }> => {
    switch (path) {
      case '/healthz':
        return { status: 200, type: 'text/plain', text: 'ok\n' };
      case '/readyz': {
        const problems = problemsOf(health());
        return {
          status: problems.length === 0 ? 200 : 503,
          type: 'text/plain',
          text: `${problems.join('\n') || 'ok'}\n`,
        };
      }
      case '/metrics':
        return { status: 200, ...(await metrics()) };
      default:
        return { status: 404, type: 'text/plain', text: 'not found: /healthz, /readyz, /metrics\n' };
    }
  };
  const server = createServer((request, response) => {
    answer(request.url?.split('?')[0] ?? '/').then(
      ({ status, type, text }) => response.writeHead(status, { 'content-type': type }).end(text),
      (error: unknown) => response.writeHead(500).end(`${String(error)}\n`),
    );
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(port, host, () => resolve());
  await promise;
  return server;
}

function problemsOf({ synced, programs }: AgentHealth): readonly string[] {
  if (!synced) return ['the programs of this cluster are not known yet'];
  return programs.flatMap(({ name, generation, error }) => {
    if (error !== undefined) return [`${name}: ${error}`];
    return generation === undefined ? [`${name}: not loaded yet`] : [];
  });
}
