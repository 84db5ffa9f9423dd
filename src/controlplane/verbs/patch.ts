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
import {
  at,
  canonical,
  isList,
  isObject,
  type Json,
  type JsonObject,
  objectAt,
  parseJson,
  textAt,
  withAt,
} from '../json.ts';
import { plainGo } from '../go-text.ts';
import { apiVersionOf, fromStored, keyOf, type Resource } from '../kinds/resource.ts';
import { applyConfiguration } from '../ownership/own.ts';
import { jsonPatch } from '../patch/json-patch.ts';
import { mergePatch } from '../patch/merge-patch.ts';
import { strategicMerge } from '../patch/strategic-merge.ts';
import type { Plane } from '../plane.ts';
import { jsonType, restoreError } from './check-types.ts';
import { asObject, parseApplied, parseBody, requireSameType, screen, typeErrorOf, typeMetaErrorOf } from './decode.ts';
import type { WriteOptions } from './options.ts';
import { scanJson } from './scan-json.ts';
import { typedError } from './typed.ts';
import { wrapIntegers } from './wrap-integers.ts';
import { create, type Place, type Proposal, requireUnconditional, update, writerOf } from './write.ts';

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
  const duplicates = contentType === JSON_PATCH ? [] : scanJson(body).duplicates;
  if (options.force) {
    const cause = forbiddenField('force', 'may not be specified for non-apply patch');
    throw invalid('PatchOptions', 'meta.k8s.io', '', [cause]);
  }
  const object = await update(plane, place, options, (current) => {
    const changed = restored(change(current), resource, contentType);
    // The server shows the result, of a strategic merge the patch.
    const shown = contentType === STRATEGIC ? plainGo(parseJson(body)) : JSON.stringify(changed);
    const refuse = (why: string): ApiError => invalid('', '', '', [invalidValue('patch', shown, why)]);
    const misfit = isObject(changed) ? misfitOf(changed, resource, contentType) : undefined;
    if (misfit !== undefined) throw refuse(misfit);
    if (textAt(changed, 'metadata', 'name') === '') throw nameless(place.name);
    if (isObject(changed)) requireSameType(changed, resource);
    if (textAt(changed, 'metadata', 'resourceVersion') === '') requireUnconditional(place);
    return { object: screen(asObject(changed, resource), resource, options, { duplicates, refuse }) };
  });
  return { object, created: false };
}

/** What a strategic merge makes is converted, and never text in between. */
const restored = (changed: Json, resource: Resource, contentType: string): Json =>
  contentType === STRATEGIC && isObject(changed) ? wrapIntegers(changed, resource.schema) : changed;

/** What a patch makes is read again. */
function misfitOf(changed: JsonObject, resource: Resource, contentType: string): string | undefined {
  return (
    typeMetaErrorOf(changed) ??
    (contentType === STRATEGIC ? restoreError(changed, resource.schema) : typeErrorOf(changed, resource))
  );
}

function changer(contentType: string, resource: Resource, body: string): (current: JsonObject) => Json {
  const custom = resource.typeName === undefined;
  const types = custom ? [JSON_PATCH, MERGE, APPLY] : [JSON_PATCH, MERGE, STRATEGIC, APPLY];
  if (contentType === STRATEGIC && custom) throw unsupportedMedia(types);
  if (!types.includes(contentType) && custom) throw unsupportedMedia(types);
  if (!types.includes(contentType)) throw new ApiError(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  const refuse = (why: string): ApiError =>
    badRequest(contentType === STRATEGIC ? why : `error decoding patch: ${why}`);
  const patch = parseBody(body, false, refuse);
  const mistyped = (wanted: string): ApiError =>
    refuse(`json: cannot unmarshal ${jsonType(patch)} into Go value of type ${wanted}`);
  switch (contentType) {
    case JSON_PATCH:
      if (!isList(patch)) throw mistyped('[]handlers.jsonPatchOp');
      return (current) => jsonPatch(current, patch);
    case STRATEGIC:
      return (current) => strategicMerge(current, patch, resource.schema);
    default:
      if (patch === null) throw badRequest('Invalid JSON Patch');
      if (!isObject(patch)) throw mistyped('map[string]interface {}');
      return (current) => mergePatch(current, patch);
  }
}

/** Server-side apply: creates the object if it does not exist. */
async function apply(plane: Plane, place: Place, body: string, options: WriteOptions): Promise<Patched> {
  const { resource, name, namespace } = place;
  requireManager(options);
  const exists = plane.store.get(resource.collection, keyOf(resource, namespace, name));
  if (!exists && place.subresource !== '') throw notFound(resource, name);
  const configuration = configurationOf(body, place);
  const writer = writerOf(plane, resource, place.subresource, options);
  const applied = (current: JsonObject | undefined): Proposal => {
    const { object, claim } = applyConfiguration(current, configuration, resource, writer, options.force);
    const whole = converted(object, configuration, resource);
    const given = textAt(configuration, 'metadata', 'name');
    if (given !== '' && given !== name)
      throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
    const finish = (owned: JsonObject): JsonObject => withLastApplied(owned, configuration, options.manager);
    return { object: whole, claim, finish };
  };
  if (!exists) {
    const { object, claim } = applied(undefined);
    if (textAt(configuration, 'metadata', 'name') === '') throw nameless(name);
    // Unlike POST it takes a version here, which nothing can have: so an object is made, and never changed.
    const unversioned = withAt(object, ['metadata', 'resourceVersion'], undefined);
    return { object: await create(plane, place, unversioned, options, claim), created: true };
  }
  const object = await update(plane, place, options, (current) => {
    refuseUntypedOwners(current, resource);
    const proposal = applied(current);
    // The name goes with the last of the metadata that this applier had.
    if (textAt(proposal.object, 'metadata', 'name') === '') throw nameless(name);
    return proposal;
  });
  return { object, created: false };
}

function requireManager(options: WriteOptions): void {
  if (options.named) return;
  throw invalid('PatchOptions', 'meta.k8s.io', '', [required('fieldManager', 'is required for apply patch')]);
}

/** What is applied, in the order of the server's own checks. @throws ApiError */
function configurationOf(body: string, { resource }: Place): JsonObject {
  const object = parseApplied(body);
  const [apiVersion, kind] = [textAt(object, 'apiVersion'), textAt(object, 'kind')];
  if (apiVersion !== apiVersionOf(resource) || kind !== resource.kind)
    throw badRequest(`invalid object type: ${qualified(apiVersion, kind)}`);
  if (at(object, 'metadata', 'managedFields') !== undefined) throw badRequest('metadata.managedFields must be nil');
  const why = typedError(object, resource.schema, 'distinct');
  if (why !== undefined) throw untyped(`failed to create typed patch object (${titleOf(object)}): ${why}`);
  return object;
}

const LAST_APPLIED = ['metadata', 'annotations', 'kubectl.kubernetes.io/last-applied-configuration'] as const;

/** What kubectl once applied itself it goes on comparing with: the server keeps that note up to date, and nobody's. */
function withLastApplied(object: JsonObject, configuration: JsonObject, manager: string): JsonObject {
  if (manager !== 'kubectl' || at(object, ...LAST_APPLIED) === undefined) return object;
  const note = withAt(configuration, LAST_APPLIED, undefined);
  const bare = Object.keys(objectAt(note, 'metadata', 'annotations')).length === 0;
  return withAt(
    object,
    LAST_APPLIED,
    `${canonical(bare ? withAt(note, ['metadata', 'annotations'], undefined) : note)}\n`,
  );
}

/** A built-in kind is a type of the server's own: what is merged must become one. @throws ApiError 500 */
function converted(object: JsonObject, configuration: JsonObject, resource: Resource): JsonObject {
  if (resource.typeName === undefined) return object;
  // What was there is of that type already.
  const why = restoreError(wrapIntegers(configuration, resource.schema), resource.schema);
  if (why === undefined) return wrapIntegers(object, resource.schema);
  const type = qualified(apiVersionOf(resource), resource.kind);
  throw untyped(
    `failed to convert new object (${titleOf(configuration)}) to proper version: unable to convert unstructured object to ${type}: ${why}`,
  );
}

/** What is stored may have items without keys: then nobody's fields can be told apart. @throws ApiError 500 */
function refuseUntypedOwners(current: JsonObject, resource: Resource): void {
  const why = typedError(current, resource.schema, 'alike');
  if (why === undefined) return;
  throw untyped(
    `failed to create manager for existing fields: failed to convert new object (${titleOf(current)}) to smd typed: ${why}`,
  );
}

const untyped = (message: string): ApiError => new ApiError(500, '', message);

/** An object as the server's errors name it. */
const titleOf = (object: JsonObject): string =>
  `${textAt(object, 'metadata', 'namespace')}/${textAt(object, 'metadata', 'name')}; ${qualified(textAt(object, 'apiVersion'), textAt(object, 'kind'))}`;

const qualified = (apiVersion: string, kind: string): string =>
  `${apiVersion.includes('/') ? apiVersion : `/${apiVersion}`}, Kind=${kind}`;

/** The stored object as this version serves it. @throws ApiError 404 */
export function read(plane: Plane, { resource, namespace, name }: Place): JsonObject {
  const stored = plane.store.get(resource.collection, keyOf(resource, namespace, name));
  if (!stored) throw notFound(resource, name);
  return fromStored(resource, stored);
}
