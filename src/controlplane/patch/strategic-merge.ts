import { ApiError } from '../api-error.ts';
import { plainGo } from '../go-text.ts';
import { type Draft, equal, isList, isObject, type Json, type JsonObject } from '../json.ts';
import { ANYTHING, memberSchema, type Schema } from '../schema/schema.ts';

const DIRECTIVE = '$patch';
const RETAIN = '$retainKeys';
const DELETE_FROM = '$deleteFromPrimitiveList/';
const ORDER = '$setElementOrder/';

/** Kubernetes' strategic merge patch: lists of objects merge by key where the type says so. */
export function strategicMerge(target: Json | undefined, patch: Json, schema: Schema): Json {
  return isObject(patch) ? mergeObject(isObject(target) ? target : {}, patch, schema) : patch;
}

function mergeObject(target: JsonObject, patch: JsonObject, schema: Schema): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === 'replace') return withoutDirectives(patch);
  if (directive === 'delete') return {};
  const merged: Draft = retained(target, patch);
  for (const [name, value] of Object.entries(patch)) {
    if (name === DIRECTIVE || name === RETAIN || name.startsWith(ORDER)) continue;
    if (name.startsWith(DELETE_FROM)) {
      const field = name.slice(DELETE_FROM.length);
      merged[field] = deleteFrom(merged[field], value);
      continue;
    }
    if (value === null) delete merged[name];
    else merged[name] = mergeMember(merged[name], value, memberSchema(schema, name) ?? ANYTHING);
  }
  return reordered(merged, patch, schema);
}

function mergeMember(target: Json | undefined, value: Json, schema: Schema): Json {
  if (isObject(value)) {
    const retains = schema.patch?.strategies.includes('replace') === true;
    return retains ? withoutDirectives(value) : mergeObject(isObject(target) ? target : {}, value, schema);
  }
  if (!isList(value)) return value;
  if (schema.patch?.strategies.includes('merge') !== true) return value.filter((item) => !isDirective(item));
  // Into nothing the list goes as it is, keys or not.
  if (!isList(target))
    return value.filter((item) => !isDirective(item)).map((item) => (isObject(item) ? withoutDirectives(item) : item));
  const before = target;
  const key = schema.patch.mergeKey;
  return key === undefined ? unionOf(before, value) : mergeByKey(before, value, key, schema.items ?? ANYTHING);
}

const isDirective = (item: Json): boolean =>
  isObject(item) && item[DIRECTIVE] !== undefined && Object.keys(item).length === 1;

function withoutDirectives(value: JsonObject): JsonObject {
  const kept: Draft = {};
  for (const [name, member] of Object.entries(value)) {
    if (name !== DIRECTIVE && name !== RETAIN && !name.startsWith(ORDER)) kept[name] = member;
  }
  return kept;
}

function retained(target: JsonObject, patch: JsonObject): Draft {
  const keep = patch[RETAIN];
  if (!isList(keep)) return { ...target };
  return Object.fromEntries(Object.entries(target).filter(([name]) => keep.includes(name)));
}

function deleteFrom(target: Json | undefined, gone: Json): Json {
  const remove = isList(gone) ? gone : [];
  return (isList(target) ? target : []).filter((item) => !remove.some((other) => equal(item, other)));
}

const unionOf = (before: readonly Json[], added: readonly Json[]): readonly Json[] => [
  ...before,
  ...added.filter((item) => !before.some((known) => equal(known, item))),
];

function mergeByKey(before: readonly Json[], patch: readonly Json[], key: string, schema: Schema): readonly Json[] {
  if (patch.some((item) => isObject(item) && item[DIRECTIVE] === 'replace' && item[key] === undefined)) {
    return patch.filter((item) => !isDirective(item));
  }
  let merged: readonly Json[] = before;
  for (const item of patch) {
    if (!isObject(item))
      throw new ApiError(500, '', `list element types are not identical: [${plainGo(before)} ${plainGo(patch)}]`);
    if (item[key] === undefined)
      throw new ApiError(500, '', `map: ${plainGo(item)} does not contain declared merge key: ${key}`);
    const index = merged.findIndex((known) => isObject(known) && equal(known[key], item[key]));
    if (item[DIRECTIVE] === 'delete') {
      if (index >= 0) merged = merged.toSpliced(index, 1);
      continue;
    }
    const known = merged[index];
    const next = mergeObject(isObject(known) ? known : {}, item, schema);
    merged = index >= 0 ? merged.with(index, next) : [...merged, next];
  }
  return merged;
}

/** `$setElementOrder` gives the order of the items that it names; others keep their place relative to their neighbours. */
function reordered(merged: Draft, patch: JsonObject, schema: Schema): JsonObject {
  for (const [name, order] of Object.entries(patch)) {
    if (!name.startsWith(ORDER) || !isList(order)) continue;
    const field = name.slice(ORDER.length);
    const list = merged[field];
    if (!isList(list)) continue;
    const key = memberSchema(schema, field)?.patch?.mergeKey;
    const identity = (item: Json): Json => (key !== undefined && isObject(item) ? (item[key] ?? null) : item);
    const rank = (item: Json): number => order.findIndex((wanted) => equal(identity(wanted), identity(item)));
    const ranked = list.filter((item) => rank(item) >= 0).sort((left, right) => rank(left) - rank(right));
    merged[field] = list.map((item) => (rank(item) >= 0 ? (ranked.shift() ?? item) : item));
  }
  return merged;
}
