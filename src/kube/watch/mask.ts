// Which fields of an object are kept. A mask is data, so that the decoder can skip the rest without making it.
import { isJsonObject, type Json } from '../json.ts';

/** Dotted, or a list where a field name itself contains a dot. Steps through lists apply to every element. */
export type FieldPath = string | readonly string[];

export type Mask = 'keep' | 'drop' | Fields;

export interface Fields {
  readonly fields: ReadonlyMap<string, Mask>;
  /** What happens to fields that are not named. */
  readonly rest: 'keep' | 'drop';
}

/** Keeps these paths with all that is below them. */
export function only(...paths: readonly FieldPath[]): Mask {
  return paths.map((path) => along(path, 'keep', 'drop')).reduce(unite, { fields: new Map(), rest: 'drop' });
}

/** Keeps everything except these paths. */
export function allBut(...paths: readonly FieldPath[]): Mask {
  return paths.map((path) => along(path, 'drop', 'keep')).reduce(narrow, 'keep');
}

/** Keeps what either mask keeps. */
export function unite(a: Mask, b: Mask): Mask {
  if (a === 'drop' || b === 'drop') return a === 'drop' ? b : a;
  if (a === 'keep' || b === 'keep') return 'keep';
  return { fields: merge(a, b, unite), rest: a.rest === 'keep' || b.rest === 'keep' ? 'keep' : 'drop' };
}

/** What `mask` leaves of `value`: the plain way, which the decoder must agree with. */
export function applyMask(mask: Mask, value: Json): Json | undefined {
  if (mask === 'drop') return undefined;
  if (mask === 'keep') return value;
  if (Array.isArray(value)) return value.map((item: Json) => applyMask(mask, item) ?? null);
  if (!isJsonObject(value)) return value;
  const kept: Record<string, Json> = {};
  for (const [field, below] of Object.entries(value)) {
    const left = applyMask(mask.fields.get(field) ?? mask.rest, below);
    if (left !== undefined) define(kept, field, left);
  }
  return kept;
}

/** Sets a field as JSON.parse does: `__proto__` is a name like any other. */
export function define(object: Record<string, Json>, field: string, value: Json): void {
  if (field === '__proto__')
    Object.defineProperty(object, field, { value, writable: true, enumerable: true, configurable: true });
  else object[field] = value;
}

function along(path: FieldPath, end: Mask, rest: 'keep' | 'drop'): Mask {
  const steps = typeof path === 'string' ? path.split('.') : path;
  return steps.reduceRight<Mask>((below, step) => ({ fields: new Map([[step, below]]), rest }), end);
}

function narrow(a: Mask, b: Mask): Mask {
  if (a === 'keep' || b === 'keep') return a === 'keep' ? b : a;
  if (a === 'drop' || b === 'drop') return 'drop';
  return { fields: merge(a, b, narrow), rest: a.rest === 'drop' || b.rest === 'drop' ? 'drop' : 'keep' };
}

function merge(a: Fields, b: Fields, join: (left: Mask, right: Mask) => Mask): ReadonlyMap<string, Mask> {
  const names = [...new Set([...a.fields.keys(), ...b.fields.keys()])];
  return new Map(names.map((name) => [name, join(a.fields.get(name) ?? a.rest, b.fields.get(name) ?? b.rest)]));
}
