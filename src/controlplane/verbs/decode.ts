import { load, YAMLException } from 'js-yaml';
import { type ApiError, badRequest } from '../api-error.ts';
import { asJson, byText, isList, isObject, type Json, type JsonObject, parseJson, textAt } from '../json.ts';
import { apiVersionOf, type Resource } from '../kinds/resource.ts';
import { formatIsValid } from '../schema/formats.ts';
import { prune } from '../schema/prune.ts';
import { memberSchema, type Schema } from '../schema/schema.ts';
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

/** Checks that a body is an object of `resource`, and fills in what it left out. */
export function asObject(value: Json, resource: Resource): JsonObject {
  if (!isObject(value)) {
    throw badRequest(`the object provided is unrecognized (must be of type ${resource.kind})`);
  }
  const kind = textAt(value, 'kind');
  const apiVersion = textAt(value, 'apiVersion');
  const wanted = apiVersionOf(resource);
  if (kind !== '' && kind !== resource.kind) {
    const from = `${apiVersion.split('/').at(-1)}.${kind}`;
    const to = `${resource.group.split('.')[0] || 'core'}.${resource.kind}`;
    throw badRequest(
      `${kind} in version ${JSON.stringify(apiVersion)} cannot be handled as a ${resource.kind}: converting (${from}) to (${to}): unknown conversion`,
    );
  }
  if (apiVersion !== '' && apiVersion !== wanted) {
    throw badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${wanted})`);
  }
  return { ...value, kind: resource.kind, apiVersion: wanted };
}

/** Drops unknown fields as the client asked: silently, with a warning, or by refusing the request. */
export function screen(object: JsonObject, resource: Resource, options: WriteOptions): JsonObject {
  const { value, unknown } = prune(object, withTypeMeta(resource.schema));
  if (unknown.length > 0 && options.validation === 'Strict') {
    throw strictError(resource, unknown);
  }
  if (options.validation === 'Warn')
    options.warnings.push(...[...unknown].sort(byText).map((path) => `unknown field "${path}"`));
  const screened = isObject(value) ? value : object;
  if (resource.typeName !== undefined) checkTypes(screened, resource);
  return resource.tidy(screened);
}

/** Built-in types name their apiVersion and kind nowhere. */
const withTypeMeta = (schema: Schema): Schema =>
  schema.properties.has('kind') ? schema : { ...schema, properties: new Map([...schema.properties, ...TYPE_META]) };

const TEXT: Schema = {
  type: 'string',
  format: undefined,
  properties: new Map(),
  additional: undefined,
  items: undefined,
  required: [],
  nullable: false,
  intOrString: false,
  preserveUnknown: false,
  embedded: false,
  listType: 'atomic',
  mapKeys: [],
  atomicMap: false,
  always: false,
  default: undefined,
  patch: undefined,
  keywords: {},
};
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

/** A typed server cannot even read a value of the wrong type: 400, not 422. */
function checkTypes(object: JsonObject, resource: Resource): void {
  const wrong = firstMismatch(object, resource.schema, '');
  if (!wrong) return;
  if (wrong.badByte !== undefined) {
    throw badRequest(
      `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: illegal base64 data at input byte ${wrong.badByte}`,
    );
  }
  const field = `${resource.kind}.${wrong.path}`;
  throw badRequest(
    `${resource.kind} in version "${resource.version}" cannot be handled as a ${resource.kind}: json: cannot unmarshal ${wrong.got} into Go struct field ${field} of type ${wrong.wanted}`,
  );
}

interface Mismatch {
  readonly path: string;
  readonly got: string;
  readonly wanted: string;
  /** Where base64 stops being base64. */
  readonly badByte?: number;
}

function firstMismatch(value: Json, schema: Schema, path: string): Mismatch | undefined {
  if (value === null) return undefined;
  const wanted = wantedType(schema);
  const got = isList(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  if (wanted && !wanted.takes.includes(got)) return { path, got, wanted: wanted.name };
  if (schema.format === 'byte' && typeof value === 'string' && !formatIsValid('byte', value)) {
    return { path, got, wanted: 'bytes', badByte: Math.max(value.search(/[^A-Za-z0-9+/]/), 0) };
  }
  if (isList(value)) {
    const { items } = schema;
    return items && firstOf(value.map((item) => [item, items, path] as const));
  }
  if (!isObject(value)) return undefined;
  return firstOf(
    Object.entries(value).flatMap(([name, member]) => {
      const inner = memberSchema(schema, name);
      const isMap = schema.additional !== undefined;
      return inner ? [[member, inner, isMap || path === '' ? path || name : `${path}.${name}`] as const] : [];
    }),
  );
}

function firstOf(parts: readonly (readonly [Json, Schema, string])[]): Mismatch | undefined {
  for (const [value, schema, path] of parts) {
    const wrong = firstMismatch(value, schema, path);
    if (wrong) return wrong;
  }
  return undefined;
}

function wantedType(schema: Schema): { readonly name: string; readonly takes: readonly string[] } | undefined {
  switch (schema.type) {
    case 'string':
      return { name: 'string', takes: ['string'] };
    case 'boolean':
      return { name: 'bool', takes: ['bool'] };
    case 'integer':
      return { name: schema.format ?? 'int64', takes: ['number'] };
    case 'number':
      return { name: 'float64', takes: ['number'] };
    case 'array':
      return { name: 'slice', takes: ['array'] };
    case 'object':
      return { name: 'map', takes: ['object'] };
    case undefined:
      return undefined;
  }
}
