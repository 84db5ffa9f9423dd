import {
  ApiError,
  badRequest,
  forbiddenField,
  invalid,
  invalidValue,
  nameless,
  notFound,
  required,
  unsupportedMedia,
} from '../api-error.ts';
import { isObject, type Json, type JsonObject, textAt } from '../json.ts';
import { apiVersionOf, fromStored, keyOf, type Resource } from '../kinds/resource.ts';
import { applyConfiguration } from '../ownership/own.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic-merge.ts';
import type { Plane } from '../plane.ts';
import { restoreError, typedError } from './check-types.ts';
import {
  asObject,
  parseBody,
  screen,
  screenKeepingEmpty,
  unknownFields,
  typeErrorOf,
  typeMetaError,
} from './decode.ts';
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
  const object = await update(plane, place, options, (current) => {
    const changed = change(current);
    refuseMisfit(changed, resource, contentType);
    if (textAt(changed, 'metadata', 'name') === '') throw nameless(place.name);
    return { object: screen(asObject(changed, resource), resource, options) };
  });
  return { object, created: false };
}

/** What a patch makes is read again. @throws ApiError 422 if it cannot be. */
function refuseMisfit(changed: Json, resource: Resource, contentType: string): void {
  if (!isObject(changed)) return;
  const why = misfitOf(changed, resource, contentType);
  if (why !== undefined) throw invalid('', '', '', [invalidValue('patch', JSON.stringify(changed), why)]);
}

function misfitOf(changed: JsonObject, resource: Resource, contentType: string): string | undefined {
  for (const field of ['kind', 'apiVersion']) {
    const given = changed[field] ?? '';
    if (typeof given !== 'string') return typeMetaError(field, given);
  }
  return contentType === STRATEGIC ? restoreError(changed, resource.schema) : typeErrorOf(changed, resource);
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
    if (textAt(parsed, 'metadata', 'name') === '') throw nameless(name);
    const { object, claim } = applyConfiguration(undefined, configuration, resource, writer, options.force);
    return { object: await create(plane, place, object, options, claim), created: true };
  }
  const object = await update(plane, place, options, (current) => {
    const applied = applyConfiguration(current, configuration, resource, writer, options.force);
    // The name goes with the last of the metadata that this applier had.
    if (textAt(applied.object, 'metadata', 'name') === '') throw nameless(name);
    return applied;
  });
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
  const whole = asObject(parsed, resource);
  if (resource.typeName !== undefined) refuseUntyped(whole, place);
  const object = screenKeepingEmpty(whole, resource, options);
  if (isObject(object.metadata) && object.metadata.managedFields !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const given = textAt(object, 'metadata', 'name');
  if (given !== '' && given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  }
  return object;
}

/** Of a built-in kind the server makes a typed value first, whatever validation the client asked for. @throws ApiError 500 */
function refuseUntyped(object: JsonObject, { resource, namespace, name }: Place): void {
  const [unknown] = unknownFields(object, resource);
  const why = unknown === undefined ? typedError(object, resource.schema) : `.${unknown}: field not declared in schema`;
  if (why === undefined) return;
  const version = resource.group === '' ? '/v1' : apiVersionOf(resource);
  const named = textAt(object, 'metadata', 'name') === '' ? '/' : `${namespace}/${name}`;
  const what = `(${named}; ${version}, Kind=${resource.kind})`;
  throw new ApiError(500, '', `failed to create typed patch object ${what}: ${why}`);
}

/** The stored object as this version serves it. @throws ApiError 404 */
export function read(plane: Plane, { resource, namespace, name }: Place): JsonObject {
  const stored = plane.store.get(resource.collection, keyOf(resource, namespace, name));
  if (!stored) throw notFound(resource, name);
  return fromStored(resource, stored);
}
