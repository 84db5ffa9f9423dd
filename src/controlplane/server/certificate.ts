import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import * as der from './der.ts';

/** PEM texts for a server and for those who should trust it. */
export interface Credentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

const DAY = 24 * 3600 * 1000;
const ECDSA_SHA256 = der.sequence(der.objectId('1.2.840.10045.4.3.2'));

/** A certificate authority of its own and a server certificate for `hosts`, both P-256, valid for ten years. */
export function makeCredentials(hosts: readonly string[], now: number): Credentials {
  const authority = newPair();
  const server = newPair();
  const issuer = 'Lattice control plane CA';
  const ca = certify({
    subject: issuer,
    issuer,
    pair: authority,
    signer: authority,
    now,
    extensions: authorityExtensions(),
  });
  const certificate = certify({
    subject: 'Lattice control plane',
    issuer,
    pair: server,
    signer: authority,
    now,
    extensions: serverExtensions(hosts),
  });
  return { ca, certificate, key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const newPair = (): Pair => generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface Request {
  readonly subject: string;
  readonly issuer: string;
  readonly pair: Pair;
  readonly signer: Pair;
  readonly now: number;
  readonly extensions: readonly der.Der[];
}

function certify({ subject, issuer, pair, signer, now, extensions }: Request): string {
  const body = der.sequence(
    der.explicit(0, der.integer(Buffer.from([2]))), // X.509 version 3
    der.integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    ECDSA_SHA256,
    nameOf(issuer),
    der.sequence(der.time(new Date(now - DAY)), der.time(new Date(now + 3650 * DAY))),
    nameOf(subject),
    pair.publicKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...extensions)),
  );
  const signature = sign('sha256', body, signer.privateKey);
  const certificate = der.sequence(body, ECDSA_SHA256, der.bits(signature));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const nameOf = (common: string): der.Der =>
  der.sequence(der.set(der.sequence(der.objectId('2.5.4.3'), der.text(common))));

const extension = (id: string, critical: boolean, content: der.Der): der.Der =>
  der.sequence(der.objectId(id), ...(critical ? [der.boolean(true)] : []), der.octets(content));

const BASIC_CONSTRAINTS = '2.5.29.19';
const KEY_USAGE = '2.5.29.15';
const EXTENDED_KEY_USAGE = '2.5.29.37';
const ALTERNATIVE_NAMES = '2.5.29.17';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

const authorityExtensions = (): readonly der.Der[] => [
  extension(BASIC_CONSTRAINTS, true, der.sequence(der.boolean(true))),
  extension(KEY_USAGE, true, der.bits(Buffer.from([0b0000_0110]), 1)), // certificate and CRL signing
];

const serverExtensions = (hosts: readonly string[]): readonly der.Der[] => [
  extension(BASIC_CONSTRAINTS, true, der.sequence()),
  extension(KEY_USAGE, true, der.bits(Buffer.from([0b1000_0000]), 7)), // digital signature
  extension(EXTENDED_KEY_USAGE, false, der.sequence(der.objectId(SERVER_AUTH))),
  extension(ALTERNATIVE_NAMES, false, der.sequence(...hosts.map(alternativeName))),
];

function alternativeName(host: string): der.Der {
  const version = isIP(host);
  if (version === 0) return der.implicit(2, Buffer.from(host, 'ascii'));
  return der.implicit(7, version === 4 ? Buffer.from(host.split('.').map(Number)) : ipv6Bytes(host));
}

function ipv6Bytes(host: string): Buffer {
  const [head = '', tail] = host.split('::');
  const words = (part: string): readonly string[] => (part === '' ? [] : part.split(':'));
  const front = words(head);
  const back = tail === undefined ? [] : words(tail);
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => '0'), ...back];
  return Buffer.from(all.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 0xff]));
}
