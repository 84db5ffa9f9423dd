// Cuts the items out of a List while it arrives, so that a page is never held as a whole.
import { parseJson, type Json } from '../json.ts';
import { CLOSE_BRACE, EITHER, IN_ESCAPE, IN_STRING, OPEN_BRACE, OPEN_BRACKET, QUOTE, stringEnd } from './scan.ts';

export interface Items {
  /** Calls back with every item that `chunk` completes. The bytes are valid only during the call. */
  feed(chunk: Buffer, onItem: (item: Buffer) => void): void;
  /** The list without its items (kind, metadata). Throws SyntaxError when the body was cut off. */
  finish(): Json;
}

/** Depth inside the items array: the list's object, then the array. */
const IN_ITEMS = 2;

export function items(): Items {
  // Everything outside the items, byte for character: a chunk may end inside a letter.
  let shell = '';
  let held: Buffer[] = [];
  let depth = 0;
  let inItems = false;
  // Whether the last chunk ended inside a string, or on a backslash in it.
  let open: 'no' | 'string' | 'escape' = 'no';

  const atArray = (chunk: Buffer, start: number, at: number): boolean => {
    const text = shell + chunk.toString('latin1', start, at);
    if (!/"items"\s*:\s*\[$/.test(text)) return false;
    shell = text;
    return true;
  };
  const feed = (chunk: Buffer, onItem: (item: Buffer) => void): void => {
    const end = chunk.length;
    // Kept in locals: this loop sees every byte of every list.
    let level = depth;
    // Start, in this chunk, of the item or of the shell text that is being read.
    let start = 0;
    let at = open === 'no' ? 0 : stringEnd(chunk, open === 'escape' ? 1 : 0);
    while (at < end) {
      const byte = chunk[at++] ?? 0;
      if (byte === QUOTE) {
        at = stringEnd(chunk, at);
      } else if ((byte | EITHER) === OPEN_BRACE) {
        level += 1;
        if (level === IN_ITEMS + 1 && inItems) start = at - 1;
        else if (level === IN_ITEMS && byte === OPEN_BRACKET) inItems = atArray(chunk, start, at);
      } else if ((byte | EITHER) === CLOSE_BRACE) {
        level -= 1;
        if (level > IN_ITEMS || !inItems) continue;
        if (level === IN_ITEMS) {
          const tail = chunk.subarray(start, at);
          onItem(held.length === 0 ? tail : Buffer.concat([...held, tail]));
          held = [];
        } else {
          inItems = false;
          start = at - 1;
        }
      }
    }
    depth = level;
    open = at === end + IN_STRING ? 'string' : at === end + IN_ESCAPE ? 'escape' : 'no';
    if (!inItems) shell += chunk.toString('latin1', start);
    else if (level > IN_ITEMS) held.push(Buffer.from(chunk.subarray(start)));
  };
  return {
    feed,
    finish() {
      if (depth !== 0 || open !== 'no') throw new SyntaxError('the list was cut off');
      return parseJson(Buffer.from(shell, 'latin1').toString('utf8'));
    },
  };
}
