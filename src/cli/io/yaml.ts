/**
 * One value as block YAML that YAML 1.1 and 1.2 read alike: what either could take for something else is quoted.
 * Plain data only: maps, lists, strings, finite numbers, booleans, null; fields that are undefined are left out.
 */
export function toYaml(value: unknown): string {
  return yamlPrinter()(value);
}

/** Like {@link toYaml}, for many values that share parts: what they have in common is worked out once. */
export function yamlPrinter(): (value: unknown) => string {
  const memory: Memory = { words: new Map(), selectors: new WeakMap() };
  return (value) => (isBlock(value) ? block(value, '', '', memory) || '{}\n' : `${scalar(value, memory)}\n`);
}

interface Memory {
  /** How strings are written. Keys and label values repeat from object to object. */
  readonly words: Map<string, string>;
  /** The lines of a peer's selector: the same value stands in the policies of all its peers, at one depth. */
  readonly selectors: WeakMap<object, { readonly indent: string; readonly text: string }>;
}

const REMEMBERED = 20_000;

/** `lead` stands before the first line, `indent` before the others. Lists are as deep as their key, as kubectl writes them. */
function block(value: object, indent: string, lead: string, memory: Memory): string {
  let text = '';
  let prefix = lead;
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) {
      if (isBlock(item)) text += entry(item, indent, prefix, memory);
      else text += `${prefix}- ${scalar(item, memory)}\n`;
      prefix = indent;
    }
    return text;
  }
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    if (field === undefined) continue;
    const key = `${prefix}${string(name, memory)}:`;
    if (isBlock(field)) {
      const deeper = Array.isArray(field) ? indent : `${indent}  `;
      const below = block(field, deeper, deeper, memory);
      text += below === '' ? `${key} {}\n` : `${key}\n${below}`;
    } else text += `${key} ${scalar(field, memory)}\n`;
    prefix = indent;
  }
  return text;
}

/** One block of a list. */
function entry(item: object, indent: string, prefix: string, memory: Memory): string {
  const known = memory.selectors.get(item);
  if (known && known.indent === indent && prefix === indent) return known.text;
  const text = block(item, `${indent}  `, `${prefix}- `, memory) || `${prefix}- {}\n`;
  if ('matchLabels' in item && prefix === indent) memory.selectors.set(item, { indent, text });
  return text;
}

/** Whether a value is written in lines of its own. A map whose fields are all undefined comes out empty. */
function isBlock(value: unknown): value is object {
  return typeof value === 'object' && value !== null && (!Array.isArray(value) || value.length > 0);
}

function scalar(value: unknown, memory: Memory): string {
  if (typeof value === 'string') return string(value, memory);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number' && Number.isFinite(value)) return number(value);
  if (value === null) return 'null';
  if (Array.isArray(value)) return '[]';
  throw new TypeError(`${typeof value === 'number' ? String(value) : typeof value} has no YAML form`);
}

/** `1e+21` needs a dot to be a number in YAML 1.1. */
function number(value: number): string {
  const text = String(value);
  return text.includes('e') && !text.includes('.') ? text.replace('e', '.0e') : text;
}

/** Most strings are names: a test without alternatives is several times faster. */
const SIMPLE = /^[A-Za-z][\w./-]*$/;
const PLAIN = /^[A-Za-z/](?:[\w./'()-]|[ ,](?=[\w./'(-])|:(?=[\w./-]))*$/;
// Words, and what a sloppy reader takes for a number ("e1").
const WORD = /^(?:y|n|yes|no|on|off|true|false|null|e[\d_]+)$/i;
// Everything that one of the versions takes for a line break or does not allow.
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function string(text: string, { words }: Memory): string {
  const known = words.get(text);
  if (known !== undefined) return known;
  const written = quoted(text);
  if (text.length <= 64 && words.size < REMEMBERED) words.set(text, written);
  return written;
}

function quoted(text: string): string {
  if (text.length <= 200 && (SIMPLE.test(text) || PLAIN.test(text)) && !WORD.test(text)) return text;
  return JSON.stringify(text).replace(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
