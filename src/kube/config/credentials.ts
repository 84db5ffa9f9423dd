// Turns a ClusterAccess into what one request needs: headers and TLS identity, renewed before they expire.
import { readFile } from 'node:fs/promises';
import { orAborted, type Clock } from '../clock.ts';
import { KubeError } from '../errors.ts';
import type { ClusterAccess, Impersonation, Pem } from './access.ts';
import { runExecPlugin } from './exec-plugin.ts';

export interface Identity {
  /** Sent with every request. */
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly tls: TlsIdentity;
}

export interface TlsIdentity {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface Credentials {
  /** The identity to use now. Concurrent callers share one renewal. */
  current(signal: AbortSignal): Promise<Identity>;
  /** Call after a 401: the next identity is made anew. */
  forget(): void;
}

/** Tokens and certificates in files are read again after this time, as client-go does. */
const REREAD_MS = 60_000;
/** Renew a little before the server would refuse. */
const EXPIRY_MARGIN_MS = 10_000;

export function credentialsFor(access: ClusterAccess, clock: Clock): Credentials {
  let cached: { readonly identity: Identity; readonly until: number } | undefined;
  let pending: Promise<Identity> | undefined;
  let generation = 0;

  const renew = async (): Promise<Identity> => {
    const started = generation;
    // Not the caller's signal: others wait for the same renewal.
    const { identity, lifetime } = await identify(access, clock, new AbortController().signal);
    if (started === generation) cached = { identity, until: clock.monotonic() + lifetime };
    return identity;
  };
  return {
    current(signal) {
      if (cached && clock.monotonic() < cached.until) return Promise.resolve(cached.identity);
      if (!pending) {
        const mine = renew().finally(() => {
          if (pending === mine) pending = undefined;
        });
        pending = mine;
      }
      return orAborted(pending, signal);
    },
    forget() {
      generation += 1;
      cached = undefined;
      pending = undefined;
    },
  };
}

async function identify(
  access: ClusterAccess,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly identity: Identity; readonly lifetime: number }> {
  const ca = await readPem(access.ca);
  const cert = await readPem(access.certificate?.cert);
  const key = await readPem(access.certificate?.key);
  const impersonate = impersonationHeaders(access.impersonate);
  const { bearer } = access;
  if (bearer.kind === 'exec') {
    const cluster = { server: access.server, ca, serverName: access.serverName, insecure: access.insecure };
    const given = await runExecPlugin(bearer.plugin, cluster, signal);
    const lifetime = given.expiresAt === undefined ? Infinity : given.expiresAt - clock.wall() - EXPIRY_MARGIN_MS;
    const headers = { ...impersonate, ...(given.token ? { authorization: `Bearer ${given.token}` } : {}) };
    return { identity: { headers, tls: { ca, cert: given.cert ?? cert, key: given.key ?? key } }, lifetime };
  }
  const authorization = await authorizationOf(bearer);
  const headers = { ...impersonate, ...(authorization === undefined ? {} : { authorization }) };
  return { identity: { headers, tls: { ca, cert, key } }, lifetime: hasFiles(access) ? REREAD_MS : Infinity };
}

async function authorizationOf(
  bearer: Exclude<ClusterAccess['bearer'], { kind: 'exec' }>,
): Promise<string | undefined> {
  switch (bearer.kind) {
    case 'none':
      return undefined;
    case 'token':
      return `Bearer ${bearer.token}`;
    case 'tokenFile':
      return `Bearer ${await readToken(bearer.file)}`;
    case 'basic':
      return `Basic ${Buffer.from(`${bearer.username}:${bearer.password}`).toString('base64')}`;
    default:
      return bearer satisfies never;
  }
}

function hasFiles(access: ClusterAccess): boolean {
  const pems = [access.ca, access.certificate?.cert, access.certificate?.key];
  return access.bearer.kind === 'tokenFile' || pems.some((pem) => pem !== undefined && 'file' in pem);
}

async function readPem(pem: Pem | undefined): Promise<string | undefined> {
  if (pem === undefined) return undefined;
  if ('text' in pem) return pem.text;
  try {
    return await readFile(pem.file, 'utf8');
  } catch (error) {
    throw new KubeError('config', `${pem.file}: cannot be read`, { cause: error });
  }
}

async function readToken(file: string): Promise<string> {
  const token = (await readPem({ file }))?.trim();
  if (!token) throw new KubeError('config', `${file}: no token in it`);
  return token;
}

function impersonationHeaders(who: Impersonation | undefined): Record<string, string | string[]> {
  if (!who) return {};
  const headers: Record<string, string | string[]> = { 'impersonate-user': who.user };
  if (who.uid !== undefined) headers['impersonate-uid'] = who.uid;
  if (who.groups.length > 0) headers['impersonate-group'] = [...who.groups];
  for (const [key, values] of Object.entries(who.extra))
    headers[`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`] = [...values];
  return headers;
}
