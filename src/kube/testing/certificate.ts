// Issues X.509 certificates for tests of TLS: P-256, valid for ten years around now.
import { webcrypto } from 'node:crypto';
// The certificate library looks its parts up by metadata, and refuses to load without this.
import 'reflect-metadata';
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly name: string;
  readonly signingKey: webcrypto.CryptoKey;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate for `name`, and for these addresses, signed by `issuer`; without an issuer, a self-signed authority. */
export async function issueCertificate(
  name: string,
  issuer?: Issued,
  addresses: readonly string[] = [],
): Promise<Issued> {
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const names = addresses.map((value) => ({ type: 'ip' as const, value }));
  const certificate = await X509CertificateGenerator.create(
    {
      subject: `CN=${name}`,
      issuer: `CN=${issuer?.name ?? name}`,
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2049-01-01T00:00:00Z'),
      signingAlgorithm: ALGORITHM,
      publicKey,
      signingKey: issuer?.signingKey ?? privateKey,
      extensions: [
        new BasicConstraintsExtension(issuer === undefined, undefined, true),
        ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
      ],
    },
    webcrypto,
  );
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
  return { cert: certificate.toString('pem'), key, name, signingKey: privateKey };
}
