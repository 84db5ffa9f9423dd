import { type Cause, invalidValue } from '../api-error.ts';
import { compileRules } from '../cel/rules.ts';
import { at, isObject, type Json, type JsonObject, listAt, objectAt, plain, textAt, textsAt } from '../json.ts';
import { goType, plainGo } from '../go-text.ts';
import { nameOf } from '../meta.ts';
import { apiVersionOf, type Conversion, type Resource, type Rules, type ScalePaths } from '../kinds/resource.ts';
import { applyDefaults, dropNulls } from '../schema/default.ts';
import { prune } from '../schema/prune.ts';
import { parseSchema } from '../schema/parse-schema.ts';
import { ANYTHING, type Schema } from '../schema/schema.ts';
import { validate } from '../schema/validate.ts';
import { AGE, type Column, column, NAME, since } from '../table/column.ts';
import { jsonPath } from './json-path.ts';

/**
 * The resources that a definition serves, one per served version. Metadata are the server's own type: `meta` is its
 * schema, `tidyMeta` drops what is empty in it.
 */
export function customResources(
  definition: JsonObject,
  meta: Schema,
  tidyMeta: (metadata: JsonObject) => JsonObject,
): readonly Resource[] {
  const spec = objectAt(definition, 'spec');
  const versions = listAt(spec, 'versions').filter((version) => at(version, 'served') === true);
  const storage = listAt(spec, 'versions').find((version) => at(version, 'storage') === true);
  const stored = {
    version: textAt(storage, 'name'),
    schema: withTypeMeta(parseSchema(at(storage, 'schema', 'openAPIV3Schema')), meta),
  };
  return versions.map((version) => ({
    ...toResource(definition, version, meta, stored),
    tidy: (object) => (isObject(object.metadata) ? { ...object, metadata: tidyMeta(object.metadata) } : object),
  }));
}

/** The version that objects are stored in. */
interface Stored {
  readonly version: string;
  readonly schema: Schema;
}

function toResource(definition: JsonObject, version: Json, meta: Schema, stored: Stored): Resource {
  const spec = objectAt(definition, 'spec');
  const names = objectAt(spec, 'names');
  const group = textAt(spec, 'group');
  const plural = textAt(names, 'plural');
  const kind = textAt(names, 'kind');
  const schema = withTypeMeta(parseSchema(at(version, 'schema', 'openAPIV3Schema')), meta);
  const base = { group, version: textAt(version, 'name') };
  const apiVersion = apiVersionOf(base);
  const status = isObject(at(version, 'subresources', 'status'));
  const scale = scalePaths(at(version, 'subresources', 'scale'));
  return {
    ...base,
    plural,
    singular: textAt(names, 'singular'),
    kind,
    listKind: textAt(names, 'listKind'),
    shortNames: textsAt(names, 'shortNames'),
    categories: textsAt(names, 'categories'),
    namespaced: textAt(spec, 'scope') === 'Namespaced',
    verbs: CUSTOM_VERBS,
    status,
    finalize: false,
    scale,
    collection: `${group}/${plural}`,
    schema,
    typeName: undefined,
    tidy: (object) => object,
    columns: columnsOf(version),
    fields: selectableFields(version),
    generation: true,
    unconditionalUpdate: false,
    createOnUpdate: false,
    returnsDeleted: false,
    rules: rulesOf(schema, scale),
    storedAs: `${group}/${stored.version}`,
    conversion: reading(apiVersion, `${group}/${stored.version}`, stored.schema),
    deprecation:
      at(version, 'deprecated') === true
        ? textAt(version, 'deprecationWarning') || `${apiVersion} ${kind} is deprecated`
        : undefined,
  };
}

/** In the order of the server's discovery. */
const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'] as const;

/** Metadata is the server's own type, whatever the definition says about it. */
function withTypeMeta(schema: Schema, meta: Schema): Schema {
  const text: Schema = { ...ANYTHING, type: 'string', preserveUnknown: false };
  const properties = new Map([['apiVersion', text], ['kind', text], ['metadata', meta] as const, ...schema.properties]);
  return { ...schema, properties: properties.set('metadata', meta) };
}

/**
 * Conversion `None`: only the apiVersion differs. What is read is pruned and defaulted by the schema of the stored
 * version, for it may have been written in another one, or before the schema changed.
 */
function reading(served: string, stored: string, schema: Schema): Conversion {
  const seen = new WeakMap<JsonObject, JsonObject>();
  const read = (object: JsonObject): JsonObject => {
    const { value, unknown } = prune(object, schema);
    const filled = applyDefaults(dropNulls(unknown.length === 0 ? object : value, schema), schema);
    const whole = isObject(filled) ? filled : object;
    return whole.apiVersion === served ? whole : { ...whole, apiVersion: served };
  };
  return {
    toStored: (object) => (object.apiVersion === stored ? object : { ...object, apiVersion: stored }),
    fromStored(object) {
      const known = seen.get(object) ?? read(object);
      seen.set(object, known);
      return known;
    },
  };
}

function rulesOf(schema: Schema, scale: ScalePaths | undefined): Rules {
  const { metadata: _metadata, ...judged } = Object.fromEntries(schema.properties);
  // Metadata is judged apart, so a definition that requires it must not miss it here.
  const required = listAt(schema.keywords, 'required').filter((name) => name !== 'metadata');
  const body: Schema = {
    ...schema,
    properties: new Map(Object.entries(judged)),
    keywords: { ...schema.keywords, required },
  };
  const withName: Schema = { ...schema };
  const rules = compileRules(withName, '');
  const named = objectAt(schema.keywords, 'properties', 'metadata', 'properties', 'name');
  return {
    prepare: (next) => {
      const filled = applyDefaults(next, schema);
      return isObject(filled) ? filled : next;
    },
    check: (next, previous, _subresource, found) => {
      const causes = [
        ...checkName(next, named),
        ...validate(bodyOf(next), body, '', previous && bodyOf(previous)),
        ...(scale ? checkScale(next, scale) : []),
      ];
      if (rules.none) return causes;
      if ([...found, ...causes].some((cause) => BLOCKING.has(cause.reason))) return [...causes, UNCHECKED];
      return [...causes, ...rules.judge(next, previous)];
    },
  };
}

/** Rules are not run on an object that is wrong in one of these ways. */
const BLOCKING = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

const UNCHECKED: Cause = {
  reason: 'FieldValueInvalid',
  field: '<nil>',
  message:
    'Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

const LARGEST = 2 ** 31 - 1;

/** Why no number can be read at `path`, in the server's words; undefined if it is absent or there. */
function accessorError(object: JsonObject, path: readonly string[], field: string): string | undefined {
  let here: Json = object;
  for (const step of path) {
    if (!isObject(here))
      return `${field} accessor error: ${plainGo(here)} is of the type ${goType(here)}, expected map[string]interface{}`;
    const next: Json | undefined = here[step];
    if (next === undefined || next === null) return undefined;
    here = next;
  }
  if (typeof here === 'number' && Number.isInteger(here)) return undefined;
  return `${field} accessor error: ${plainGo(here)} is of the type ${goType(here)}, expected int64`;
}

function checkScale(next: JsonObject, paths: ScalePaths): readonly Cause[] {
  const field = `.${paths.spec.join('.')}`;
  const wrong = accessorError(next, paths.spec, field);
  if (wrong !== undefined) return [invalidValue(field, 0, wrong)];
  const replicas = at(next, ...paths.spec);
  if (typeof replicas !== 'number') return [];
  if (replicas > LARGEST) return [invalidValue(field, replicas, `should be less than or equal to ${LARGEST}`)];
  return replicas < 0 ? [invalidValue(field, replicas, 'should be a non-negative integer')] : [];
}

const bodyOf = (object: JsonObject): JsonObject => {
  const { metadata: _metadata, ...rest } = object;
  return rest;
};

function checkName(next: JsonObject, named: JsonObject): readonly Cause[] {
  return validate(nameOf(next), parseSchema({ type: 'string', ...named }), 'metadata.name');
}

function scalePaths(scale: Json | undefined): ScalePaths | undefined {
  if (!isObject(scale)) return undefined;
  const path = (field: string): readonly string[] => textAt(scale, field).replace(/^\./, '').split('.');
  const selector = textAt(scale, 'labelSelectorPath') === '' ? undefined : path('labelSelectorPath');
  return { spec: path('specReplicasPath'), status: path('statusReplicasPath'), selector };
}

function columnsOf(version: Json): readonly Column[] {
  const declared = listAt(version, 'additionalPrinterColumns');
  return declared.length === 0 ? [NAME, { ...AGE, type: 'date' }] : [NAME, ...declared.map(printerColumn)];
}

function printerColumn(raw: Json): Column {
  const find = jsonPath(textAt(raw, 'jsonPath'));
  const type = textAt(raw, 'type');
  const priority = at(raw, 'priority');
  return column(
    textAt(raw, 'name'),
    textAt(raw, 'description') || `Custom resource definition column (in JSONPath format): ${textAt(raw, 'jsonPath')}`,
    (object, now) => cellOf(find?.(object) ?? [], type, now),
    { type, format: textAt(raw, 'format'), priority: typeof priority === 'number' ? priority : 0 },
  );
}

function cellOf(found: readonly Json[], type: string, now: number): Json {
  const first = found[0];
  if (first === undefined || first === null) return type === 'date' && first === undefined ? null : (first ?? null);
  if (type === 'date') return since(first, now);
  if (type === 'string') return found.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(',');
  if (type === 'integer') return typeof first === 'number' ? Math.trunc(first) : null;
  return type === 'number' ? (typeof first === 'number' ? first : null) : typeof first === 'boolean' ? first : null;
}

function selectableFields(version: Json): Resource['fields'] {
  const fields: Record<string, (object: JsonObject) => string> = {};
  for (const raw of listAt(version, 'selectableFields')) {
    const path = textAt(raw, 'jsonPath').replace(/^\./, '');
    fields[path] = (object) => {
      const found = at(object, ...path.split('.'));
      return found === null ? '' : plain(found);
    };
  }
  return fields;
}
