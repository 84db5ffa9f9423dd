// What keeps a value from being typed by its schema, in the words of server-side apply.
import { goType, literal, plainGo } from '../go-text.ts';
import { isList, isObject, type Json, type JsonObject } from '../json.ts';
import { shownKeys } from '../ownership/field-set.ts';
import { ANYTHING, memberSchema, type Schema } from '../schema/schema.ts';

/**
 * Undefined if `object` can be typed: fields are declared, types fit, and items of lists can be told apart.
 * @param alike whether two items may have the same key: what is stored may, what is applied may not.
 */
export function typedError(object: JsonObject, schema: Schema, alike: 'alike' | 'distinct'): string | undefined {
  const errors = errorsOf(object, schema, '').filter((error) => alike === 'distinct' || !error.includes(DUPLICATE));
  return errors.length < 2 ? errors[0] : ['errors:', ...errors.map((error) => `  ${error}`)].join('\n');
}

const DUPLICATE = ': duplicate entries for key ';

function errorsOf(value: Json, schema: Schema, path: string): readonly string[] {
  if (value === null || schema === ANYTHING || schema.keywords['x-kubernetes-int-or-string'] === true) return [];
  if (schema.intOrString)
    return isList(value) || isObject(value) ? [`${path}: expected any scalar, got ${held(value)}`] : [];
  switch (schema.type) {
    case 'object':
      return isObject(value) ? membersOf(value, schema, path) : [`${path}: expected map, got ${held(value)}`];
    case 'array':
      return isList(value) ? itemsOf(value, schema, path) : [`${path}: expected list, got ${held(value)}`];
    case 'string':
      return textErrors(value, schema, path);
    case 'boolean':
      return typeof value === 'boolean' ? [] : [`${path}: expected boolean, got ${held(value)}`];
    case 'integer':
    case 'number':
      return typeof value === 'number' ? [] : [`${path}: expected numeric (int or float), got ${goType(value)}`];
    case undefined:
      return [];
  }
}

/** A text with a format is any scalar; bytes are a text. */
function textErrors(value: Json, { format }: Schema, path: string): readonly string[] {
  if (format === undefined || format === 'byte')
    return typeof value === 'string'
      ? []
      : [`${path}: expected string, got &value.valueUnstructured{Value:${literal(value)}}`];
  return isList(value) || isObject(value) ? [`${path}: expected any scalar, got ${held(value)}`] : [];
}

function membersOf(object: JsonObject, schema: Schema, path: string): readonly string[] {
  const errors: string[] = [];
  for (const [name, member] of Object.entries(object)) {
    const inner = declared(schema, name, path);
    if (!inner) return [...errors, `${path}.${name}: field not declared in schema`];
    errors.push(...errorsOf(member, inner, `${path}.${name}`));
  }
  return errors;
}

const EMBEDDED = ['apiVersion', 'kind', 'metadata'];

function declared(schema: Schema, name: string, path: string): Schema | undefined {
  const open = schema.properties.size === 0 && schema.additional === undefined && schema.goType === undefined;
  const implied = open || (schema.embedded && EMBEDDED.includes(name)) || (path === '' && EMBEDDED.includes(name));
  return memberSchema(schema, name) ?? (implied ? ANYTHING : undefined);
}

function itemsOf(list: readonly Json[], schema: Schema, path: string): readonly string[] {
  const errors: string[] = [];
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const step = stepOf(item, schema, index);
    if ('error' in step) return [...errors, `${path}: element ${index}: ${step.error}`];
    if (seen.has(step.shown)) errors.push(`${path}${DUPLICATE}${step.shown}`);
    seen.add(step.shown);
    if (schema.items) errors.push(...errorsOf(item, schema.items, `${path}${step.shown}`));
  }
  return errors;
}

type Step = { readonly shown: string } | { readonly error: string };

/** How an item is told from the others. */
function stepOf(item: Json, schema: Schema, index: number): Step {
  switch (schema.listType) {
    case 'atomic':
      return { shown: `[${index}]` };
    case 'set':
      return setStep(item);
    case 'map':
      return mapStep(item, schema);
  }
}

function setStep(item: Json): Step {
  const kind =
    item === null ? 'an explicit null' : isObject(item) ? 'a map type' : isList(item) ? 'a list type' : undefined;
  if (kind !== undefined) return { error: `associative list without keys has an element that's ${kind}` };
  return { shown: `[=${JSON.stringify(item)}]` };
}

function mapStep(item: Json, schema: Schema): Step {
  if (item === null) return { error: 'associative list with keys may not have a null element' };
  if (!isObject(item)) return { error: 'associative list with keys may not have non-map elements' };
  const keys: Record<string, Json> = {};
  for (const key of schema.mapKeys) {
    const value = item[key] ?? schema.items?.properties.get(key)?.default ?? zeroOf(key, schema.items);
    if (value !== undefined) keys[key] = value;
  }
  if (Object.keys(keys).length > 0 || schema.mapKeys.some((key) => item[key] === null))
    return { shown: `[${shownKeys(keys)}]` };
  const names = schema.mapKeys.map((key) => JSON.stringify(key)).join(' ');
  return {
    error: `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
  };
}

/** A built-in type has a zero of its own for what it requires. */
function zeroOf(key: string, items: Schema | undefined): Json | undefined {
  if (items?.goType === undefined || !items.required.includes(key)) return undefined;
  return items.properties.get(key)?.type === 'integer' ? 0 : '';
}

/** As Go prints what holds a value. */
const held = (value: Json): string => `&{${plainGo(value)}}`;
