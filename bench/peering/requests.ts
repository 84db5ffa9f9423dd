// What the API server has counted of requests to the kinds that only the engine and its agents write or read.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import type { ClusterAccess } from '../../src/kube/index.ts';

const RESOURCES = new Set([
  'peeringconnectivities',
  'firewallconfigurations',
  'fabricprograms',
  'fabricmemberslices',
  'events',
]);

/** Requests by `VERB resource`; watches are not counted, they are open for minutes. */
export type Requests = ReadonlyMap<string, number>;

export async function countedRequests({ server, ca, bearer }: ClusterAccess): Promise<Requests> {
  const pem = ca === undefined ? undefined : 'text' in ca ? ca.text : readFileSync(ca.file, 'utf8');
  const dispatcher = new Agent({ connect: pem === undefined ? {} : { ca: pem } });
  try {
    const token = bearer.kind === 'token' ? bearer.token : '';
    const answer = await request(`${server}/metrics`, { dispatcher, headers: { authorization: `Bearer ${token}` } });
    const text = await answer.body.text();
    const counted = new Map<string, number>();
    for (const line of text.split('\n')) {
      if (!line.startsWith('apiserver_request_total{')) continue;
      const label = (name: string): string => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
      const [resource, verb] = [label('resource'), label('verb')];
      if (!RESOURCES.has(resource) || verb === 'WATCH') continue;
      const key = `${verb} ${resource}${label('subresource') === '' ? '' : `/${label('subresource')}`}`;
      counted.set(key, (counted.get(key) ?? 0) + Number(line.slice(line.lastIndexOf(' ') + 1)));
    }
    return counted;
  } finally {
    await dispatcher.close();
  }
}

/** Those that came since. */
export function requestsSince(before: Requests, after: Requests): Readonly<Record<string, number>> {
  const grown = [...after].map(([key, count]) => [key, count - (before.get(key) ?? 0)] as const);
  return Object.fromEntries(grown.filter(([, count]) => count > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}
