import { type Draft, isList, isObject, type Json } from '../json.ts';
import { memberSchema, type Schema } from './schema.ts';

/**
 * Structural defaulting, depth first. A null for a member that may not be null counts as absent where there is a
 * default for it. Returns the same value when nothing was added.
 */
export function applyDefaults(value: Json, schema: Schema): Json {
  if (isList(value)) {
    const items = schema.items;
    return items ? mapItems(value, (item) => applyDefaults(item, items)) : value;
  }
  if (!isObject(value)) return value;
  const next: Draft = {};
  let changed = false;
  for (const [name, member] of Object.entries(value)) {
    const inner = memberSchema(schema, name);
    const absent = member === null && inner !== undefined && !inner.nullable && inner.default !== undefined;
    const filled = inner ? applyDefaults(absent ? (inner.default ?? null) : member, inner) : member;
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

/** Drops nulls where none may be and no default takes their place. Returns the same value when there were none. */
export function dropNulls(value: Json, schema: Schema): Json {
  if (isList(value)) {
    const items = schema.items;
    return items ? mapItems(value, (item) => dropNulls(item, items)) : value;
  }
  if (!isObject(value)) return value;
  const next: Draft = {};
  let changed = false;
  for (const [name, member] of Object.entries(value)) {
    const inner = memberSchema(schema, name);
    if (member === null && inner && !inner.nullable && inner.default === undefined) {
      changed = true;
      continue;
    }
    const kept = inner ? dropNulls(member, inner) : member;
    if (kept !== member) changed = true;
    next[name] = kept;
  }
  return changed ? next : value;
}

function mapItems(list: readonly Json[], change: (item: Json) => Json): Json {
  const next = list.map(change);
  return next.some((item, index) => item !== list[index]) ? next : list;
}
