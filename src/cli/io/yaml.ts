/**
 * One value as block YAML that YAML 1.1 and 1.2 read alike: what either could take for something else is quoted.
 * Plain data only: maps, lists, strings, finite numbers, booleans, null; fields that are undefined are left out.
 */
export function toYaml(value: unknown): string {
  const text = isBlock(value) ? block(value, '') : `${scalar(value)}\n`;
  return text.startsWith('\n') ? text.slice(1) : text;
}

/** Several documents, each behind a "---". */
export function toYamlStream(values: Iterable<unknown>): string {
  let text = '';
  for (const value of values) text += `---\n${toYaml(value)}`;
  return text;
}

/** A block begins on a new line: its text starts with a line break. Lists are as deep as their key, as kubectl writes them. */
function block(value: object, indent: string): string {
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value as readonly unknown[]) {
      if (!isBlock(item)) text += `${indent}- ${scalar(item)}\n`;
      else text += `${indent}- ${block(item, `${indent}  `).slice(indent.length + 2)}`;
    }
    return text;
  }
  for (const [name, field] of Object.entries(value) as [string, unknown][]) {
    if (field === undefined) continue;
    const key = `${indent}${string(name)}:`;
    if (!isBlock(field)) text += `${key} ${scalar(field)}\n`;
    else text += `${key}\n${block(field, Array.isArray(field) ? indent : `${indent}  `)}`;
  }
  return text;
}

function isBlock(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) ? value.length > 0 : Object.values(value).some((field) => field !== undefined);
}

function scalar(value: unknown): string {
  if (typeof value === 'string') return string(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number' && Number.isFinite(value)) return number(value);
  if (value === null) return 'null';
  if (typeof value === 'object') return Array.isArray(value) ? '[]' : '{}';
  throw new TypeError(`${typeof value === 'number' ? String(value) : typeof value} has no YAML form`);
}

/** `1e+21` needs a dot to be a number in YAML 1.1. */
function number(value: number): string {
  const text = String(value);
  return text.includes('e') && !text.includes('.') ? text.replace('e', '.0e') : text;
}

const PLAIN = /^[A-Za-z/](?:[\w./'()-]|[ ,](?=[\w./'(-])|:(?=[\w./-]))*$/;
const WORD = /^(?:y|n|yes|no|on|off|true|false|null)$/i;
// Everything that one of the versions takes for a line break or does not allow.
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function string(text: string): string {
  if (text.length <= 200 && PLAIN.test(text) && !WORD.test(text)) return text;
  return JSON.stringify(text).replace(
    ESCAPED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
