// JSON as Go's decoder reads it: for what it says when it cannot, and for members that are given twice.

export interface Scanned {
  /** Why the text is not JSON. */
  readonly error: string | undefined;
  /** Paths of members that an object has twice, as `data.a`. */
  readonly duplicates: readonly string[];
}

export function scanJson(text: string): Scanned {
  const state: State = { text, at: 0, duplicates: [] };
  try {
    scanValue(state, '', 'looking for beginning of value');
    skipSpace(state);
    if (state.at < text.length) refuse(state, 'after top-level value');
    return { error: undefined, duplicates: state.duplicates };
  } catch (cause) {
    if (cause instanceof Unreadable) return { error: cause.message, duplicates: [] };
    throw cause;
  }
}

interface State {
  readonly text: string;
  at: number;
  readonly duplicates: string[];
}

class Unreadable extends Error {
  readonly code = 'Unreadable';
}

function refuse({ text, at }: State, where: string): never {
  const letter = text[at];
  if (letter === undefined) throw new Unreadable('unexpected end of JSON input');
  const shown = letter === "'" ? String.raw`'\''` : letter === '"' ? `'"'` : `'${JSON.stringify(letter).slice(1, -1)}'`;
  throw new Unreadable(`invalid character ${shown} ${where}`);
}

function skipSpace(state: State): void {
  while (' \t\r\n'.includes(state.text[state.at] ?? 'x')) state.at += 1;
}

function scanValue(state: State, path: string, where: string): void {
  skipSpace(state);
  const letter = state.text[state.at];
  if (letter === '{') scanObject(state, path);
  else if (letter === '[') scanList(state, path);
  else if (letter === '"') scanText(state);
  else if (letter !== undefined && /[-\d]/.test(letter)) scanNumber(state);
  else {
    const word = WORDS.find((known) => known[0] === letter);
    if (word === undefined) refuse(state, where);
    scanWord(state, word);
  }
}

const WORDS = ['true', 'false', 'null'] as const;

function scanWord(state: State, word: string): void {
  for (const letter of word) {
    if (state.text[state.at] !== letter) refuse(state, `in literal ${word} (expecting '${letter}')`);
    state.at += 1;
  }
}

function scanObject(state: State, path: string): void {
  const seen = new Set<string>();
  state.at += 1;
  for (let first = true; ; first = false) {
    skipSpace(state);
    if (first && state.text[state.at] === '}') break;
    if (state.text[state.at] !== '"') refuse(state, 'looking for beginning of object key string');
    const name = scanText(state);
    const inner = path === '' ? name : `${path}.${name}`;
    if (seen.has(name)) state.duplicates.push(inner);
    seen.add(name);
    skipSpace(state);
    if (state.text[state.at] !== ':') refuse(state, 'after object key');
    state.at += 1;
    scanValue(state, inner, 'looking for beginning of value');
    skipSpace(state);
    if (state.text[state.at] === '}') break;
    if (state.text[state.at] !== ',') refuse(state, 'after object key:value pair');
    state.at += 1;
  }
  state.at += 1;
}

function scanList(state: State, path: string): void {
  state.at += 1;
  for (let index = 0; ; index++) {
    skipSpace(state);
    if (index === 0 && state.text[state.at] === ']') break;
    scanValue(state, `${path}[${index}]`, 'looking for beginning of value');
    skipSpace(state);
    if (state.text[state.at] === ']') break;
    if (state.text[state.at] !== ',') refuse(state, 'after array element');
    state.at += 1;
  }
  state.at += 1;
}

function scanText(state: State): string {
  const begin = state.at;
  state.at += 1;
  for (;;) {
    const letter = state.text[state.at];
    if (letter === '"') break;
    if (letter === undefined || letter < ' ') refuse(state, 'in string literal');
    if (letter === '\\') {
      state.at += 1;
      if (!'bfnrtu\\/"'.includes(state.text[state.at] ?? 'x')) refuse(state, 'in string escape code');
      if (state.text[state.at] === 'u') scanHex(state);
    }
    state.at += 1;
  }
  state.at += 1;
  const value: unknown = JSON.parse(state.text.slice(begin, state.at));
  return typeof value === 'string' ? value : '';
}

function scanHex(state: State): void {
  for (let digits = 0; digits < 4; digits++) {
    state.at += 1;
    if (!/[0-9a-fA-F]/.test(state.text[state.at] ?? 'x')) refuse(state, 'in \\u hexadecimal character escape');
  }
}

function scanNumber(state: State): void {
  const found =
    /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(state.text.slice(state.at, state.at + 400))?.[0] ?? '';
  state.at += Math.max(found.length, 1);
  if (found === '') refuse(state, 'in numeric literal');
  const next = state.text[state.at];
  if (next === '.') {
    state.at += 1;
    refuse(state, 'after decimal point in numeric literal');
  }
}
