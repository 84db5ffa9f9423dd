import { ApiError, badRequest, forbiddenField, invalid, notFound, required, unsupportedMedia } from '../api-error.ts';
import { isObject, type Json, type JsonObject, textAt } from '../json.ts';
import { fromStored, keyOf, type Resource } from '../kinds/resource.ts';
import { withMeta } from '../meta.ts';
import { applyConfiguration } from '../ownership/own.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic-merge.ts';
import type { Plane } from '../plane.ts';
import { asObject, parseBody, screen } from './decode.ts';
import type { WriteOptions } from './options.ts';
import { create, type Place, update, writerOf } from './write.ts';

const APPLY = 'application/apply-patch+yaml';
const JSON_PATCH = 'application/json-patch+json';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

export interface Patched {
  readonly object: JsonObject;
  readonly created: boolean;
}

/** PATCH of one object or subresource, in any of the four languages. */
export async function patchObject(
  plane: Plane,
  place: Place,
  contentType: string,
  body: string,
  options: WriteOptions,
): Promise<Patched> {
  const { resource } = place;
  if (contentType === APPLY) return apply(plane, place, body, options);
  const change = changer(contentType, resource, body);
  if (options.force) {
    const cause = forbiddenField('force', 'may not be specified for non-apply patch');
    throw invalid('PatchOptions', 'meta.k8s.io', '', [cause]);
  }
  const object = await update(plane, place, options, (current) => ({
    object: screen(asObject(change(current), resource), resource, options),
  }));
  return { object, created: false };
}

function changer(contentType: string, resource: Resource, body: string): (current: JsonObject) => Json {
  const custom = resource.typeName === undefined;
  const types = custom ? [JSON_PATCH, MERGE, APPLY] : [JSON_PATCH, MERGE, STRATEGIC, APPLY];
  if (contentType === STRATEGIC && custom) throw unsupportedMedia(types);
  if (!types.includes(contentType)) throw new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  const patch = parseBody(body, false);
  switch (contentType) {
    case JSON_PATCH:
      return (current) => jsonPatch(current, patch);
    case STRATEGIC:
      return (current) => strategicMerge(current, patch, resource.schema);
    default:
      if (!isObject(patch)) throw badRequest('the patch must be an object');
      return (current) => mergePatch(current, patch);
  }
}

/** Server-side apply: creates the object if it does not exist. */
async function apply(plane: Plane, place: Place, body: string, options: WriteOptions): Promise<Patched> {
  const { resource, name, namespace } = place;
  const parsed = parseBody(body, true);
  requireManager(options);
  const configuration = configurationOf(parsed, place, options);
  const exists = plane.store.get(resource.collection, keyOf(resource, namespace, name));
  const writer = writerOf(plane, resource, place.subresource, options);
  if (!exists) {
    if (place.subresource !== '') throw notFound(resource, name);
    const { object, claim } = applyConfiguration(undefined, configuration, resource.schema, writer, options.force);
    return { object: await create(plane, place, object, options, claim), created: true };
  }
  const object = await update(plane, place, options, (current) =>
    applyConfiguration(current, withIdentity(configuration, current), resource.schema, writer, options.force),
  );
  return { object, created: false };
}

function requireManager(options: WriteOptions): void {
  if (options.named) return;
  throw invalid('PatchOptions', 'meta.k8s.io', '', [required('fieldManager', 'is required for apply patch')]);
}

function configurationOf(parsed: Json, place: Place, options: WriteOptions): JsonObject {
  const { resource, name } = place;
  if (isObject(parsed) && textAt(parsed, 'kind') === '')
    throw badRequest(`Object 'Kind' is missing in '${JSON.stringify(parsed)}'`);
  const object = screen(asObject(parsed, resource), resource, options);
  if (isObject(object.metadata) && object.metadata.managedFields !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const given = textAt(object, 'metadata', 'name');
  if (given !== '' && given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  return withMeta(object, 'name', name);
}

/** The live object as it is stored decides about identity; the configuration may still name a uid or a version. */
const withIdentity = (configuration: JsonObject, current: JsonObject): JsonObject =>
  textAt(configuration, 'metadata', 'namespace') === '' && textAt(current, 'metadata', 'namespace') !== ''
    ? withMeta(configuration, 'namespace', textAt(current, 'metadata', 'namespace'))
    : configuration;

/** The stored object as this version serves it. @throws ApiError 404 */
export function read(plane: Plane, { resource, namespace, name }: Place): JsonObject {
  const stored = plane.store.get(resource.collection, keyOf(resource, namespace, name));
  if (!stored) throw notFound(resource, name);
  return fromStored(resource, stored);
}
