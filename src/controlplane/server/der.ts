/** The few forms of DER that a certificate needs (X.690). */
export type Der = Buffer;

function tagged(tag: number, content: Buffer): Der {
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

function lengthOf(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes = size < 0x100 ? [size] : [size >> 8, size & 0xff];
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

export const sequence = (...parts: readonly Der[]): Der => tagged(0x30, Buffer.concat(parts));
export const set = (...parts: readonly Der[]): Der => tagged(0x31, Buffer.concat(parts));
export const octets = (content: Buffer): Der => tagged(0x04, content);
export const bits = (content: Buffer, unused = 0): Der => tagged(0x03, Buffer.concat([Buffer.from([unused]), content]));
export const boolean = (value: boolean): Der => tagged(0x01, Buffer.from([value ? 0xff : 0]));
export const text = (value: string): Der => tagged(0x0c, Buffer.from(value, 'utf8'));
/** A context-specific tag around content that keeps its own tag. */
export const explicit = (tag: number, content: Der): Der => tagged(0xa0 | tag, content);
/** A context-specific tag in place of the content's own. */
export const implicit = (tag: number, content: Buffer): Der => tagged(0x80 | tag, content);

/** A non-negative integer; a leading zero keeps the sign bit clear. */
export function integer(bytes: Buffer): Der {
  const trimmed = bytes.length > 1 && bytes[0] === 0 ? bytes.subarray(bytes.findIndex((byte) => byte !== 0)) : bytes;
  return tagged(0x02, (trimmed[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), trimmed]) : trimmed);
}

export function objectId(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return tagged(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]));
}

function base128(value: number): readonly number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift(0x80 | (rest & 0x7f));
  return digits;
}

/** UTCTime until 2049, GeneralizedTime after, as RFC 5280 asks. */
export function time(moment: Date): Der {
  const digits = moment.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return moment.getUTCFullYear() < 2050
    ? tagged(0x17, Buffer.from(digits.slice(2)))
    : tagged(0x18, Buffer.from(digits));
}
