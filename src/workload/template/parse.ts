/** Where something stands inside of a template: 1-based, in UTF-16 units, as editors count. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export type Literal = string | number | boolean;

export interface FilterCall {
  readonly name: string;
  readonly args: readonly Literal[];
  readonly at: Position;
}

/** `${resources.db.host | default("x")}`: a path, and filters from left to right. */
export interface Reference {
  readonly kind: 'reference';
  readonly path: readonly [string, ...string[]];
  readonly filters: readonly FilterCall[];
  readonly at: Position;
}

export type Segment = { readonly kind: 'text'; readonly text: string } | Reference;

/** What is wrong with a template, and where. Never quotes what a reference stands for. */
export interface Problem {
  readonly message: string;
  readonly at: Position;
}

export type ParsedTemplate =
  | { readonly ok: true; readonly segments: readonly Segment[] }
  | { readonly ok: false; readonly problem: Problem };

/**
 * Reads a template: text, `${path | filter(argument)}`, and `$${` for a literal `${`. A path is names joined by dots;
 * a name with other signs goes in brackets, as in `metadata.annotations["a.b/c"]`. Time is linear in the text.
 */
export function parseTemplate(text: string): ParsedTemplate {
  const cursor = new Cursor(text);
  const segments: Segment[] = [];
  let plain = '';
  while (!cursor.ended) {
    if (cursor.takes('$${')) plain += '${';
    else if (cursor.looksAt('${')) {
      if (plain !== '') segments.push({ kind: 'text', text: plain });
      plain = '';
      const reference = readReference(cursor);
      if (reference.kind === 'problem') return { ok: false, problem: reference };
      segments.push(reference);
    } else plain += cursor.takeUntil('$');
  }
  if (plain !== '') segments.push({ kind: 'text', text: plain });
  return { ok: true, segments };
}

/** `resources.db.host`, with brackets around names that need them. */
export function pathText(path: readonly string[]): string {
  return path
    .map((name, index) => (/^[\w-]+$/.test(name) ? `${index === 0 ? '' : '.'}${name}` : `[${JSON.stringify(name)}]`))
    .join('');
}

type Failed = Problem & { readonly kind: 'problem' };

function readReference(cursor: Cursor): Reference | Failed {
  const at = cursor.position();
  cursor.takes('${');
  const path = readPath(cursor, at);
  if (!Array.isArray(path)) return path;
  const [root, ...rest] = path;
  if (root === undefined) return failed(at, 'a reference has no name');
  const filters: FilterCall[] = [];
  for (;;) {
    cursor.skipBlank();
    if (cursor.takes('}')) return { kind: 'reference', path: [root, ...rest], filters, at };
    if (cursor.ended) return failed(at, 'this "${" has no "}": close it, or write "$${" for a literal "${"');
    if (!cursor.takes('|')) return failed(cursor.position(), `${cursor.shown()} is neither "|" nor "}"`);
    const filter = readFilter(cursor, at);
    if ('kind' in filter) return filter;
    filters.push(filter);
  }
}

function readPath(cursor: Cursor, start: Position): string[] | Failed {
  cursor.skipBlank();
  const first = cursor.takeName();
  if (first === '') {
    if (cursor.ended) return failed(start, 'this "${" has no "}": close it, or write "$${" for a literal "${"');
    return failed(cursor.position(), `a name such as resources is expected, not ${cursor.shown()}`);
  }
  const path = [first];
  for (;;) {
    if (cursor.takes('.')) {
      const name = cursor.takeName();
      if (name === '') return failed(cursor.position(), 'a name is expected after "."');
      path.push(name);
    } else if (cursor.takes('[')) {
      const name = readText(cursor);
      if (typeof name !== 'string') return name;
      if (!cursor.takes(']')) return failed(cursor.position(), '"]" is expected');
      path.push(name);
    } else return path;
  }
}

function readFilter(cursor: Cursor, start: Position): FilterCall | Failed {
  cursor.skipBlank();
  const at = cursor.position();
  const name = cursor.takeName();
  if (name === '') {
    return cursor.ended ? failed(start, 'this "${" has no "}"') : failed(at, 'a filter is expected after "|"');
  }
  if (!cursor.takes('(')) return { name, args: [], at };
  const args: Literal[] = [];
  for (;;) {
    cursor.skipBlank();
    if (args.length === 0 && cursor.takes(')')) return { name, args, at };
    const literal = readLiteral(cursor);
    if (typeof literal === 'object') return literal;
    args.push(literal);
    cursor.skipBlank();
    if (cursor.takes(')')) return { name, args, at };
    if (!cursor.takes(',')) return failed(cursor.position(), `"," or ")" is expected, not ${cursor.shown()}`);
  }
}

function readLiteral(cursor: Cursor): Literal | Failed {
  if (cursor.looksAt('"') || cursor.looksAt("'")) return readText(cursor);
  const at = cursor.position();
  const word = cursor.takeWord();
  if (word === 'true' || word === 'false') return word === 'true';
  if (/^-?\d+(\.\d+)?$/.test(word)) return Number(word);
  return failed(at, 'a text in quotes, a number, true or false is expected');
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', '"': '"', "'": "'", '\\': '\\' };

function readText(cursor: Cursor): string | Failed {
  const at = cursor.position();
  const quote = cursor.looksAt('"') ? '"' : "'";
  if (!cursor.takes(quote)) return failed(at, 'a text in quotes is expected');
  let text = '';
  while (!cursor.ended) {
    if (cursor.takes(quote)) return text;
    const here = cursor.position();
    const sign = cursor.takeSign();
    if (sign !== '\\') {
      text += sign;
      continue;
    }
    const escaped = ESCAPES[cursor.takeSign()];
    if (escaped === undefined) return failed(here, 'a "\\" goes before n, t, a quote or another "\\"');
    text += escaped;
  }
  return failed(at, 'this text has no closing quote');
}

function failed(at: Position, message: string): Failed {
  return { kind: 'problem', at, message };
}

/** A place in the text that only moves forward, so that reading takes linear time. */
class Cursor {
  #at = 0;
  #line = 1;
  #lineStart = 0;
  #break: number;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.#break = text.indexOf('\n');
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  looksAt(what: string): boolean {
    return this.#text.startsWith(what, this.#at);
  }

  takes(what: string): boolean {
    if (!this.looksAt(what)) return false;
    this.#at += what.length;
    return true;
  }

  takeSign(): string {
    return this.#text[this.#at++] ?? '';
  }

  /** At least one sign, and on to the next `stop`. */
  takeUntil(stop: string): string {
    const next = this.#text.indexOf(stop, this.#at + 1);
    const end = next < 0 ? this.#text.length : next;
    const taken = this.#text.slice(this.#at, end);
    this.#at = end;
    return taken;
  }

  takeName(): string {
    return this.#match(/[\w-]+/y);
  }

  takeWord(): string {
    return this.#match(/[\w.-]+/y);
  }

  skipBlank(): void {
    this.#match(/[ \t\r\n]+/y);
  }

  position(): Position {
    while (this.#break >= 0 && this.#break < this.#at) {
      this.#line++;
      this.#lineStart = this.#break + 1;
      this.#break = this.#text.indexOf('\n', this.#lineStart);
    }
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }

  /** What stands here, for a message: one sign, since more could be a secret that somebody wrote out. */
  shown(): string {
    const sign = String.fromCodePoint(this.#text.codePointAt(this.#at) ?? 0x20);
    return this.ended ? 'the end' : JSON.stringify(sign);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}
