import { ApiError } from '../api-error.ts';
import type { JsonObject } from '../json.ts';
import { DEFAULT_COLUMNS } from '../table/core-columns.ts';
import { apiVersionOf, type Resource } from '../kinds/resource.ts';
import { objectAt, textAt, at } from '../json.ts';
import type { Accepted } from './negotiate.ts';

/** An object in the shape that the client asked for. @param now for ages. */
export function presentObject(
  object: JsonObject,
  resource: Resource,
  accepted: Accepted,
  now: number,
  include: string,
): JsonObject {
  switch (accepted.shape) {
    case 'object':
      return object;
    case 'metadata':
      return metadataOnly(object, accepted);
    case 'metadata list':
      throw misshaped('PartialObjectMetadataList', 'not a list', resource, resource.kind);
    case 'table':
      return tableOf([object], resource, accepted, now, include, {
        resourceVersion: textAt(object, 'metadata', 'resourceVersion'),
      });
  }
}

/** In the server's words, its own type included. */
function misshaped(asked: string, is: string, { group, typeName }: Resource, kind: string): ApiError {
  const type = typeName === undefined ? 'unstructured.Unstructured' : `${group.split('.')[0] || 'core'}.${kind}`;
  const shown = typeName === undefined && kind.endsWith('List') ? `${type}List` : type;
  const why = `you requested ${asked}, but the requested object is ${is} (*${shown})`;
  return new ApiError(406, 'NotAcceptable', why);
}

const metadataOnly = (object: JsonObject, { version }: Pick<Accepted, 'version'>): JsonObject => ({
  kind: 'PartialObjectMetadata',
  apiVersion: `meta.k8s.io/${version}`,
  metadata: objectAt(object, 'metadata'),
});

/** A list in the shape that the client asked for. */
export function presentList(
  objects: readonly JsonObject[],
  resource: Resource,
  accepted: Accepted,
  now: number,
  include: string,
  meta: JsonObject,
): JsonObject {
  switch (accepted.shape) {
    case 'table':
      return tableOf(objects, resource, accepted, now, include, meta);
    case 'metadata':
      throw misshaped('PartialObjectMetadata', 'a list', resource, resource.listKind);
    case 'metadata list':
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: `meta.k8s.io/${accepted.version}`,
        metadata: meta,
        items: objects.length === 0 ? null : objects.map((object) => metadataOnly(object, accepted)),
      };
    case 'object':
      return {
        kind: resource.listKind,
        apiVersion: apiVersionOf(resource),
        metadata: resource.typeName === undefined ? { continue: '', ...meta } : meta,
        items: resource.typeName === undefined ? objects : objects.map(withoutTypeMeta),
      };
  }
}

/** Items of a typed list do not repeat what the list already says. */
function withoutTypeMeta(object: JsonObject): JsonObject {
  const { kind: _kind, apiVersion: _apiVersion, ...rest } = object;
  return rest;
}

/** @param include what each row carries: None, Metadata or Object. Watches send the headings once. */
export function tableOf(
  objects: readonly JsonObject[],
  resource: Resource,
  { version }: Accepted,
  now: number,
  include: string,
  meta: JsonObject,
  headings = true,
): JsonObject {
  const definitions = resource.columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format,
    description,
    priority,
  }));
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${version}`,
    metadata: meta,
    columnDefinitions: headings ? definitions : null,
    // The printer that knows no kind makes no list of nothing.
    rows:
      objects.length === 0 && resource.columns === DEFAULT_COLUMNS
        ? null
        : objects.map((object) => ({
            cells: resource.columns.map((column) => column.cell(object, now)),
            ...rowObject(object, include, version),
            ...rowConditions(object),
          })),
  };
}

function rowObject(object: JsonObject, include: string, version: string): JsonObject {
  if (include === 'None') return {};
  if (include === 'Object') return { object };
  return { object: metadataOnly(object, { version }) };
}

/** Pods that are over are marked, so that kubectl can dim them. */
function rowConditions(object: JsonObject): JsonObject {
  const phase = textAt(object, 'status', 'phase');
  if (at(object, 'kind') !== 'Pod' || (phase !== 'Succeeded' && phase !== 'Failed')) return {};
  const message = phase === 'Succeeded' ? 'The pod has completed successfully.' : 'The pod failed.';
  return { conditions: [{ type: 'Completed', status: 'True', reason: phase, message }] };
}
