import { load, YAMLException } from 'js-yaml';
import { type ApiError, badRequest, invalid, invalidValue } from '../api-error.ts';
import {
  asJson,
  at,
  byText,
  isList,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  textAt,
  withAt,
} from '../json.ts';
import { apiVersionOf, type Resource } from '../kinds/resource.ts';
import { dropNulls } from '../schema/default.ts';
import { prune } from '../schema/prune.ts';
import { ANYTHING, memberSchema, type Schema } from '../schema/schema.ts';
import { jsonType, typeError } from './check-types.ts';
import { scanJson } from './scan-json.ts';
import type { WriteOptions } from './options.ts';

/** The text of a request body as a value. @throws ApiError 400 if it is neither JSON nor, where allowed, YAML. */
export function parseBody(text: string, yaml: boolean, refuse: (why: string) => ApiError): Json {
  try {
    return yaml && !/^\s*[{[]/.test(text) ? asJson(load(text)) : parseJson(text);
  } catch (cause) {
    if (cause instanceof YAMLException) throw refuse(cause.message);
    if (cause instanceof SyntaxError) throw refuse(scanJson(text).error ?? cause.message);
    throw cause;
  }
}

/** What a server cannot take for an object says how it begins: as text if it could have been one. */
export function unrecognized(kind: string, why: string, text: string): ApiError {
  const shown = text.startsWith('{') ? text : Buffer.from(text).toString('hex');
  const most = text.startsWith('{') ? SHOWN_BYTES : SHOWN_BYTES * 2;
  const begin = text === '' ? '<empty>' : shown.length > most ? `${shown.slice(0, most)} ...` : shown;
  return badRequest(`the object provided is unrecognized (must be of type ${kind}): ${why} (${begin})`);
}

const SHOWN_BYTES = 30;

/** What is applied: always read as YAML, of which JSON is a part. Nothing is an empty object. @throws ApiError 400 */
export function parseApplied(text: string): JsonObject {
  const refuse = (why: string): ApiError => badRequest(`error decoding YAML: ${why}`);
  const value = readApplied(text, refuse);
  if (value === null) return {};
  if (isObject(value)) return value;
  throw refuse(
    `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${jsonType(value)} into Go value of type map[string]interface {}`,
  );
}

function readApplied(text: string, refuse: (why: string) => ApiError): Json {
  try {
    return text.trim() === '' ? null : /^\s*[{[]/.test(text) ? parseJson(text) : asJson(load(text));
  } catch (cause) {
    const why =
      cause instanceof YAMLException ? cause.reason : cause instanceof SyntaxError ? cause.message : undefined;
    if (why === undefined) throw cause;
    throw refuse(`error converting YAML to JSON: yaml: ${why}`);
  }
}

/** No object at all. */
export const mistyped = (value: Json): ApiError =>
  badRequest(`${UNTYPED}: json: cannot unmarshal ${jsonType(value)} into Go value of type ${TYPE_META_STRUCT}`);

/** What is asked of an object first. */
export const UNTYPED = "couldn't get version/kind; json parse error";
const TYPE_META_STRUCT = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`;

/** Checks that a body is an object of `resource`, and fills in what it left out. */
export function asObject(value: Json, resource: Resource): JsonObject {
  if (!isObject(value)) {
    throw unrecognized(resource.kind, mistyped(value).message, JSON.stringify(value));
  }
  const unnamed = typeMetaErrorOf(value);
  if (unnamed !== undefined) throw unrecognized(resource.kind, unnamed, JSON.stringify(value));
  const kind = textAt(value, 'kind');
  const apiVersion = textAt(value, 'apiVersion');
  if (resource.typeName === undefined && kind === '') {
    const text = JSON.stringify(value);
    throw unrecognized(resource.kind, `Object 'Kind' is missing in '${text}'`, text);
  }
  const wanted = apiVersionOf(resource);
  if (resource.typeName === undefined && kind !== resource.kind) throw misnamed(value, 'kind', kind, resource.kind);
  if (kind !== '' && kind !== resource.kind) {
    const from = `${apiVersion.split('/').at(-1)}.${kind}`;
    const to = `${resource.group.split('.')[0] || 'core'}.${resource.kind}`;
    throw badRequest(
      `${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${resource.kind}: converting (${from}) to (${to}): unknown conversion`,
    );
  }
  if (apiVersion !== wanted && (apiVersion !== '' || resource.typeName === undefined)) {
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`);
  }
  return { ...value, kind: resource.kind, apiVersion: wanted };
}

/** A custom object that says it is another one. */
function misnamed(object: JsonObject, field: string, given: string, wanted: string): ApiError {
  const apiVersion = textAt(object, 'apiVersion');
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const cause = invalidValue(field, given, `must be ${wanted}`);
  return invalid(textAt(object, 'kind'), group, textAt(object, 'metadata', 'name'), [cause]);
}

/** What a patch leaves of a custom object must still say what it is. @throws ApiError 422 */
export function requireSameType(object: JsonObject, resource: Resource): void {
  const wanted = apiVersionOf(resource);
  const apiVersion = textAt(object, 'apiVersion');
  if (resource.typeName !== undefined || apiVersion === '' || apiVersion === wanted) return;
  throw misnamed(object, 'apiVersion', apiVersion, wanted);
}

/** Why nobody can tell what kind of object it is; undefined where it is text, or left out. */
export function typeMetaErrorOf(object: JsonObject): string | undefined {
  for (const field of ['kind', 'apiVersion']) {
    const given = object[field] ?? '';
    if (typeof given !== 'string')
      return `${UNTYPED}: json: cannot unmarshal ${jsonType(given)} into Go struct field .${field} of type string`;
  }
  return undefined;
}

/** What a body brings beside the object. */
export interface Reading {
  /** Members that its text has twice. */
  readonly duplicates: readonly string[];
  /** How a body that breaks the rules is refused, if not as an object that cannot be read. */
  readonly refuse: ((why: string) => ApiError) | undefined;
}

/** Drops unknown fields as the client asked: silently, with a warning, or by refusing the request. */
export function screen(object: JsonObject, resource: Resource, options: WriteOptions, reading?: Reading): JsonObject {
  const { value, unknown } = prune(object, withTypeMeta(resource.schema));
  const told = [
    ...(reading?.duplicates ?? []).map((path) => `duplicate field "${path}"`),
    ...[...unknown].sort(byText).map((path) => `unknown field "${path}"`),
  ];
  const refuse = reading?.refuse ?? ((why) => unreadable(resource, why));
  if (told.length > 0 && options.validation === 'Strict') throw refuse(`strict decoding error: ${told.join(', ')}`);
  if (options.validation === 'Warn') options.warnings.push(...told);
  const screened = isObject(value) ? value : object;
  checkTypes(screened, resource);
  const plainer = resource.typeName === undefined ? withoutNulls(screened, resource.schema) : screened;
  return resource.tidy(withReset(plainer));
}

const unreadable = (resource: Resource, why: string): ApiError =>
  badRequest(`${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${why}`);

/** No owners at all asks to forget them, as one empty owner does; what is empty would be dropped. */
function withReset(object: JsonObject): JsonObject {
  const owners = at(object, 'metadata', 'managedFields');
  return isList(owners) && owners.length === 0 ? withAt(object, ['metadata', 'managedFields'], [{}]) : object;
}

function withoutNulls(object: JsonObject, schema: Schema): JsonObject {
  const { metadata, ...body } = object;
  const next = dropNulls(body, schema);
  if (!isObject(next) || next === body) return object;
  return metadata === undefined ? next : { ...next, metadata };
}

/** Built-in types name their apiVersion and kind nowhere. */
const withTypeMeta = (schema: Schema): Schema =>
  schema.properties.has('kind') ? schema : { ...schema, properties: new Map([...schema.properties, ...TYPE_META]) };

const TEXT: Schema = { ...ANYTHING, type: 'string', nullable: false, preserveUnknown: false };
const TYPE_META: readonly (readonly [string, Schema])[] = [
  ['apiVersion', TEXT],
  ['kind', TEXT],
];

/** @throws ApiError 400 */
function checkTypes(object: JsonObject, resource: Resource): void {
  const wrong = typeErrorOf(object, resource);
  if (wrong !== undefined) throw unreadable(resource, wrong);
}

/** Of a custom object only the metadata have a type of the server's own. */
export function typeErrorOf(object: JsonObject, resource: Resource): string | undefined {
  if (resource.typeName !== undefined) return typeError(object, resource.schema, resource.kind);
  const { metadata } = object;
  const schema = memberSchema(resource.schema, 'metadata');
  if (metadata === undefined || metadata === null || !schema) return undefined;
  if (isObject(metadata)) return typeError(metadata, schema, 'ObjectMeta');
  return `json: cannot unmarshal ${jsonType(metadata)} into Go value of type v1.ObjectMeta`;
}
