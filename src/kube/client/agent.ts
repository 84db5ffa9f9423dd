// One undici Agent per TLS identity: kept connections are shared by all requests and watches of a client.
import { Agent, ProxyAgent, type Dispatcher } from 'undici';
import type { ClusterAccess, TlsIdentity } from '../config/index.ts';

export interface Agents {
  /** The Agent for this identity. A new identity (rotated certificate) gets a new Agent; the old one drains. */
  for(tls: TlsIdentity): Dispatcher;
  /** Ends all connections, in flight or not. */
  close(): Promise<void>;
}

export function agentsFor(access: ClusterAccess): Agents {
  let current: { readonly tls: TlsIdentity; readonly agent: Dispatcher } | undefined;
  const open = new Set<Dispatcher>();
  return {
    for(tls) {
      if (current && current.tls.ca === tls.ca && current.tls.cert === tls.cert && current.tls.key === tls.key)
        return current.agent;
      const old = current?.agent;
      const agent = agentFor(access, tls);
      current = { tls, agent };
      open.add(agent);
      if (old) void old.close().finally(() => open.delete(old));
      return agent;
    },
    async close() {
      await Promise.all([...open].map((agent) => agent.destroy()));
      open.clear();
    },
  };
}

/** Shorter than the API server's 90 s, so that we are the ones who close an idle connection. */
const KEEP_ALIVE_MS = 60_000;

function agentFor(access: ClusterAccess, tls: TlsIdentity): Dispatcher {
  const tlsOptions = {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(access.serverName === undefined ? {} : { servername: access.serverName }),
    rejectUnauthorized: !access.insecure,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
    timeout: 10_000,
  };
  const options = {
    // HTTP/1.1: dead pooled h2 sessions do not always recover, and h2 buys nothing here.
    allowH2: false,
    pipelining: 1,
    // Unlimited: a watch holds its connection for minutes; the limiter bounds ordinary requests.
    connections: null,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
  };
  return access.proxyUrl === undefined
    ? new Agent({ ...options, connect: tlsOptions })
    : new ProxyAgent({ ...options, uri: access.proxyUrl, requestTls: tlsOptions });
}
