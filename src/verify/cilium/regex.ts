// Whether a text is a regular expression that Go's regexp package (RE2 syntax) compiles: HTTP rules must be.

/** True if `text` compiles. Look-around and back-references, which JavaScript knows, do not. */
export function isGoRegex(text: string): boolean {
  const reader: Reader = { text, at: 0, depth: 0 };
  return readAlternatives(reader) && reader.at === text.length;
}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
}

const MAX_REPEAT = 1000;
const MAX_DEPTH = 1000;

function readAlternatives(reader: Reader): boolean {
  if (++reader.depth > MAX_DEPTH) return false;
  for (;;) {
    if (!readSequence(reader)) return false;
    if (reader.text[reader.at] !== '|') break;
    reader.at++;
  }
  reader.depth--;
  return true;
}

function readSequence(reader: Reader): boolean {
  while (reader.at < reader.text.length) {
    const next = reader.text[reader.at];
    if (next === '|' || next === ')') return true;
    const before = reader.at;
    if (!readAtom(reader)) return false;
    if (reader.at === before) return false;
    if (!readRepeats(reader)) return false;
  }
  return true;
}

function readAtom(reader: Reader): boolean {
  const next = reader.text[reader.at];
  if (next === '(') return readGroup(reader);
  if (next === '[') return readClass(reader);
  if (next === '\\') return readEscape(reader, 'outside');
  if (next === '*' || next === '+' || next === '?') return false;
  // A brace that opens no well-formed repetition is a literal.
  if (next === '{' && repeatAt(reader) !== undefined) return false;
  reader.at++;
  return true;
}

function readGroup(reader: Reader): boolean {
  reader.at++;
  if (reader.text[reader.at] === '?') {
    const rest = reader.text.slice(reader.at);
    const opening = /^\?(?:P?<[A-Za-z0-9_]+>|[imsU]*(?:-[imsU]+)?:)/.exec(rest)?.[0];
    const flags = /^\?(?:[imsU]+(?:-[imsU]+)?|-[imsU]+)\)/.exec(rest)?.[0];
    if (flags) {
      reader.at += flags.length;
      return true;
    }
    if (!opening) return false;
    reader.at += opening.length;
  }
  if (!readAlternatives(reader) || reader.text[reader.at] !== ')') return false;
  reader.at++;
  return true;
}

/** At most one repetition, perhaps lazy; a second one right after it is an error. */
function readRepeats(reader: Reader): boolean {
  if (!readRepeat(reader)) return true;
  if (reader.text[reader.at] === '?') reader.at++;
  const at = reader.at;
  const repeat = repeatAt(reader);
  if (repeat === 'too large') return false;
  const next = reader.text[at];
  return !(next === '*' || next === '+' || next === '?' || repeat !== undefined);
}

function readRepeat(reader: Reader): boolean {
  const next = reader.text[reader.at];
  if (next === '*' || next === '+' || next === '?') {
    reader.at++;
    return true;
  }
  const repeat = repeatAt(reader);
  if (repeat === undefined || repeat === 'too large') return false;
  reader.at += repeat;
  return true;
}

/** Length of a repetition such as `{2,5}` at the reader, if there is one. */
function repeatAt(reader: Reader): number | 'too large' | undefined {
  if (reader.text[reader.at] !== '{') return undefined;
  const match = /^\{([0-9]+)(?:(,)([0-9]*))?\}/.exec(reader.text.slice(reader.at, reader.at + 24));
  if (!match) return undefined;
  const [whole, low = '', , high = ''] = match;
  if ((low.length > 1 && low.startsWith('0')) || (high.length > 1 && high.startsWith('0'))) return undefined;
  if (Number(low) > MAX_REPEAT || Number(high) > MAX_REPEAT) return 'too large';
  return high !== '' && Number(low) > Number(high) ? 'too large' : whole.length;
}

function readClass(reader: Reader): boolean {
  reader.at++;
  if (reader.text[reader.at] === '^') reader.at++;
  let first = true;
  while (reader.at < reader.text.length) {
    const next = reader.text[reader.at];
    if (next === ']' && !first) {
      reader.at++;
      return true;
    }
    first = false;
    const named = /^\[:(\^?[a-z]+):\]/.exec(reader.text.slice(reader.at, reader.at + 12));
    if (named) {
      if (!POSIX_CLASSES.has((named[1] ?? '').replace('^', ''))) return false;
      reader.at += named[0].length;
      continue;
    }
    if (!readRange(reader)) return false;
  }
  return false;
}

function readRange(reader: Reader): boolean {
  const low = readClassItem(reader);
  if (low === 'error') return false;
  if (reader.text[reader.at] !== '-' || reader.text[reader.at + 1] === ']') return true;
  if (low === 'set') return false;
  reader.at++;
  const high = readClassItem(reader);
  return typeof high === 'number' && typeof low === 'number' && low <= high;
}

function readClassItem(reader: Reader): number | 'set' | 'error' {
  if (reader.at >= reader.text.length) return 'error';
  const start = reader.at;
  if (reader.text[start] !== '\\') {
    const code = reader.text.codePointAt(start) ?? 0;
    reader.at += code > 0xffff ? 2 : 1;
    return code;
  }
  if (!readEscape(reader, 'inside')) return 'error';
  const escape = reader.text.slice(start, reader.at);
  if (/^\\[dDsSwWpP]/.test(escape)) return 'set';
  return codeOf(escape);
}

function codeOf(escape: string): number {
  const hex = /^\\x\{?([0-9a-fA-F]+)\}?$/.exec(escape)?.[1];
  if (hex) return Number.parseInt(hex, 16);
  const octal = /^\\([0-7]+)$/.exec(escape)?.[1];
  if (octal) return Number.parseInt(octal, 8);
  const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
  const letter = escape[1] ?? '';
  return controls[letter] ?? letter.codePointAt(0) ?? 0;
}

const ESCAPES = {
  outside:
    /^\\(?:[AbBzQdDsSwWafnrtv]|C|0[0-7]{0,2}|[1-7][0-7]{1,2}|x[0-9a-fA-F]{2}|x\{[0-9a-fA-F]+\}|[pP](?:[LMNPSZC]|\{\^?[A-Za-z_]+\})|[^A-Za-z0-9\u0080-\u{10ffff}])/u,
  inside:
    /^\\(?:[dDsSwWafnrtv]|0[0-7]{0,2}|[1-7][0-7]{1,2}|x[0-9a-fA-F]{2}|x\{[0-9a-fA-F]+\}|[pP](?:[LMNPSZC]|\{\^?[A-Za-z_]+\})|[^A-Za-z0-9\u0080-\u{10ffff}])/u,
} as const;

function readEscape(reader: Reader, where: 'inside' | 'outside'): boolean {
  const escape = ESCAPES[where].exec(reader.text.slice(reader.at, reader.at + 48))?.[0];
  if (!escape) return false;
  if (escape === '\\Q') {
    const end = reader.text.indexOf('\\E', reader.at);
    reader.at = end < 0 ? reader.text.length : end + 2;
    return true;
  }
  const hex = /^\\x\{([0-9a-fA-F]+)\}$/.exec(escape)?.[1];
  if (hex && Number.parseInt(hex, 16) > 0x10ffff) return false;
  const property = /^\\[pP]\{\^?([A-Za-z_]+)\}$/.exec(escape)?.[1];
  if (property && !isUnicodeClass(property)) return false;
  reader.at += escape.length;
  return true;
}

/** Go knows general categories and scripts by these names. */
function isUnicodeClass(name: string): boolean {
  if (name === 'Any') return true;
  for (const spelling of [`\\p{${name}}`, `\\p{Script=${name}}`]) {
    try {
      return new RegExp(spelling, 'u').source.length > 0;
    } catch {
      // Not this one: JavaScript has no other way to ask which classes exist.
    }
  }
  return false;
}

const POSIX_CLASSES: ReadonlySet<string> = new Set([
  'alnum',
  'alpha',
  'ascii',
  'blank',
  'cntrl',
  'digit',
  'graph',
  'lower',
  'print',
  'punct',
  'space',
  'upper',
  'word',
  'xdigit',
]);
