// What the Secret holds, as values that were checked against each other.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { BACKDATED_MS, type KeyPair } from './issue.ts';

/** An authority that the API server shall trust. */
export interface Authority {
  /** PEM. */
  readonly certificate: string;
  /** Milliseconds since the epoch, as the next two. */
  readonly madeAt: number;
  readonly expiresAt: number;
}

/** The certificate that servers show. */
export interface Serving extends KeyPair {
  readonly madeAt: number;
  readonly expiresAt: number;
  /** DNS names, sorted. */
  readonly names: readonly string[];
  /** Index of its issuer among the authorities. */
  readonly issuer: number;
}

/** The authorities, the one that signs first, and what one of them signed. */
export interface Credentials {
  readonly authorities: readonly [Authority, ...Authority[]];
  readonly signingKey: string;
  readonly serving: Serving;
}

/** The same as text: the data of the Secret before base64. */
export interface Texts {
  readonly 'ca.crt': string;
  readonly 'ca.key': string;
  readonly 'tls.crt': string;
  readonly 'tls.key': string;
}

/** Reads and checks them. Whatever does not fit together is `unusable`, with the reason; nothing at all is `none`. */
export function readCredentials(
  texts: Readonly<Record<string, string>>,
): Credentials | { readonly kind: 'none' } | { readonly kind: 'unusable'; readonly reason: string } {
  const { 'ca.crt': bundle = '', 'ca.key': signingKey = '', 'tls.crt': certificate = '', 'tls.key': key = '' } = texts;
  if ([bundle, signingKey, certificate, key].every((text) => text === '')) return { kind: 'none' };
  try {
    return checked(certificatesIn(bundle), signingKey, { certificate, key });
  } catch (error) {
    return { kind: 'unusable', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The inverse of {@link readCredentials}. */
export function textsOf(credentials: Credentials): Texts {
  return {
    'ca.crt': bundleOf(credentials),
    'ca.key': credentials.signingKey,
    'tls.crt': credentials.serving.certificate,
    'tls.key': credentials.serving.key,
  };
}

/** What the API server shall trust: every authority, as one PEM text. */
export const bundleOf = ({ authorities }: Pick<Credentials, 'authorities'>): string =>
  authorities.map(({ certificate }) => certificate).join('');

export function authorityOf(certificate: string): Authority {
  const parsed = new X509Certificate(certificate);
  return { certificate, madeAt: madeAt(parsed), expiresAt: parsed.validToDate.getTime() };
}

/** Checks a pair against its issuer among `authorities`. Throws when it was signed by none of them. */
export function servingOf(pair: KeyPair, authorities: readonly Authority[]): Serving {
  const parsed = new X509Certificate(pair.certificate);
  const issuer = authorities.findIndex(({ certificate }) => parsed.verify(new X509Certificate(certificate).publicKey));
  if (issuer < 0) throw new Error('tls.crt was signed by none of the authorities in ca.crt');
  if (!parsed.checkPrivateKey(privateKey('tls.key', pair.key))) throw new Error('tls.key does not belong to tls.crt');
  const names = (parsed.subjectAltName ?? '').split(', ').map((name) => name.replace(/^DNS:/, ''));
  return { ...pair, madeAt: madeAt(parsed), expiresAt: parsed.validToDate.getTime(), names: names.sort(), issuer };
}

function checked(authorities: readonly Authority[], signingKey: string, pair: KeyPair): Credentials {
  const [signing, ...others] = authorities;
  if (!signing) throw new Error('ca.crt holds no certificate');
  if (!new X509Certificate(signing.certificate).checkPrivateKey(privateKey('ca.key', signingKey)))
    throw new Error('ca.key does not belong to the first certificate of ca.crt');
  return { authorities: [signing, ...others], signingKey, serving: servingOf(pair, authorities) };
}

function certificatesIn(bundle: string): readonly Authority[] {
  const blocks = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
  return blocks.map((block) => authorityOf(`${block.trimEnd()}\n`));
}

/** The parser's own message may quote what it read, which is a key. */
function privateKey(name: string, text: string): KeyObject {
  try {
    return createPrivateKey(text);
  } catch {
    throw new Error(`${name} is no private key`);
  }
}

const madeAt = (certificate: X509Certificate): number => certificate.validFromDate.getTime() + BACKDATED_MS;
