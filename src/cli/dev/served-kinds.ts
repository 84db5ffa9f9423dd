import type { ControlPlane } from '../../controlplane/index.ts';

/** What one request was answered. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** One JSON request to the control plane, without its socket. */
export async function ask(
  plane: Pick<ControlPlane, 'inject'>,
  method: 'GET' | 'PATCH',
  url: string,
  apply?: unknown,
): Promise<Answer> {
  const { status, headers, body } = await plane.inject({
    method,
    url,
    ...(apply === undefined
      ? {}
      : { headers: { 'content-type': 'application/apply-patch+yaml' }, body: JSON.stringify(apply) }),
  });
  if (body.kind !== 'whole') throw new Error(`${method} ${url} was not answered`);
  // What nobody serves is answered in plain text.
  const json = headers['content-type']?.startsWith('application/json') === true;
  return { status, body: json ? (JSON.parse(body.text) as unknown) : body.text };
}

/** How the server names a kind in its paths. */
export interface ServedKind {
  readonly plural: string;
  readonly namespaced: boolean;
}

/** Looks kinds up, each version of a group once. Undefined: the server does not know the kind. */
export function servedKinds(
  plane: Pick<ControlPlane, 'inject'>,
): (apiVersion: string, kind: string) => Promise<ServedKind | undefined> {
  const known = new Map<string, Promise<ReadonlyMap<string, ServedKind>>>();
  return async (apiVersion, kind) => {
    const kinds = known.get(apiVersion) ?? kindsOf(plane, apiVersion);
    known.set(apiVersion, kinds);
    return (await kinds).get(kind);
  };
}

/** `/api/v1`, `/apis/apps/v1`. */
export function rootOf(apiVersion: string): string {
  const path = apiVersion.split('/').map(encodeURIComponent).join('/');
  return apiVersion.includes('/') ? `/apis/${path}` : `/api/${path}`;
}

async function kindsOf(
  plane: Pick<ControlPlane, 'inject'>,
  apiVersion: string,
): Promise<ReadonlyMap<string, ServedKind>> {
  const { status, body } = await ask(plane, 'GET', rootOf(apiVersion));
  const kinds = new Map<string, ServedKind>();
  if (status !== 200 || !isRecord(body) || !Array.isArray(body['resources'])) return kinds;
  for (const resource of body['resources']) {
    if (!isRecord(resource)) continue;
    const { name, kind, namespaced, verbs } = resource;
    // Subresources have a slash; reviews can only be created.
    if (typeof name !== 'string' || typeof kind !== 'string' || name.includes('/')) continue;
    if (!Array.isArray(verbs) || !verbs.includes('patch')) continue;
    kinds.set(kind, { plural: name, namespaced: namespaced === true });
  }
  return kinds;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
