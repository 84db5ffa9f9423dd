import { type Cidr, parseCidr } from './ip.ts';

/** Where callers from outside come from: Cilium's identities of the same name, or a range of addresses. */
export type Source =
  | { readonly kind: 'world' }
  | { readonly kind: 'ingress' }
  | { readonly kind: 'nodes' }
  | ({ readonly kind: 'cidr' } & Cidr);

/** Reads one entry of `sources`. The whole Internet is spelled `world`, never as a range. */
export function parseSource(
  text: string,
): { readonly ok: true; readonly value: Source } | { readonly ok: false; readonly reason: string } {
  if (text === 'world' || text === 'ingress' || text === 'nodes') return { ok: true, value: { kind: text } };
  const cidr = parseCidr(text);
  if (!cidr) return { ok: false, reason: 'is not a CIDR, an address, "world", "ingress" or "nodes"' };
  if (cidr.prefix === 0) return { ok: false, reason: 'is every address: write "world" if that is meant' };
  return { ok: true, value: { kind: 'cidr', ...cidr } };
}
