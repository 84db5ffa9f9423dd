import { createHash } from 'node:crypto';
import { type Draft, isObject, type JsonObject } from '../json.ts';
import { isStored, type Registry } from '../kinds/registry.ts';
import { apiVersionOf, type Resource } from '../kinds/resource.ts';
import { fieldsOf, isAtomicType, isNamed, type TypeTable } from '../kinds/type-notation.ts';
import { subresourcesOf } from './discovery.ts';

/** `/openapi/v3`: one document per version, named with a hash so that clients may keep it. */
export function openApiRoot(registry: Registry, table: TypeTable): JsonObject {
  const paths: Draft = {};
  for (const { name, versions } of registry.groups()) {
    for (const version of versions) {
      const path = name === '' ? `api/${version}` : `apis/${name}/${version}`;
      const hash = createHash('sha256')
        .update(JSON.stringify(openApi(registry, table, name, version)))
        .digest('hex');
      paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash.slice(0, 32).toUpperCase()}` };
    }
  }
  return { paths };
}

/** The OpenAPI v3 document of one version; undefined if it is not served. */
export function openApi(registry: Registry, table: TypeTable, group: string, version: string): JsonObject | undefined {
  const served = registry.all().filter((resource) => resource.group === group && resource.version === version);
  if (served.length === 0) return undefined;
  const schemas: Draft = {};
  const paths: Draft = {};
  for (const resource of served) {
    addTypes(componentOf(resource), resource, table, schemas);
    Object.assign(paths, pathsOf(resource));
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'unversioned' },
    paths,
    components: { schemas },
  };
}

/** Names as the real server spells them: clients look types up by group, version and kind instead. */
const componentOf = (resource: Resource): string =>
  resource.typeName === undefined
    ? `${resource.group.split('.').toReversed().join('.')}.${resource.version}.${resource.kind}`
    : componentName(resource.typeName);

function componentName(type: string): string {
  if (type.startsWith('meta.')) return `io.k8s.apimachinery.pkg.apis.${type}`;
  if (type.startsWith('apiext.'))
    return type.replace('apiext.', 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.');
  return `io.k8s.api.${type}`;
}

const reference = (type: string): string => `#/components/schemas/${componentName(type)}`;

function addTypes(component: string, resource: Resource, table: TypeTable, schemas: Draft): void {
  const kinds = [{ group: resource.group, version: resource.version, kind: resource.kind }];
  if (resource.typeName === undefined) {
    const { keywords } = resource.schema;
    const properties = {
      ...(isObject(keywords.properties) ? keywords.properties : {}),
      ...TYPE_META,
      metadata: {
        description: 'Name, namespace, labels, annotations and owners of this object.',
        allOf: [{ $ref: reference('meta.v1.ObjectMeta') }],
      },
    };
    schemas[component] = { ...keywords, type: 'object', properties, 'x-kubernetes-group-version-kind': kinds };
    addType('meta.v1.ObjectMeta', table, schemas);
    return;
  }
  addType(resource.typeName, table, schemas);
  const schema = schemas[component];
  if (!isObject(schema)) return;
  const properties = { ...TYPE_META, ...(isObject(schema.properties) ? schema.properties : {}) };
  schemas[component] = { ...schema, properties, 'x-kubernetes-group-version-kind': kinds };
}

const TYPE_META: JsonObject = {
  apiVersion: { type: 'string', description: 'Version of the schema of this object.' },
  kind: { type: 'string', description: 'Kind of this object.' },
};

function addType(type: string, table: TypeTable, schemas: Draft): void {
  const name = componentName(type);
  const line = table[type];
  if (line === undefined || schemas[name] !== undefined) return;
  const fields = fieldsOf(line);
  schemas[name] = {}; // types that hold themselves end here
  const properties: Draft = {};
  const required: string[] = [];
  for (const field of fields) {
    if (field.required) required.push(field.name);
    properties[field.name] = {
      ...typeOf(field.type),
      ...(field.default === undefined ? {} : { default: field.default }),
      ...(field.mapKeys.length > 0
        ? { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': field.mapKeys }
        : field.type.startsWith('[')
          ? { 'x-kubernetes-list-type': field.set ? 'set' : 'atomic' }
          : {}),
      ...(field.patch ? { 'x-kubernetes-patch-strategy': field.patch.strategies.join(',') } : {}),
      ...(field.patch?.mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': field.patch.mergeKey }),
      ...(field.atomic ? { 'x-kubernetes-map-type': 'atomic' } : {}),
    };
    const inner = field.type.replaceAll(/[[\]{}]/g, '');
    if (isNamed(inner)) addType(inner, table, schemas);
  }
  schemas[name] = {
    type: 'object',
    properties,
    ...(required.length > 0 ? { required } : {}),
    ...(isAtomicType(line) ? { 'x-kubernetes-map-type': 'atomic' } : {}),
  };
}

const SCALARS: Readonly<Record<string, JsonObject>> = {
  s: { type: 'string' },
  i: { type: 'integer', format: 'int32' },
  l: { type: 'integer', format: 'int64' },
  n: { type: 'number', format: 'double' },
  b: { type: 'boolean' },
  t: { type: 'string', format: 'date-time' },
  u: { type: 'string', format: 'date-time' },
  q: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  x: { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  B: { type: 'string', format: 'byte' },
  '*': { type: 'object' },
};

function typeOf(type: string): JsonObject {
  const scalar = SCALARS[type];
  if (scalar) return scalar;
  if (type.startsWith('[')) return { type: 'array', items: typeOf(type.slice(1, -1)) };
  if (type.startsWith('{')) return { type: 'object', additionalProperties: typeOf(type.slice(1, -1)) };
  return isNamed(type) ? { allOf: [{ $ref: reference(type) }] } : {};
}

const text = (name: string): JsonObject => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } });
/** kubectl reads from these whether the server can dry-run and validate fields. */
const WRITE_PARAMETERS: readonly JsonObject[] = [text('dryRun'), text('fieldManager'), text('fieldValidation')];

function pathsOf(resource: Resource): JsonObject {
  const root = resource.group === '' ? `/api/${resource.version}` : `/apis/${apiVersionOf(resource)}`;
  const base = `${root}${resource.namespaced ? '/namespaces/{namespace}' : ''}/${resource.plural}`;
  const action = (verb: string, parameters: readonly JsonObject[] = []): JsonObject => ({
    'x-kubernetes-action': verb,
    'x-kubernetes-group-version-kind': { group: resource.group, version: resource.version, kind: resource.kind },
    parameters,
    responses: {
      '200': {
        description: 'OK',
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${componentOf(resource)}` } } },
      },
    },
  });
  const post = action('post', WRITE_PARAMETERS);
  if (!isStored(resource)) return { [base]: { post } };
  const shared = {
    get: action('get'),
    put: action('put', WRITE_PARAMETERS),
    patch: action('patch', [...WRITE_PARAMETERS, text('force')]),
  };
  const item: JsonObject = {
    ...shared,
    delete: action('delete', [text('dryRun')]),
  };
  const parts = subresourcesOf(resource).map(({ name }) => [`${base}/{name}/${name}`, shared] as const);
  const collection: JsonObject = { get: action('list'), post, delete: action('deletecollection', [text('dryRun')]) };
  return { [base]: collection, [`${base}/{name}`]: item, ...Object.fromEntries(parts) };
}
