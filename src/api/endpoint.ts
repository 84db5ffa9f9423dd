import { type Cidr, formatAddress, formatCidr, parseCidr } from './ip.ts';
import type { Protocol } from './service.ts';

/** What an endpoint's host names. A wildcard's `suffix` is what follows `*.`, so `example.net` for `*.example.net`. */
export type Host =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'wildcard'; readonly suffix: string }
  | ({ readonly kind: 'cidr' } & Cidr);

export const SCHEMES = ['https', 'http', 'grpc', 'tcp', 'udp', 'sctp'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** One thing outside the cluster: hosts and ports belong together and are never crossed. */
export interface Endpoint {
  readonly scheme: Scheme;
  readonly host: Host;
  readonly port: number;
  readonly protocol: Protocol;
}

type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

const DEFAULT_PORT: Readonly<Partial<Record<Scheme, number>>> = { https: 443, http: 80 };

/**
 * Reads `scheme://host[:port]`; a bare `host:port` is tcp. The host is an FQDN, `*.FQDN`, an address or a CIDR
 * (IPv6 in brackets, with its prefix inside or behind them).
 */
export function parseEndpoint(text: string): Read<Endpoint> {
  const split = /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?(.*)$/s.exec(text);
  const schemeText = (split?.[1] ?? 'tcp').toLowerCase();
  const scheme = SCHEMES.find((known) => known === schemeText);
  if (!scheme) return bad(`scheme "${schemeText}" is not one of ${SCHEMES.join(', ')}`);
  const authority = split?.[2] ?? '';
  if (authority.includes('@')) return bad('has credentials in it: remove the part before "@"');
  const parts =
    /^\[([^\]]*)\](\/\d+)?(?::([^:]*))?$/.exec(authority.replace(/\/$/, '')) ??
    /^([^:/]*(?:\/\d{1,3}(?=:|$))?)()(?::([^:/]*))?$/.exec(authority.replace(/\/$/, ''));
  if (!parts) {
    return authority.includes('/')
      ? bad('has a path: only scheme, host and port can be enforced; remove the path')
      : bad('is not scheme://host:port (an IPv6 address goes in brackets)');
  }
  const host = parseHost(`${parts[1] ?? ''}${parts[2] ?? ''}`);
  if (!host.ok) return host;
  const port = parsePort(parts[3], scheme);
  if (!port.ok) return port;
  const protocol = scheme === 'udp' ? 'UDP' : scheme === 'sctp' ? 'SCTP' : 'TCP';
  return { ok: true, value: { scheme, host: host.value, port: port.value, protocol } };
}

/** The host as the engines write it: lower case, no trailing dot; addresses as canonical text without a full prefix. */
export function hostText(host: Host): string {
  switch (host.kind) {
    case 'name':
      return host.name;
    case 'wildcard':
      return `*.${host.suffix}`;
    case 'cidr':
      return cidrText(host);
  }
}

function cidrText(cidr: Cidr): string {
  const full = cidr.family === 4 ? 32 : 128;
  return cidr.prefix === full ? formatAddress(cidr.family, cidr.first) : formatCidr(cidr);
}

function parseHost(text: string): Read<Host> {
  if (text === '') return bad('has no host');
  const cidr = parseCidr(text);
  if (cidr) return { ok: true, value: { kind: 'cidr', ...cidr } };
  if (text.includes('/') || text.includes(':')) return bad(`"${text}" is no address or CIDR`);
  const name = text.toLowerCase().replace(/\.$/, '');
  const wildcard = name.startsWith('*.');
  const fqdn = wildcard ? name.slice(2) : name;
  if (/^[\d.]+$/.test(fqdn)) return bad(`"${text}" is no address: four numbers from 0 to 255 without leading zeros`);
  if (
    fqdn.length > 253 ||
    !/^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(fqdn)
  ) {
    return bad(
      name.includes('*')
        ? `"${text}": a wildcard is "*." before a full name, such as *.example.com`
        : `"${text}" is no fully qualified name, address or CIDR`,
    );
  }
  return { ok: true, value: wildcard ? { kind: 'wildcard', suffix: fqdn } : { kind: 'name', name: fqdn } };
}

function parsePort(text: string | undefined, scheme: Scheme): Read<number> {
  if (text === undefined) {
    const known = DEFAULT_PORT[scheme];
    return known === undefined
      ? bad(`has no port: ${scheme} needs one, as in ${scheme}://host:port`)
      : { ok: true, value: known };
  }
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > 65535)
    return bad(`port "${text}" is not a number from 1 to 65535`);
  return { ok: true, value: Number(text) };
}

function bad(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
