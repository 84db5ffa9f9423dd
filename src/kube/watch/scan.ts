// JSON as bytes: what the decoder and the cutter of lists look for, and where strings end.

export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
/** Sets the bit in which `{` differs from `[`, and `}` from `]`. */
export const EITHER = 0x20;

/** Added to the length of the bytes by stringEnd when the string goes on in the next bytes. */
export const IN_STRING = 1;
export const IN_ESCAPE = 2;

/** The position after the closing quote of the string that `from` is inside of; beyond the bytes if it is not in them. */
export function stringEnd(bytes: Buffer, from: number): number {
  const end = bytes.length;
  let at = from;
  while (at < end) {
    const byte = bytes[at++];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) {
      if (at === end) return end + IN_ESCAPE;
      at += 1;
    }
  }
  return end + IN_STRING;
}
