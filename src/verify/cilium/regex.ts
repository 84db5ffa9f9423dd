// Whether a text is a regular expression that Go's regexp package (RE2 syntax) compiles: HTTP rules must be.

/** True if `text` compiles. Look-around and back-references, which JavaScript knows, do not. */
export function isGoRegex(text: string): boolean {
  const reader: Reader = { text, at: 0, depth: 0 };
  return readAlternatives(reader) !== undefined && reader.at === text.length;
}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
}

/** How often the innermost part may be repeated: nested counts multiply, and the product is limited. */
type Weight = number;

const MAX_REPEAT = 1000;
const MAX_DEPTH = 1000;

function readAlternatives(reader: Reader): Weight | undefined {
  if (++reader.depth > MAX_DEPTH) return undefined;
  let weight = 1;
  for (;;) {
    const sequence = readSequence(reader);
    if (sequence === undefined) return undefined;
    weight = Math.max(weight, sequence);
    if (reader.text[reader.at] !== '|') break;
    reader.at++;
  }
  reader.depth--;
  return weight;
}

function readSequence(reader: Reader): Weight | undefined {
  let weight = 1;
  let operand: Weight | undefined;
  let repeated = false;
  while (reader.at < reader.text.length && reader.text[reader.at] !== '|' && reader.text[reader.at] !== ')') {
    const repeat = readRepeat(reader);
    if (repeat !== undefined) {
      // Nothing to repeat, or a repetition of a repetition.
      if (operand === undefined || repeated) return undefined;
      operand *= repeat;
      if (operand > MAX_REPEAT) return undefined;
    } else {
      const atom = readAtom(reader);
      if (atom === undefined) return undefined;
      if (atom !== 'nothing') operand = atom;
    }
    repeated = repeat !== undefined;
    weight = Math.max(weight, operand ?? 1);
  }
  return weight;
}

function readAtom(reader: Reader): Weight | 'nothing' | undefined {
  const next = reader.text[reader.at];
  if (next === '(') return readGroup(reader);
  if (next === '[') return readClass(reader) ? 1 : undefined;
  if (next === '\\') {
    const start = reader.at;
    if (!readEscape(reader, 'outside')) return undefined;
    return reader.text.slice(start, reader.at) === '\\Q\\E' ? 'nothing' : 1;
  }
  reader.at++;
  return 1;
}

function readGroup(reader: Reader): Weight | 'nothing' | undefined {
  reader.at++;
  const rest = reader.text.slice(reader.at);
  if (rest.startsWith('?')) {
    const flags = /^\?(?:[imsU]*|[imsU]*-[imsU]+)\)/.exec(rest)?.[0];
    if (flags) {
      reader.at += flags.length;
      return 'nothing';
    }
    const opening = /^\?(?:P?<[A-Za-z0-9_]+>|[imsU]*(?:-[imsU]+)?:)/.exec(rest)?.[0];
    if (!opening) return undefined;
    reader.at += opening.length;
  }
  const weight = readAlternatives(reader);
  if (weight === undefined || reader.text[reader.at] !== ')') return undefined;
  reader.at++;
  return weight;
}

/** Reads a repetition, perhaps lazy, and gives the factor by which it counts; undefined if there is none here. */
function readRepeat(reader: Reader): Weight | undefined {
  const next = reader.text[reader.at];
  let factor = 1;
  if (next === '*' || next === '+' || next === '?') reader.at++;
  else {
    // A brace that opens no well-formed repetition is a literal.
    const match = next === '{' ? /^\{([0-9]+)(?:(,)([0-9]*))?\}/.exec(reader.text.slice(reader.at)) : null;
    if (!match) return undefined;
    const [whole, low = '', comma, high = ''] = match;
    if (/^0[0-9]/.test(low) || /^0[0-9]/.test(high)) return undefined;
    const most = comma === undefined || high === '' ? Number(low) : Number(high);
    factor = most < Number(low) ? Number.POSITIVE_INFINITY : Math.max(1, most);
    reader.at += whole.length;
  }
  if (reader.text[reader.at] === '?') reader.at++;
  return factor;
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
  // A dash after a set, or at the end, is a literal.
  if (low === 'set' || reader.text[reader.at] !== '-' || reader.text[reader.at + 1] === ']') return true;
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
    /^\\(?:[AbBzQdDsSwWafnrtv]|0[0-7]{0,2}|[1-7][0-7]{1,2}|x[0-9a-fA-F]{2}|x\{[0-9a-fA-F]+\}|[pP](?:[LMNPSZC]|\{\^?[A-Za-z_]+\})|[^A-Za-z0-9\u0080-\u{10ffff}])/u,
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

/** Go knows general categories and scripts, by their long names in any case and the categories' short ones. */
function isUnicodeClass(name: string): boolean {
  if (/^(?:any|assigned|ascii|lc)$/i.test(name)) return true;
  const proper = name.replace(/[A-Za-z]+/g, (word) => `${word[0]?.toUpperCase()}${word.slice(1).toLowerCase()}`);
  if (isJavaScriptClass(`General_Category=${proper}`)) return true;
  // Four letters are mostly ISO codes of scripts, which Go does not know.
  const isCode = proper.length === 4 && !SHORT_SCRIPTS.has(proper);
  return !isCode && isJavaScriptClass(`Script=${proper}`);
}

function isJavaScriptClass(property: string): boolean {
  try {
    return new RegExp(`\\p{${property}}`, 'u').unicode;
  } catch {
    // A syntax error is the only way in which JavaScript says that it knows no such class.
    return false;
  }
}

const SHORT_SCRIPTS: ReadonlySet<string> = new Set(['Ahom', 'Cham', 'Kawi', 'Lisu', 'Thai', 'Toto']);

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
