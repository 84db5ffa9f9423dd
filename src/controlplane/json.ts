/** A value as JSON carries it. Objects are never changed in place: every edit makes a new one. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}
/** An object under construction. */
export type Draft = { [key: string]: Json };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
export const isList = (value: unknown): value is readonly Json[] => Array.isArray(value);

/** What JSON.parse yields is JSON; the check is for the compiler and for `undefined`. */
const isJson = (value: unknown): value is Json =>
  value === null || ['boolean', 'number', 'string', 'object'].includes(typeof value);

/** @throws SyntaxError */
export function parseJson(text: string): Json {
  const value: unknown = JSON.parse(text);
  return isJson(value) ? value : null;
}

/** A foreign value, such as what a YAML reader returns. */
export const asJson = (value: unknown): Json => (isJson(value) ? value : null);

/** A scalar as people write it; anything else as JSON; nothing as nothing. */
export const plain = (value: Json | undefined): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);

/** The value at `path`, or undefined where a step is missing. */
export function at(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let here = value;
  for (const step of path) {
    if (!isObject(here) || !Object.hasOwn(here, step)) return undefined;
    here = here[step];
  }
  return here;
}

export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

export function listAt(value: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const found = at(value, ...path);
  return isList(found) ? found : [];
}

export function textAt(value: Json | undefined, ...path: readonly string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

export function textsAt(value: Json | undefined, ...path: readonly string[]): readonly string[] {
  return listAt(value, ...path).filter((item) => typeof item === 'string');
}

/** `value` with `path` set to `next`, missing objects made on the way; undefined removes the last step. */
export function withAt(value: JsonObject, path: readonly string[], next: Json | undefined): JsonObject {
  const [step, ...rest] = path;
  if (step === undefined) return isObject(next) ? next : value;
  if (rest.length > 0) {
    const inner = value[step];
    if (next === undefined && !isObject(inner)) return value;
    return { ...value, [step]: withAt(isObject(inner) ? inner : {}, rest, next) };
  }
  if (next !== undefined) return { ...value, [step]: next };
  if (!Object.hasOwn(value, step)) return value;
  const { [step]: _dropped, ...kept } = value;
  return kept;
}

/** Drops the members that are undefined, so that optional parts can be written in place. */
export function compact(members: Readonly<Record<string, Json | undefined>>): JsonObject {
  const kept: Draft = {};
  for (const [key, value] of Object.entries(members)) if (value !== undefined) kept[key] = value;
  return kept;
}

/** Structural equality; the order of an object's members does not count. */
export function equal(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (isList(left)) {
    if (!isList(right) || left.length !== right.length) return false;
    return left.every((item, index) => equal(item, right[index]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key]));
}

/** Compares by code unit, which for the ASCII names of Kubernetes is the order of etcd. */
export const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

/** JSON text with members in code unit order: the canonical form that list keys and hashes need. */
export function canonical(value: Json): string {
  if (isList(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort(byText)
    .map((key) => `${JSON.stringify(key)}:${canonical(value[key] ?? null)}`);
  return `{${members.join(',')}}`;
}
