import { isObject, type JsonObject, objectAt, parseJson, textAt } from '../json.ts';
import type { Post } from './webhooks.ts';

/** Where a Service of a webhook is reached: nothing routes cluster addresses on a laptop. */
export type ResolveService = (service: {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}) => string | undefined;

/** Posts reviews over HTTPS, trusting the configuration's CA bundle. */
export function createPost(resolve: ResolveService): Post {
  return async (config, review, timeoutSeconds) => {
    const { Agent, request } = await import('undici'); // a third of the start, and few servers have webhooks
    const url = urlOf(config, resolve);
    const bundle = textAt(config, 'caBundle');
    const ca = bundle === '' ? undefined : Buffer.from(bundle, 'base64').toString('utf8');
    const servername = serverName(config);
    const agent = new Agent({
      connect: { ...(ca === undefined ? {} : { ca }), ...(servername === undefined ? {} : { servername }) },
      connections: 1,
    });
    try {
      const response = await request(url, {
        method: 'POST',
        dispatcher: agent,
        headers: { 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify(review),
        signal: AbortSignal.timeout(timeoutSeconds * 1000),
      });
      const text = await response.body.text();
      if (response.statusCode !== 200) throw new Error(`the webhook answered ${response.statusCode}`);
      return parseJson(text);
    } finally {
      // Also a connection that is not made yet: nobody waits for it.
      await agent.destroy();
    }
  };
}

/** A Service is called by its DNS name, wherever it is reached. */
function serverName(config: JsonObject): string | undefined {
  if (!isObject(config.service)) return undefined;
  return `${textAt(config, 'service', 'name')}.${textAt(config, 'service', 'namespace')}.svc`;
}

function urlOf(config: JsonObject, resolve: ResolveService): string {
  const url = textAt(config, 'url');
  if (url !== '') return url;
  if (!isObject(config.service)) throw new Error('the webhook names neither a url nor a service');
  const service = objectAt(config, 'service');
  const { port } = service;
  const place = {
    namespace: textAt(service, 'namespace'),
    name: textAt(service, 'name'),
    port: typeof port === 'number' ? port : 443,
  };
  const base = resolve(place);
  if (base === undefined)
    throw new Error(`service ${place.namespace}/${place.name} is not reachable from this control plane`);
  return new URL(textAt(service, 'path') || '/', base).href;
}
