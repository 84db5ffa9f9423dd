// Issues X.509 certificates for tests of TLS: P-256, valid for ten years around now.
import { createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

export interface Issued {
  readonly cert: string;
  readonly key: string;
  readonly name: string;
}

/** A certificate for `name`, and for these addresses, signed by `issuer`; without an issuer, a self-signed authority. */
export function issueCertificate(name: string, issuer?: Issued, addresses: readonly string[] = []): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'der' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const names = addresses.map((address) => tlv(0x87, Buffer.from(address.split('.').map(Number))));
  const extensions = [
    extension('551d13', sequence(issuer ? [] : [tlv(0x01, Buffer.from([0xff]))])),
    ...(names.length > 0 ? [extension('551d11', sequence(names))] : []),
  ];
  const body = sequence([
    tlv(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_SHA256,
    distinguished(issuer?.name ?? name),
    sequence([time('200101000000Z'), time('490101000000Z')]),
    distinguished(name),
    publicKey,
    tlv(0xa3, sequence(extensions)),
  ]);
  const signature = sign('sha256', body, createPrivateKey(issuer?.key ?? privateKey));
  const der = sequence([body, ECDSA_SHA256, tlv(0x03, Buffer.concat([Buffer.from([0]), signature]))]);
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  const cert = `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  return { cert, key: privateKey, name };
}

function tlv(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(parts: readonly Buffer[]): Buffer {
  return tlv(0x30, Buffer.concat(parts));
}

function integer(value: Buffer): Buffer {
  return tlv(0x02, value);
}

function oid(hex: string): Buffer {
  return tlv(0x06, Buffer.from(hex, 'hex'));
}

function time(utc: string): Buffer {
  return tlv(0x17, Buffer.from(utc));
}

function distinguished(name: string): Buffer {
  return sequence([tlv(0x31, sequence([oid('550403'), tlv(0x0c, Buffer.from(name))]))]);
}

function extension(id: string, value: Buffer): Buffer {
  return sequence([oid(id), tlv(0x04, value)]);
}

const ECDSA_SHA256 = sequence([oid('2a8648ce3d040302')]);
