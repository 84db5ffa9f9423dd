// When certificates are made anew. Pure: what is held and what the API server was told decide, and the time.
import type { Authority, Credentials } from './credentials.ts';

/** What to do next with the credentials; one step at a time, each written before the next. */
export type CredentialStep =
  | { readonly kind: 'keep' }
  /** Nothing usable is there: a new authority and what it signs. */
  | { readonly kind: 'begin' }
  /** A new authority, trusted beside the old ones, that signs nothing yet. */
  | { readonly kind: 'renew authority' }
  | { readonly kind: 'renew serving' }
  /** Only these are trusted from now on. */
  | { readonly kind: 'forget'; readonly authorities: Credentials['authorities'] };

export interface CredentialInput {
  readonly credentials: Credentials | undefined;
  /** DNS names that the server is called by, sorted. */
  readonly names: readonly string[];
  /** What the API server trusts now, as PEM text; empty when it was never told. */
  readonly published: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export const AUTHORITY_DAYS = 365;
export const SERVING_DAYS = 90;

const DAY_MS = 24 * 60 * 60 * 1000;
const RENEW_AUTHORITY_MS = 120 * DAY_MS;
const RENEW_SERVING_MS = 30 * DAY_MS;
/** Every replica and every API server has heard of a change after this time. */
export const OVERLAP_MS = 60 * 60 * 1000;

/** First match wins. */
export function decideCredentials({ credentials, names, published, now }: CredentialInput): CredentialStep {
  if (!credentials) return { kind: 'begin' };
  const { authorities, serving } = credentials;
  const [signing] = authorities;
  if (signing.expiresAt <= now) return { kind: 'begin' };
  const trusted = published.includes(signing.certificate) && now - signing.madeAt >= OVERLAP_MS;
  if (serving.expiresAt <= now || !sameNames(serving.names, names)) return { kind: 'renew serving' };
  // What the API server does not trust yet is not shown to it: there is time, for the old one is still valid.
  if (serving.issuer === 0 ? serving.expiresAt - now < RENEW_SERVING_MS : trusted) return { kind: 'renew serving' };
  // After what it signs, so that there is a whole month to hear of the new one.
  if (signing.expiresAt - now < RENEW_AUTHORITY_MS) return { kind: 'renew authority' };
  // Other replicas may show the certificate before this one for a while.
  const needed = authorities.filter((_, index) => index === 0 || index === serving.issuer);
  const settled = now - serving.madeAt >= OVERLAP_MS;
  if (settled && isNonEmpty(needed) && needed.length < authorities.length)
    return { kind: 'forget', authorities: needed };
  return { kind: 'keep' };
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, index) => name === b[index]);

const isNonEmpty = (authorities: readonly Authority[]): authorities is Credentials['authorities'] =>
  authorities.length > 0;
