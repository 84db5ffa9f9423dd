import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
// The certificate library looks its parts up by metadata, and refuses to load without this.
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** PEM texts for a server and for those who should trust it. */
export interface Credentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const DAY = 24 * 3600 * 1000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate authority of its own and a server certificate for `hosts`, both P-256, valid for ten years. */
export async function makeCredentials(hosts: readonly string[], now: number): Promise<Credentials> {
  const [authority, server] = await Promise.all([newKeys(), newKeys()]);
  const issuer = 'CN=Lattice control plane CA';
  const valid = { notBefore: new Date(now - DAY), notAfter: new Date(now + 3650 * DAY), signingAlgorithm: ALGORITHM };
  const ca = await X509CertificateGenerator.createSelfSigned(
    {
      ...valid,
      name: issuer,
      serialNumber: serialNumber(),
      keys: authority,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      ],
    },
    webcrypto,
  );
  const certificate = await X509CertificateGenerator.create(
    {
      ...valid,
      issuer,
      subject: 'CN=Lattice control plane',
      serialNumber: serialNumber(),
      publicKey: server.publicKey,
      signingKey: authority.privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
        ),
      ],
    },
    webcrypto,
  );
  const key = await webcrypto.subtle.exportKey('pkcs8', server.privateKey);
  return {
    ca: pemOf(ca),
    certificate: pemOf(certificate),
    key: `${PemConverter.encode(key, 'PRIVATE KEY').trimEnd()}\n`,
  };
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
