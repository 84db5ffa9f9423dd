// Cuts the items out of a List while it arrives, so that a page is never held as a whole.
import { parseJson, type Json } from '../json.ts';

export interface Items {
  /** Calls back with every item that `chunk` completes. The bytes are valid only during the call. */
  feed(chunk: Buffer, onItem: (item: Buffer) => void): void;
  /** The list without its items (kind, metadata). Throws SyntaxError when the body was cut off. */
  finish(): Json;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACE = 0x7d;
/** Sets the bit in which `{` differs from `[`, and `}` from `]`. */
const EITHER = 0x20;
/** Depth inside the items array: the list's object, then the array. */
const IN_ITEMS = 2;

export function items(): Items {
  // Everything outside the items, byte for character: a chunk may end inside a letter.
  let shell = '';
  let held: Buffer[] = [];
  let depth = 0;
  let inItems = false;
  let inString = false;
  let escaped = false;

  const feed = (chunk: Buffer, onItem: (item: Buffer) => void): void => {
    let at = 0;
    // Start, in this chunk, of the item or of the shell text that is being read.
    let start = 0;
    while (at < chunk.length) {
      const byte = chunk[at++] ?? 0;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
      } else if (byte === QUOTE) {
        inString = true;
      } else if ((byte | EITHER) === OPEN_BRACE) {
        depth += 1;
        if (inItems && depth === IN_ITEMS + 1) start = at - 1;
        else if (!inItems && depth === IN_ITEMS && byte === OPEN_BRACKET) {
          const text = shell + chunk.toString('latin1', start, at);
          if (/"items"\s*:\s*\[$/.test(text)) {
            shell = text;
            inItems = true;
          }
        }
      } else if ((byte | EITHER) === CLOSE_BRACE) {
        depth -= 1;
        if (!inItems) continue;
        if (depth === IN_ITEMS) {
          const tail = chunk.subarray(start, at);
          onItem(held.length === 0 ? tail : Buffer.concat([...held, tail]));
          held = [];
        } else if (depth < IN_ITEMS) {
          inItems = false;
          start = at - 1;
        }
      }
    }
    if (!inItems) shell += chunk.toString('latin1', start);
    else if (depth > IN_ITEMS) held.push(Buffer.from(chunk.subarray(start)));
  };
  return {
    feed,
    finish() {
      if (depth !== 0 || inString) throw new SyntaxError('the list was cut off');
      return parseJson(Buffer.from(shell, 'latin1').toString('utf8'));
    },
  };
}
