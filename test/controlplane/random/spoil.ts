// Changes one place of a JSON value into something that is valid, odd or wrong.
import type { Draw } from './draw.ts';

export type Value = null | boolean | number | string | readonly Value[] | Fields;
export interface Fields {
  readonly [name: string]: Value;
}

const ODD = [
  null,
  '',
  'x',
  'A_b!',
  'a.b/c',
  0,
  -1,
  3.5,
  99_999_999_999,
  true,
  [],
  {},
  ['x'],
  ['x', 'x'],
  { x: 'y' },
  [{}],
  { a: null },
] as const satisfies readonly Value[];

/** `value` with one place somewhere in it set to something else, taken out, doubled, or with an unknown field added. */
export function spoil(draw: Draw, value: Value): Value {
  if (Array.isArray(value)) {
    const items: readonly Value[] = value;
    if (items.length === 0 || draw.chance(0.2)) return draw.chance(0.5) ? [...items, draw.one(ODD)] : draw.one(ODD);
    const at = draw.number(items.length);
    if (draw.chance(0.2)) return [...items, items[at] ?? null];
    return items.map((item, index) => (index === at ? spoil(draw, item) : item));
  }
  if (!isFields(value)) return draw.one(ODD);
  const names = Object.keys(value).filter(isOpen);
  const at = names[draw.number(names.length)];
  if (at === undefined || draw.chance(0.1)) return { ...value, [draw.one(['extra', 'a b', 'x'])]: draw.one(ODD) };
  if (draw.chance(0.15)) return Object.fromEntries(Object.entries(value).filter(([name]) => name !== at));
  const below = value[at] ?? null;
  return { ...value, [at]: draw.chance(0.25) ? draw.one(ODD) : spoil(draw, below) };
}

/** Some of the fields of `value`, at every level. */
export function part(draw: Draw, value: Value, keep = 0.7): Value {
  if (!isFields(value)) return value;
  const kept = Object.entries(value).filter(() => draw.chance(keep));
  return Object.fromEntries(kept.map(([name, below]) => [name, part(draw, below, keep)]));
}

/** The JSON pointer of some place in `value`. */
export function pointer(draw: Draw, value: Value): string {
  if (draw.chance(0.15)) return '';
  if (Array.isArray(value)) {
    const items: readonly Value[] = value;
    const at = draw.chance(0.2) ? '-' : draw.number(items.length + 1);
    return `/${at}${at !== '-' ? pointer(draw, items[at] ?? null) : ''}`;
  }
  if (!isFields(value)) return '';
  const names = Object.keys(value).filter(isOpen);
  const name = draw.chance(0.1) ? 'absent' : (names[draw.number(names.length)] ?? 'absent');
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}${pointer(draw, value[name] ?? null)}`;
}

/** What an object is stays: else every answer is the same refusal. So does status, which the main door drops. */
const isOpen = (name: string): boolean => !['kind', 'apiVersion', 'status'].includes(name);

export const isFields = (value: Value): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const odd = (draw: Draw): Value => draw.one(ODD);

/** What a text of JSON says. */
export function valueOf(text: string): Value {
  const value: unknown = JSON.parse(text);
  if (isValue(value)) return value;
  throw new TypeError('JSON.parse gave something that is not JSON');
}

const isValue = (value: unknown): value is Value =>
  value === null ||
  ['boolean', 'number', 'string'].includes(typeof value) ||
  (typeof value === 'object' && Object.values(value).every(isValue));
