// IP addresses and blocks as istiod parses them and ztunnel compares them.

/** 4 or 16 bytes. Families never match each other: `0.0.0.0/0` holds no IPv6 address. */
export type Address = readonly number[];

export interface Block {
  readonly text: string;
  readonly address: Address;
  /** Bits that count; host bits beyond them are ignored. */
  readonly length: number;
}

/** Parses an address or a CIDR block; undefined when istiod's parser would refuse it. */
export function parseBlock(text: string): Block | undefined {
  const slash = text.lastIndexOf('/');
  if (slash === -1) {
    const address = parseAddress(text);
    return address && { text, address, length: address.length * 8 };
  }
  const bits = text.slice(slash + 1);
  // A zone names an interface, so a block cannot have one.
  const address = text.includes('%') ? undefined : parseAddress(text.slice(0, slash));
  if (!address || !/^(0|[1-9]\d{0,2})$/.test(bits)) return undefined;
  const length = Number(bits);
  return length <= address.length * 8 ? { text, address, length } : undefined;
}

export function parseAddress(text: string): Address | undefined {
  return text.includes(':') ? parseIPv6(text) : parseIPv4(text);
}

export function contains(block: Block, address: Address): boolean {
  if (block.address.length !== address.length) return false;
  const whole = block.length >> 3;
  for (let index = 0; index < whole; index++) if (block.address[index] !== address[index]) return false;
  const rest = block.length & 7;
  if (rest === 0) return true;
  const mask = 0xff << (8 - rest);
  return ((block.address[whole] ?? 0) & mask) === ((address[whole] ?? 0) & mask);
}

function parseIPv4(text: string): number[] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part))) return undefined;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : undefined;
}

function parseIPv6(text: string): number[] | undefined {
  const [literal = '', zone, more] = text.split('%');
  if (zone === '' || more !== undefined) return undefined;
  const halves = literal.split('::');
  if (halves.length > 2) return undefined;
  const head = groupsOf(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '', true) : [];
  if (!head || !tail) return undefined;
  const missing = 16 - head.length - tail.length;
  // `::` stands for at least one group of zeros.
  if (halves.length === 1 ? missing !== 0 : missing < 2) return undefined;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

function groupsOf(text: string, mayEndInIPv4: boolean): number[] | undefined {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [index, group] of groups.entries()) {
    if (mayEndInIPv4 && index === groups.length - 1 && group.includes('.')) {
      const last = parseIPv4(group);
      if (!last) return undefined;
      bytes.push(...last);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(group)) return undefined;
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
    }
  }
  return bytes;
}
