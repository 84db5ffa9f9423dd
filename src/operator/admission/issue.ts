// Makes the certificates of the webhook: an authority, and what it signs for the server. P-256, so that they also work
// where only approved algorithms do.
import { webcrypto } from 'node:crypto';
// The certificate library looks its parts up by metadata, and refuses to load without this.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Lifetime {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly days: number;
}

/** Clocks differ: a certificate is valid a little before it was made. */
export const BACKDATED_MS = 60 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A new authority that signs itself and may sign leaves alone. */
export async function issueAuthority({ now, days }: Lifetime): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      // The name tells two authorities of one bundle apart for people; machines go by the key identifier.
      name: `CN=lattice admission authority ${new Date(now).toISOString().slice(0, 10)}`,
      serialNumber: serialNumber(),
      notBefore: new Date(now - BACKDATED_MS),
      notAfter: new Date(now + days * DAY_MS),
      signingAlgorithm: ALGORITHM,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: pemOf(certificate), key: await pemOfKey(keys.privateKey) };
}

/** A certificate for a server of these DNS names, signed by `authority`. Rejects when that is no key pair. */
export async function issueServing(
  authority: KeyPair,
  names: readonly string[],
  { now, days }: Lifetime,
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    PemConverter.decodeFirst(authority.key),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await newKeys();
  // It cannot outlive its issuer.
  const notAfter = new Date(Math.min(now + days * DAY_MS, issuer.notAfter.getTime()));
  const certificate = await X509CertificateGenerator.create(
    {
      subject: [{ CN: ['lattice admission'] }],
      issuer: issuer.subject,
      serialNumber: serialNumber(),
      notBefore: new Date(now - BACKDATED_MS),
      notAfter,
      signingAlgorithm: ALGORITHM,
      publicKey: keys.publicKey,
      signingKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, webcrypto),
        await AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  );
  return { certificate: pemOf(certificate), key: await pemOfKey(keys.privateKey) };
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

/** 127 random bits, and never a negative number. */
function serialNumber(): string {
  const bytes = webcrypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return Buffer.from(bytes).toString('hex');
}

const pemOf = (certificate: X509Certificate): string => `${certificate.toString('pem').trimEnd()}\n`;

async function pemOfKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY').trimEnd()}\n`;
}
