import { type Cause, invalidValue, duplicate, required, shown } from '../api-error.ts';
import { at, canonical, equal, isList, isObject, type Json, type JsonObject, plain, textsAt } from '../json.ts';
import { matchesPattern } from '../cel/pattern.ts';
import { formatIsValid } from './formats.ts';
import { parseSchema } from './parse-schema.ts';
import { memberSchema, type Schema } from './schema.ts';

/**
 * Value validation of a custom resource, in the words of Kubernetes.
 * On update, a part that equals the correlated part of `old` is not judged again (ratcheting): an object that was
 * valid when it was stored can still be edited after its schema was tightened.
 */
export function validate(value: Json, schema: Schema, path: string, old?: Json): readonly Cause[] {
  if (old !== undefined && equal(value, old)) return [];
  if (value === null) {
    const wanted = schema.intOrString ? 'integer,string' : schema.type;
    return schema.nullable || wanted === undefined ? [] : [typeCause(path, wanted, 'null')];
  }
  const wrong = wrongType(value, schema, path);
  const causes: Cause[] = [
    ...(wrong ? [wrong] : []),
    ...checkWhole(value, schema, path),
    ...checkKeywords(value, schema.keywords, path),
    ...checkLogic(value, schema.keywords, path),
  ];
  if (wrong) return causes;
  if (isList(value)) causes.push(...checkItems(value, schema, path, old));
  else if (isObject(value)) causes.push(...checkMembers(value, schema, path, old));
  return causes;
}

const invalidCause = (field: string, value: Json, message: string): Cause => ({
  reason: 'FieldValueInvalid',
  field: field === '' ? '<nil>' : field,
  message: `Invalid value: ${shown(value)}: ${message}`,
});

const typeCause = (path: string, wanted: string, got: string): Cause => ({
  reason: 'FieldValueTypeInvalid',
  field: path === '' ? '<nil>' : path,
  message: `Invalid value: ${shown(got)}: ${subject(path)} must be of type ${wanted}: ${shown(got)}`,
});

const subject = (path: string): string => (path === '' ? ' in body' : `${path} in body`);

function typeName(value: Json): string {
  if (isList(value)) return 'array';
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function wrongType(value: Json, schema: Schema, path: string): Cause | undefined {
  const got = typeName(value);
  if (schema.intOrString) {
    return got === 'integer' || got === 'string' ? undefined : typeCause(path, 'integer,string', got);
  }
  const number = schema.type === 'integer' || schema.type === 'number';
  if (!schema.type || schema.type === got || (schema.type === 'number' && got === 'integer')) return undefined;
  if (schema.format === undefined || (number && (got === 'string' || got === 'array')))
    return typeCause(path, schema.type, got);
  // Of a value with a format, a text or list passes for whatever else it should be.
  return got === 'string' || got === 'array' ? undefined : typeCause(path, schema.format, FORMATS[got] ?? '');
}

/** What the server takes a value's format to be. */
const FORMATS: Readonly<Record<string, string>> = { integer: 'int64', number: 'float64' };

/** A number must be one of its type, whatever else is wrong. */
function checkWhole(value: Json, { type, format }: Schema, path: string): readonly Cause[] {
  if (type !== 'integer' || typeof value !== 'number') return [];
  if (Number.isInteger(value) && (format !== 'int32' || value === (value | 0))) return [];
  const wanted = format === undefined ? '(default format)' : `with format ${format}`;
  return [
    {
      ...plainCause(path, ''),
      message: `Invalid value: "": Checked value must be of type integer ${wanted} in ${path}`,
    },
  ];
}

/** Characters, not UTF-16 units. */
const charactersOf = (text: string): number => Array.from(text).length;

type Check = (value: Json, limit: Json, path: string, keywords: JsonObject) => Cause | undefined;

/** One entry per keyword; order is the order of the messages. */
const CHECKS: Readonly<Record<string, Check>> = {
  enum: (value, allowed, path) =>
    isList(allowed) && !allowed.some((item) => equal(item, value))
      ? {
          reason: 'FieldValueNotSupported',
          field: path,
          message: `Unsupported value: ${shown(value)}: supported values: ${allowed.map((item) => shown(typeof item === 'string' ? item : JSON.stringify(item))).join(', ')}`,
        }
      : undefined,
  format: (value, format, path) =>
    typeof value === 'string' && typeof format === 'string' && !formatIsValid(format, value)
      ? {
          reason: 'FieldValueTypeInvalid',
          field: path,
          message: `Invalid value: ${shown(value)}: ${subject(path)} must be of type ${format}: ${shown(value)}`,
        }
      : undefined,
  maxLength: (value, limit, path) =>
    typeof value === 'string' && charactersOf(value) > Number(limit)
      ? { reason: 'FieldValueTooLong', field: path, message: `Too long: may not be more than ${plain(limit)} bytes` }
      : undefined,
  minLength: (value, limit, path) =>
    typeof value === 'string' && charactersOf(value) < Number(limit)
      ? invalidCause(path, value, `${subject(path)} should be at least ${plain(limit)} chars long`)
      : undefined,
  pattern: (value, pattern, path) => {
    if (typeof value !== 'string' || typeof pattern !== 'string') return undefined;
    const verdict = matchesPattern(pattern, value);
    if (verdict === true) return undefined;
    const why = typeof verdict === 'string' ? `, but pattern is invalid: ${verdict}` : '';
    return invalidCause(path, value, `${subject(path)} should match '${pattern}${why}'`);
  },
  maximum: (value, limit, path, keywords) => {
    if (typeof value !== 'number' || typeof limit !== 'number') return undefined;
    const exclusive = keywords.exclusiveMaximum === true;
    if (exclusive ? value < limit : value <= limit) return undefined;
    return invalidCause(path, value, `${subject(path)} should be less than ${exclusive ? '' : 'or equal to '}${limit}`);
  },
  minimum: (value, limit, path, keywords) => {
    if (typeof value !== 'number' || typeof limit !== 'number') return undefined;
    const exclusive = keywords.exclusiveMinimum === true;
    if (exclusive ? value > limit : value >= limit) return undefined;
    return invalidCause(
      path,
      value,
      `${subject(path)} should be greater than ${exclusive ? '' : 'or equal to '}${limit}`,
    );
  },
  multipleOf: (value, limit, path) =>
    typeof value === 'number' && typeof limit === 'number' && !Number.isInteger(value / limit)
      ? invalidCause(path, value, `${subject(path)} should be a multiple of ${limit}`)
      : undefined,
  maxItems: (value, limit, path) => (isList(value) ? tooMany(path, value.length, limit) : undefined),
  minItems: (value, limit, path) =>
    isList(value) && value.length < Number(limit)
      ? invalidCause(path, value.length, `${subject(path)} should have at least ${plain(limit)} items`)
      : undefined,
  maxProperties: (value, limit, path) =>
    isObject(value) ? tooMany(path, Object.keys(value).length, limit) : undefined,
  minProperties: (value, limit, path) =>
    isObject(value) && Object.keys(value).length < Number(limit)
      ? invalidCause(
          path,
          Object.keys(value).length,
          `${subject(path)} should have at least ${plain(limit)} properties`,
        )
      : undefined,
};

function tooMany(path: string, size: number, limit: Json): Cause | undefined {
  if (size <= Number(limit)) return undefined;
  const items = Number(limit) === 1 ? 'item' : 'items';
  return {
    reason: 'FieldValueTooMany',
    field: path,
    message: `Too many: ${size}: must have at most ${plain(limit)} ${items}`,
  };
}

function checkKeywords(value: Json, keywords: JsonObject, path: string): readonly Cause[] {
  const causes: Cause[] = [];
  let told = false;
  for (const [name, check] of Object.entries(CHECKS)) {
    const limit = keywords[name];
    const cause = limit === undefined ? undefined : check(value, limit, path, keywords);
    if (!cause || (TEXT_CHECKS.has(name) && told)) continue;
    told ||= TEXT_CHECKS.has(name);
    causes.push(cause);
  }
  return causes;
}

/** Of length and pattern, only the first that fails is told. */
const TEXT_CHECKS = new Set(['maxLength', 'minLength', 'pattern']);

function checkLogic(value: Json, keywords: JsonObject, path: string): readonly Cause[] {
  const judge = (raw: Json): readonly Cause[] => validate(value, parseSchema(raw), path);
  const causes: Cause[] = [];
  const { allOf, anyOf, oneOf, not } = keywords;
  if (isList(anyOf)) {
    const failures = anyOf.map(judge);
    if (failures.every((failed) => failed.length > 0)) {
      causes.push(plainCause(path, 'must validate at least one schema (anyOf)'), ...fewest(failures));
    }
  }
  if (isList(oneOf)) {
    const failures = oneOf.map(judge);
    const valid = failures.filter((failed) => failed.length === 0).length;
    if (valid !== 1) {
      const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
      causes.push(plainCause(path, `must validate one and only one schema (oneOf). ${found}`));
      if (valid === 0) causes.push(...fewest(failures));
    }
  }
  if (isList(allOf)) {
    const failures = allOf.map(judge);
    causes.push(...failures.flat());
    const failed = failures.filter((list) => list.length > 0).length;
    const none = failed === failures.length ? '. None validated' : '';
    if (failed > 0) causes.push(plainCause(path, `must validate all the schemas (allOf)${none}`));
  }
  if (isObject(not) && judge(not).length === 0) causes.push(plainCause(path, 'must not validate the schema (not)'));
  return causes;
}

/** Composite failures name their path inside the message; the field stays empty. */
const plainCause = (path: string, what: string): Cause => ({
  reason: 'FieldValueInvalid',
  field: '<nil>',
  message: `Invalid value: "": ${shown(path)} ${what}`,
});

const fewest = (failures: readonly (readonly Cause[])[]): readonly Cause[] =>
  failures.toSorted((left, right) => left.length - right.length)[0] ?? [];

function checkMembers(value: JsonObject, schema: Schema, path: string, old: Json | undefined): readonly Cause[] {
  const causes: Cause[] = [];
  for (const [name, member] of Object.entries(value)) {
    const inner = memberSchema(schema, name);
    if (inner) causes.push(...validate(member, inner, join(path, name), at(old, name)));
  }
  for (const name of textsAt(schema.keywords, 'required')) {
    if (!Object.hasOwn(value, name)) causes.push(required(join(path, name), ''));
  }
  return causes;
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function checkItems(list: readonly Json[], schema: Schema, path: string, old: Json | undefined): readonly Cause[] {
  const causes: Cause[] = [];
  const items = schema.items;
  for (const [index, item] of list.entries()) {
    if (items) causes.push(...validate(item, items, `${path}[${index}]`, correlated(item, schema, old)));
    if (schema.listType === 'map' && !isObject(item) && item !== null)
      causes.push(invalidValue(`${path}[${index}]`, item, 'must be an object for an array of list-type map'));
  }
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const identity = identityOf(item, schema);
    if (identity === undefined) continue;
    const key = canonical(identity);
    if (seen.has(key)) causes.push(duplicate(`${path}[${index}]`, identity));
    seen.add(key);
  }
  return causes;
}

/** What makes an item the same item: itself in a set, its keys in a map, nothing in an atomic list. */
export function identityOf(item: Json, schema: Schema): Json | undefined {
  if (schema.listType === 'set') return item;
  if (schema.listType !== 'map' || !isObject(item)) return undefined;
  const keys: Record<string, Json> = {};
  for (const key of schema.mapKeys) {
    const value = item[key] ?? schema.items?.properties.get(key)?.default;
    if (value !== undefined) keys[key] = value;
  }
  return keys;
}

/** The item of the old list that this item is a new version of; only maps have such. */
export function correlated(item: Json, schema: Schema, old: Json | undefined): Json | undefined {
  if (schema.listType !== 'map' || !isList(old)) return undefined;
  const identity = identityOf(item, schema);
  if (identity === undefined) return undefined;
  return old.find((candidate) => equal(identityOf(candidate, schema), identity));
}
