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
import type { WriteOptions } from './options.ts';

/** The text of a request body as a value. @throws ApiError 400 if it is neither JSON nor, where allowed, YAML. */
export function parseBody(text: string, yaml: boolean): Json {
  try {
    return yaml && !/^\s*[{[]/.test(text) ? asJson(load(text)) : parseJson(text);
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof YAMLException) throw badRequest(cause.message);
    throw cause;
  }
}

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

/** Checks that a body is an object of `resource`, and fills in what it left out. */
export function asObject(value: Json, resource: Resource): JsonObject {
  if (!isObject(value)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind})`);
  }
  for (const field of ['kind', 'apiVersion']) {
    const given = value[field] ?? '';
    if (typeof given !== 'string') throw badRequest(unreadableType(value, resource, field, given));
  }
  const kind = textAt(value, 'kind');
  const apiVersion = textAt(value, 'apiVersion');
  if (resource.typeName === undefined) requireTypeMeta(value, resource, kind, apiVersion);
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

/** A built-in object is known by its path; a custom one must say what it is. */
function requireTypeMeta(value: JsonObject, { kind, version }: Resource, given: string, apiVersion: string): void {
  const missing =
    given === '' ? 'Kind' : apiVersion === '' && value.apiVersion === undefined ? 'apiVersion' : undefined;
  if (missing === undefined) return;
  const text = JSON.stringify(value);
  throw badRequest(
    `${kind} in version "${version}" cannot be handled as a ${kind}: Object '${missing}' is missing in '${text}'`,
  );
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

function unreadableType(object: JsonObject, resource: Resource, field: string, given: Json): string {
  const text = JSON.stringify(object);
  const begin = text.length > 30 ? `${text.slice(0, 30)} ...` : text;
  return `the object provided is unrecognized (must be of type ${resource.kind}): ${typeMetaError(field, given)} (${begin})`;
}

export const typeMetaError = (field: string, given: Json): string =>
  `couldn't get version/kind; json parse error: json: cannot unmarshal ${jsonType(given)} into Go struct field .${field} of type string`;

/** Drops unknown fields as the client asked: silently, with a warning, or by refusing the request. */
export function screen(object: JsonObject, resource: Resource, options: WriteOptions): JsonObject {
  const { value, unknown } = prune(object, withTypeMeta(resource.schema));
  if (unknown.length > 0 && options.validation === 'Strict') {
    throw strictError(resource, unknown);
  }
  if (options.validation === 'Warn')
    options.warnings.push(...[...unknown].sort(byText).map((path) => `unknown field "${path}"`));
  const screened = isObject(value) ? value : object;
  checkTypes(screened, resource);
  const plainer = resource.typeName === undefined ? withoutNulls(screened, resource.schema) : screened;
  return resource.tidy(withReset(plainer));
}

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

function strictError(resource: Resource, unknown: readonly string[]): ApiError {
  const list = [...unknown].sort(byText).map((path) => `unknown field "${path}"`);
  return badRequest(
    `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: strict decoding error: ${list.join(', ')}`,
  );
}

/** @throws ApiError 400 */
function checkTypes(object: JsonObject, resource: Resource): void {
  const wrong = typeErrorOf(object, resource);
  if (wrong === undefined) return;
  throw badRequest(
    `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: ${wrong}`,
  );
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
