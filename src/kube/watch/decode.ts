// Decodes JSON from bytes, making only what a mask keeps: the rest is stepped over without becoming a value.
// Skipped parts are not checked beyond strings and brackets; the server is trusted to send JSON.
import { isJson, type Json } from '../json.ts';
import { define, type Mask } from './mask.ts';
import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, EITHER, OPEN_BRACE, OPEN_BRACKET, QUOTE, stringEnd } from './scan.ts';
import { stringTable, type StringTable } from './string-table.ts';

/** Throws SyntaxError when the bytes end early or are not JSON where it looks. */
export type Decode = (bytes: Buffer) => Json;

export function decoderFor(mask: Mask): Decode {
  const plan = planOf(mask);
  const strings = stringTable();
  return (bytes) => {
    const cursor: Cursor = { bytes, at: 0, strings };
    const value = plan === 'skip' ? null : readValue(cursor, plan);
    if (skipSpace(bytes, cursor.at) !== bytes.length) throw broken(cursor.at);
    return value;
  };
}

/** A mask made ready for bytes. */
type Plan = 'whole' | 'skip' | FieldPlan;

interface FieldPlan {
  readonly names: readonly string[];
  readonly keys: readonly Uint8Array[];
  readonly plans: readonly Plan[];
  readonly rest: 'whole' | 'skip';
}

/** Below this, sharing strings (labels!) is worth more than the speed of JSON.parse. */
const SMALL = 1024;
const EVERYTHING: FieldPlan = { names: [], keys: [], plans: [], rest: 'whole' };

interface Cursor {
  readonly bytes: Buffer;
  readonly strings: StringTable;
  at: number;
}

const COMMA = 0x2c;
const COLON = 0x3a;

function planOf(mask: Mask): Plan {
  if (mask === 'keep') return 'whole';
  if (mask === 'drop') return 'skip';
  const names = [...mask.fields.keys()];
  return {
    names,
    keys: names.map((name) => Buffer.from(JSON.stringify(name).slice(1, -1))),
    plans: [...mask.fields.values()].map(planOf),
    rest: mask.rest === 'keep' ? 'whole' : 'skip',
  };
}

function readValue(cursor: Cursor, plan: 'whole' | FieldPlan): Json {
  const { bytes } = cursor;
  const start = skipSpace(bytes, cursor.at);
  const first = bytes[start];
  if (first === QUOTE) return readString(cursor, start);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) {
    if (plan === 'whole') {
      const end = skipNested(bytes, start + 1);
      if (end - start > SMALL) {
        cursor.at = end;
        return parse(bytes, start, end);
      }
    }
    const below = plan === 'whole' ? EVERYTHING : plan;
    return first === OPEN_BRACE ? readFields(cursor, start, below) : readElements(cursor, start, below);
  }
  cursor.at = skipScalar(bytes, start);
  return parse(bytes, start, cursor.at);
}

function readFields(cursor: Cursor, start: number, plan: FieldPlan): Json {
  const { bytes } = cursor;
  const object: Record<string, Json> = {};
  let missing = plan.keys.length;
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACE) {
    cursor.at = at + 1;
    return object;
  }
  for (;;) {
    if (bytes[at] !== QUOTE) throw broken(at);
    const keyEnd = skipString(bytes, at + 1);
    const colon = skipSpace(bytes, keyEnd);
    if (bytes[colon] !== COLON) throw broken(colon);
    const found = indexOfKey(plan, bytes, at + 1, keyEnd - 1);
    const below = plan.plans[found] ?? plan.rest;
    if (below === 'skip') {
      cursor.at = skipValue(bytes, colon + 1);
    } else {
      cursor.at = at;
      const name = plan.names[found] ?? readString(cursor, at);
      cursor.at = colon + 1;
      define(object, name, readValue(cursor, below));
    }
    if (found >= 0) missing -= 1;
    at = skipSpace(bytes, cursor.at);
    if (bytes[at] === CLOSE_BRACE) {
      cursor.at = at + 1;
      return object;
    }
    if (bytes[at] !== COMMA) throw broken(at);
    if (missing === 0 && plan.rest === 'skip') {
      cursor.at = skipNested(bytes, at + 1);
      return object;
    }
    at = skipSpace(bytes, at + 1);
  }
}

function readElements(cursor: Cursor, start: number, plan: FieldPlan): Json {
  const { bytes } = cursor;
  const list: Json[] = [];
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_BRACKET) {
    cursor.at = at + 1;
    return list;
  }
  for (;;) {
    cursor.at = at;
    list.push(readValue(cursor, plan));
    at = skipSpace(bytes, cursor.at);
    if (bytes[at] === CLOSE_BRACKET) {
      cursor.at = at + 1;
      return list;
    }
    if (bytes[at] !== COMMA) throw broken(at);
    at += 1;
  }
}

/** The index of the planned field whose name stands in bytes[start, end), or -1. */
function indexOfKey(plan: FieldPlan, bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  for (let i = 0; i < plan.keys.length; i++) {
    const key = plan.keys[i];
    if (key === undefined || key.length !== length) continue;
    let same = 0;
    while (same < length && key[same] === bytes[start + same]) same += 1;
    if (same === length) return i;
  }
  return hasEscape(bytes, start, end) ? plan.names.indexOf(parseString(bytes, start - 1, end + 1)) : -1;
}

function hasEscape(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] === BACKSLASH) return true;
  return false;
}

/** Reads the string whose opening quote is at `start`. */
function readString(cursor: Cursor, start: number): string {
  const { bytes } = cursor;
  const end = bytes.length;
  let at = start + 1;
  let hash = 0;
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      cursor.at = at + 1;
      return cursor.strings.read(bytes, start + 1, at, hash);
    }
    // Escapes, other alphabets, and control characters that JSON forbids: not the common case.
    if (byte === BACKSLASH || byte >= 0x80 || byte < 0x20) break;
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  cursor.at = skipString(bytes, start + 1);
  return parseString(bytes, start, cursor.at);
}

function skipValue(bytes: Buffer, from: number): number {
  const at = skipSpace(bytes, from);
  const first = bytes[at];
  if (first === QUOTE) return skipString(bytes, at + 1);
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(bytes, at + 1);
  return skipScalar(bytes, at);
}

/** The position after the bracket that closes the one before `at`. */
function skipNested(bytes: Buffer, from: number): number {
  const end = bytes.length;
  let at = from;
  let depth = 1;
  while (at < end) {
    const byte = bytes[at++] ?? 0;
    if (byte === QUOTE) {
      at = skipString(bytes, at);
    } else if ((byte | EITHER) === OPEN_BRACE) {
      depth += 1;
    } else if ((byte | EITHER) === CLOSE_BRACE) {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  throw broken(at);
}

/** The position after the closing quote of the string whose first character is at `from`. */
function skipString(bytes: Buffer, from: number): number {
  const at = stringEnd(bytes, from);
  if (at > bytes.length) throw broken(bytes.length);
  return at;
}

function skipScalar(bytes: Buffer, from: number): number {
  const end = bytes.length;
  let at = from;
  while (at < end) {
    const byte = bytes[at] ?? 0;
    if (byte === COMMA || (byte | EITHER) === CLOSE_BRACE || byte <= 0x20) break;
    at += 1;
  }
  if (at === from) throw broken(at);
  return at;
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at])
    at += 1;
  return at;
}

function parse(bytes: Buffer, start: number, end: number): Json {
  const value: unknown = JSON.parse(bytes.toString('utf8', start, end));
  if (isJson(value)) return value;
  throw broken(start);
}

function parseString(bytes: Buffer, start: number, end: number): string {
  const value = parse(bytes, start, end);
  if (typeof value === 'string') return value;
  throw broken(start);
}

function broken(at: number): SyntaxError {
  return new SyntaxError(`not JSON, or cut off, at byte ${at}`);
}
