import { type Draft, isList, isObject, type Json, type JsonObject } from '../json.ts';
import type { Schema } from '../schema/schema.ts';
import { EMPTY, type FieldSet, isEmpty } from './field-set.ts';
import { innerSchema, itemSchema, itemsOf, shapeOf, stepOf } from './fields-of.ts';

/** The applied configuration laid over the live value; what it does not mention stays. */
export function mergeApplied(live: Json | undefined, applied: Json, schema: Schema): Json {
  if (isObject(live) && isObject(applied) && shapeOf(applied, schema) === 'map') {
    const merged: Draft = { ...live };
    for (const [name, member] of Object.entries(applied)) {
      merged[name] = mergeApplied(live[name], member, innerSchema(schema, name));
    }
    return merged;
  }
  if (isList(live) && isList(applied) && shapeOf(applied, schema) === 'list') return mergeItems(live, applied, schema);
  // A null applied to what is made of parts names none of them.
  if (applied === null && live !== undefined && shapeOf(live, schema) !== 'leaf') return live;
  return applied;
}

/** Applied items in their order; live items that are not applied keep their place among them. */
function mergeItems(live: readonly Json[], applied: readonly Json[], schema: Schema): readonly Json[] {
  const wanted = itemsOf(applied, schema);
  const present = itemsOf(live, schema);
  const rest = [...wanted];
  const merged: Json[] = [];
  const emitted = new Set<string>();
  const emit = (step: string, item: Json): void => {
    emitted.add(step);
    merged.push(mergeApplied(present.get(step), item, itemSchema(schema)));
  };
  for (const item of live) {
    const step = stepOf(item, schema);
    if (!wanted.has(step)) {
      merged.push(item);
      continue;
    }
    while (!emitted.has(step)) {
      const next = rest.shift();
      if (!next) break;
      emit(next[0], next[1]);
    }
  }
  for (const [step, item] of rest) emit(step, item);
  return merged;
}

/**
 * Takes away what an applier gave up: `dropped` are its former fields that it does not apply any more. What anybody in
 * `owned` holds stays. A part in which nobody holds anything any more goes whole, with what the server wrote into it.
 */
export function removeFields(value: Json, dropped: FieldSet, owned: FieldSet, schema: Schema): Json {
  if (isObject(value)) return removeMembers(value, dropped, owned, schema);
  if (isList(value) && shapeOf(value, schema) === 'list') return removeItems(value, dropped, owned, schema);
  return value;
}

function removeMembers(value: JsonObject, dropped: FieldSet, owned: FieldSet, schema: Schema): JsonObject {
  const kept: Draft = {};
  for (const [name, member] of Object.entries(value)) {
    const step = `f:${name}`;
    const next = removePart(member, dropped.children.get(step), owned.children.get(step), innerSchema(schema, name));
    if (next !== undefined) kept[name] = next;
  }
  return kept;
}

function removeItems(list: readonly Json[], dropped: FieldSet, owned: FieldSet, schema: Schema): readonly Json[] {
  return list.flatMap((item) => {
    const step = stepOf(item, schema);
    const next = removePart(item, dropped.children.get(step), owned.children.get(step), itemSchema(schema));
    if (next === undefined) return [];
    if (!isObject(next) || !isObject(item)) return [next];
    const keys = schema.mapKeys.flatMap((key) => (item[key] === undefined ? [] : [[key, item[key]] as const]));
    return [{ ...Object.fromEntries(keys), ...next }];
  });
}

function removePart(part: Json, dropped = EMPTY, owned = EMPTY, schema: Schema): Json | undefined {
  if (isEmpty(dropped)) return part;
  return isEmpty(owned) ? undefined : removeFields(part, dropped, owned, schema);
}
