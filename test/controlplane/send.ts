import { Agent, request } from 'undici';
import type { ControlPlane } from '../../src/controlplane/index.ts';
import type { Send } from './conversation.ts';

/** Speaks to the embedded control plane without a socket. */
export function sendInside(plane: ControlPlane): Send {
  return async ({ method, path, headers, body }) => {
    const asked = { method, url: path, headers };
    const response = await plane.inject(body === undefined ? asked : { ...asked, body });
    const text = response.body.kind === 'whole' ? response.body.text : '';
    return { status: response.status, warning: response.headers.warning ?? '', text };
  };
}

/** Speaks to any API server over HTTPS, with a bearer token. @param ca PEM; without it the certificate is not checked. */
export function sendTo(
  url: string,
  token: string,
  ca: string | undefined,
): { readonly send: Send; readonly close: () => Promise<void> } {
  const agent = new Agent({ connect: ca === undefined ? { rejectUnauthorized: false } : { ca } });
  const send: Send = async ({ method, path, headers, body }) => {
    const response = await request(`${url}${path}`, {
      method: methodOf(method),
      headers: { ...headers, authorization: `Bearer ${token}` },
      dispatcher: agent,
      signal: AbortSignal.timeout(LIMIT_MILLIS),
      ...(body === undefined ? {} : { body }),
    });
    const { warning } = response.headers;
    return {
      status: response.statusCode,
      warning: typeof warning === 'string' ? warning : '',
      text: await response.body.text(),
    };
  };
  return { send, close: () => agent.destroy() };
}

/** For an answer; the server's own limit is a minute. */
const LIMIT_MILLIS = 90_000;

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

const methodOf = (method: string): (typeof METHODS)[number] => METHODS.find((known) => known === method) ?? 'GET';
