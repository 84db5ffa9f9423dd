import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { Agent, request } from 'undici';
import { readDevInput } from '../../src/cli/dev/input.ts';
import { type DevFlags, serveDev } from '../../src/cli/dev/serve.ts';
import { at } from '../at.ts';

/** A `lattice dev` that serves in this process. */
export interface DevServer {
  readonly stdout: string;
  readonly stderr: string;
  /** Where the output says that the kubeconfig is. */
  readonly kubeconfig: string;
  /** A request as a client of that kubeconfig makes it; `token` in place of the right one. */
  readonly send: (method: string, path: string, body?: unknown, token?: string) => Promise<Reply>;
  /** What a signal does; resolves to the exit code. */
  readonly end: () => Promise<number>;
}

export interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** What the flags of the graph are by default. */
const COMPILE = { engine: ['cilium', 'istio'], trustDomain: 'cluster.local', clusterName: 'default' } as const;

/** Starts it, and resolves when it has said `ready`. Rejects with its errors when it ends before that. */
export async function startDev(
  t: TestContext,
  paths: readonly string[],
  flags: Partial<DevFlags> = {},
  stdin = '',
): Promise<DevServer> {
  const ending = new AbortController();
  const said = { stdout: '', stderr: '' };
  const ready = Promise.withResolvers<string>();
  const terminal = {
    stdin: async () => Promise.resolve(Buffer.from(stdin)),
    stdout: (text: string) => {
      said.stdout += text;
      const kubeconfig = /^ready$[^]*?KUBECONFIG=(\S+)/m.exec(said.stdout)?.[1];
      if (kubeconfig !== undefined) ready.resolve(kubeconfig);
    },
    stderr: (text: string) => {
      said.stderr += text;
    },
    colour: { stdout: false, stderr: false },
    interactive: false,
  };
  const input = await readDevInput(paths, terminal);
  if (!input) throw new Error(said.stderr);
  const code = serveDev(
    input,
    { port: 0, host: '127.0.0.1', operator: false, ...COMPILE, ...flags },
    terminal,
    ending.signal,
  );
  const early = code.then((value) => {
    throw new Error(`ended with ${value}: ${said.stderr}`);
  });
  const kubeconfig = await Promise.race([ready.promise, early]);
  early.catch(() => undefined);
  const { url, ca, token } = clusterOf(kubeconfig);
  const agent = new Agent({ connect: { ca } });
  const end = async (): Promise<number> => {
    await agent.close();
    ending.abort();
    return await code;
  };
  t.after(async () => {
    if (!ending.signal.aborted) await end();
  });
  return {
    ...said,
    kubeconfig,
    end,
    send: async (method, path, body, other) => {
      const response = await request(`${url}${path}`, {
        method,
        dispatcher: agent,
        headers: { authorization: `Bearer ${other ?? token}`, 'content-type': 'application/json' },
        body: body === undefined ? null : JSON.stringify(body),
      });
      return { status: response.statusCode, body: await response.body.json() };
    },
  };
}

/** What a client reads in a kubeconfig. */
export function clusterOf(file: string): { readonly url: string; readonly ca: string; readonly token: string } {
  const config: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const cluster = at(config, 'clusters', 0, 'cluster');
  return {
    url: String(at(cluster, 'server')),
    ca: Buffer.from(String(at(cluster, 'certificate-authority-data')), 'base64').toString(),
    token: String(at(config, 'users', 0, 'user', 'token')),
  };
}
