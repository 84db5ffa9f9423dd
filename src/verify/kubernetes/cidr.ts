// IP prefixes as 128-bit numbers, read as strictly as Go's net/netip reads them.

/** A block of addresses; `bits` counts within the family (32 or 128), host bits are kept as written. */
export interface Prefix {
  readonly family: 4 | 6;
  readonly address: bigint;
  readonly bits: number;
}

/** Reads `address/length`; undefined if it is not one. A leading zero in an octet or in the length is refused. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.lastIndexOf('/');
  if (slash < 0) return undefined;
  const length = text.slice(slash + 1);
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(length)) return undefined;
  return prefixOf(text.slice(0, slash), Number(length));
}

/** Reads a bare address as the block of that one address. */
export function parseAddress(text: string): Prefix | undefined {
  return text.includes(':') ? prefixOf(text, 128) : prefixOf(text, 32);
}

/** The CRD format `cidr`, which unlike parsePrefix takes leading zeros, as decimal. */
export function isCidrFormat(text: string): boolean {
  return parsePrefix(text.replace(/(?<=^|[./])0+(?=[0-9])/g, '')) !== undefined;
}

/** True if every address of `inner` is an address of `outer`. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  if (outer.family !== inner.family || outer.bits > inner.bits) return false;
  const shift = BigInt((outer.family === 4 ? 32 : 128) - outer.bits);
  return outer.address >> shift === inner.address >> shift;
}

function prefixOf(address: string, bits: number): Prefix | undefined {
  const family = address.includes(':') ? 6 : 4;
  if (bits > (family === 4 ? 32 : 128)) return undefined;
  const number = family === 4 ? parseIPv4(address) : parseIPv6(address);
  return number === undefined ? undefined : { family, address: number, bits };
}

function parseIPv4(text: string): bigint | undefined {
  const octets = text.split('.');
  if (octets.length !== 4) return undefined;
  let number = 0n;
  for (const octet of octets) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(octet) || Number(octet) > 255) return undefined;
    number = (number << 8n) | BigInt(octet);
  }
  return number;
}

function parseIPv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  const [head, tail] = groups;
  if (!head || (halves.length === 2 && !tail)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const all = [...head, ...Array<number>(missing).fill(0), ...(tail ?? [])];
  return all.reduce((number, group) => (number << 16n) | BigInt(group), 0n);
}

function groupsOf(half: string, last: boolean): number[] | undefined {
  if (half === '') return [];
  const parts = half.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes('.')) {
      const embedded = parseIPv4(part);
      if (embedded === undefined) return undefined;
      groups.push(Number(embedded >> 16n), Number(embedded & 0xffffn));
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups;
}
