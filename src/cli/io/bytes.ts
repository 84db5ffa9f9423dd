import { isUtf8 } from 'node:buffer';

export type Decoded =
  | { readonly ok: true; readonly text: string }
  | {
      readonly ok: false;
      readonly message: string;
      readonly fix: string;
      readonly line: number;
      readonly column: number;
    };

/** Above this a file cannot become one string, and no manifest is so large. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Bytes as text. Only valid UTF-8 is read: replaced characters could turn one name into another. */
export function decode(bytes: Buffer): Decoded {
  if (bytes.length > MAX_BYTES) {
    return bad(`is larger than ${MAX_BYTES / 1024 / 1024} MiB`, 'split it into several files', 1, 1);
  }
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return bad('is UTF-16 text', 'save it as UTF-8', 1, 1);
  }
  if (isUtf8(bytes)) {
    const text = bytes.toString('utf8');
    return { ok: true, text: text.startsWith('\uFEFF') ? text.slice(1) : text };
  }
  let line = 1;
  for (let start = 0; start <= bytes.length; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    const content = bytes.subarray(start, end);
    if (!isUtf8(content)) {
      const column = content.toString('utf8').indexOf('\uFFFD') + 1;
      return bad('has a byte that is no valid UTF-8', 'save the file as UTF-8', line, column);
    }
    start = end + 1;
  }
  return bad('is no valid UTF-8', 'save the file as UTF-8', 1, 1);
}

function bad(message: string, fix: string, line: number, column: number): Decoded {
  return { ok: false, message, fix, line, column };
}
