import { type Draft, isList, isObject, type Json } from '../json.ts';
import { memberSchema, type Schema } from './schema.ts';

/**
 * Structural defaulting, depth first. A null for a member that may not be null counts as absent.
 * Returns the same value when nothing was added.
 */
export function applyDefaults(value: Json, schema: Schema): Json {
  if (isList(value)) {
    const items = schema.items;
    if (!items) return value;
    const next = value.map((item) => applyDefaults(item, items));
    return next.some((item, index) => item !== value[index]) ? next : value;
  }
  if (!isObject(value)) return value;
  const next: Draft = {};
  let changed = false;
  for (const [name, member] of Object.entries(value)) {
    const inner = memberSchema(schema, name);
    if (member === null && inner !== undefined && !inner.nullable) {
      changed = true; // a null where none may be counts as absent
      continue;
    }
    const filled = inner ? applyDefaults(member, inner) : member;
    if (filled !== member) changed = true;
    next[name] = filled;
  }
  for (const [name, inner] of schema.properties) {
    if (inner.default === undefined || Object.hasOwn(next, name)) continue;
    next[name] = applyDefaults(inner.default, inner);
    changed = true;
  }
  return changed ? next : value;
}
